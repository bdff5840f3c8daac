"""What became of a critical finding: delivered or not, of whom, and who may read it."""

import smtplib
from datetime import timedelta

import pytest
from django.core import mail
from django.core.exceptions import ValidationError
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from django.utils.html import strip_tags

from accounts import outbox
from accounts.models import Clinic, OutgoingMail
from accounts.tests.factories import UserFactory
from scans.models import CriticalFinding, Notification
from scans.services.reading.assignment import assign_study
from scans.services.reading.contradictions import ContradictionError, Despite
from scans.services.reading.critical_finding_status import readable_critical_findings
from scans.services.reading.critical_findings import (
    acknowledge,
    acknowledgment_path,
    send_critical_finding,
)
from scans.services.reading.double_reading import set_readers_required
from scans.services.reading.verdict_drafts import VerdictInput
from scans.services.reading.verdicts import begin_amendment, sign_verdict
from scans.services.studies.moving import move_study
from scans.services.studies.undoing import undo_change
from scans.tests.core.factories import PatientFactory, archived, make_study, make_verdict
from scans.tests.core.fixtures import asking_as
from scans.tests.core.isolation_table import text_of

pytestmark = pytest.mark.django_db
TEXT = "Mass in the left frontal lobe with midline shift."
ADDRESS = {"address": "gp@practice.example", "name": "Dr. Page"}


@pytest.fixture
def study(user):
    return make_study(user=user)


def page_of(study, person):
    client = Client()
    client.force_login(person)
    return text_of(client.get(reverse("critical-findings", args=[study.pk])))


def refuse(*args, **kwargs):
    raise smtplib.SMTPRecipientsRefused({})


# --- Delivered ------------------------------------------------------------------------------------


@pytest.mark.parametrize("to", ["address", "account"])
def test_a_mail_that_was_refused_is_said_where_somebody_waits_for_it(user, study, monkeypatch, to):
    clinician = UserFactory(clinic=study.clinic, email="c@clinic.example")
    whom = ADDRESS if to == "address" else {"recipient": clinician}
    send_critical_finding(user=user, study=study, text=TEXT, **whom)
    assert "Not acknowledged yet" in page_of(study, user)

    monkeypatch.setattr(outbox, "send_mail", refuse)
    outbox.send_waiting()

    assert "the mail could not be delivered" in page_of(study, user)
    administrator = UserFactory(clinic=study.clinic, role="administrator")
    client = Client()
    client.force_login(administrator)
    overview = text_of(client.get(reverse("clinic-overview")))
    assert "The mail could not be delivered." in overview
    assert "1 mail of the last 7 days could not be delivered" in " ".join(overview.split())
    stranger = Client()
    stranger.force_login(UserFactory(role="administrator"))
    assert "could not be delivered" not in text_of(stranger.get(reverse("clinic-overview")))

    acknowledge(user=clinician, finding=CriticalFinding.objects.get(), name="C. Linician")
    assert "could not be delivered" not in page_of(study, user)


def test_a_mail_that_nobody_needs_is_no_failure(study):
    person = UserFactory(clinic=study.clinic)
    sent = outbox.write_mail(
        person=person, subject="x", text="Set it: {password_link}", holds_password_link=True
    )
    outbox.send_waiting()
    sent.refresh_from_db()
    assert sent.given_up_at is not None
    assert not OutgoingMail.objects.failed().exists()


@pytest.mark.parametrize("fails", [False, True])
def test_the_link_is_kept_no_longer_than_until_the_mail_is_sent(user, study, monkeypatch, fails):
    recipient = UserFactory(clinic=study.clinic, email="c@clinic.example")
    send_critical_finding(user=user, study=study, text=TEXT, **ADDRESS)
    send_critical_finding(user=user, study=study, text=TEXT, recipient=recipient)
    for row in OutgoingMail.objects.all():
        assert "/critical/" not in row.text
        assert "/critical/" in row.link
    if fails:
        monkeypatch.setattr(outbox, "send_mail", refuse)
    outbox.send_waiting()
    assert all("/critical/" in sent.body for sent in mail.outbox)
    assert len(mail.outbox) == (0 if fails else 2)
    for row in OutgoingMail.objects.all():
        assert "/critical/" not in row.text + row.link


def test_an_address_that_is_too_long_and_a_name_that_is_long_are_no_fault(user, study):
    with pytest.raises(ValidationError) as refused:
        send_critical_finding(
            user=user, study=study, text=TEXT, address="a" * 290 + "@x.example", name="Dr. Page"
        )
    assert set(refused.value.message_dict) == {"address"}
    person = UserFactory(clinic=study.clinic, first_name="A" * 150, last_name="B" * 150)
    sent = send_critical_finding(user=user, study=study, text=TEXT, recipient=person)
    sent.refresh_from_db()
    assert sent.recipient_name == str(person)
    longest = CriticalFinding._meta.get_field("recipient_name").max_length
    assert len(sent.recipient_name) <= longest  # SQLite keeps what PostgreSQL refuses
    acknowledge(user=person, finding=sent, name="D" * 200)


def test_each_of_two_acknowledgments_of_one_study_is_told(user, study):
    for _ in range(2):
        person = UserFactory(clinic=study.clinic)
        sent = send_critical_finding(user=user, study=study, text=TEXT, recipient=person)
        acknowledge(user=person, finding=sent, name=str(person))
    assert Notification.objects.of(user).filter(kind="acknowledged").count() == 2


# --- Of whom --------------------------------------------------------------------------------------


def test_after_a_move_the_link_names_who_was_told_and_says_the_move(user):
    wrong = PatientFactory(created_by=user, family_name="Wrongname")
    right = PatientFactory(created_by=user, family_name="Rightname")
    study = make_study(patient=wrong, user=user)
    sent = send_critical_finding(
        user=user, study=study, text=TEXT, recipient=UserFactory(clinic=study.clinic)
    )
    link = acknowledgment_path(sent)
    Client().post(link, {"name": "Dr. Page"})
    change = move_study(user=user, study=study, patient=right, reason="Wrong patient")

    page = text_of(Client().get(link))
    assert "Wrongname" in page
    assert "Rightname" not in page
    assert "was moved since" in page
    assert "Sent as of Wrongname" in page_of(study, user)
    undo_change(user=user, change=change)
    assert "was moved since" not in text_of(Client().get(link))


def test_of_a_finding_that_kept_nobody_the_first_move_says_who_was_told(user):
    """As findings of an earlier version are."""
    wrong = PatientFactory(created_by=user, family_name="Wrongname")
    study = make_study(patient=wrong, user=user)
    CriticalFinding.objects.create(
        clinic=study.clinic,
        study=study,
        reported_by=user,
        reported_at=timezone.now(),
        channel="mail",
        text=TEXT,
        recipient_name="Dr. Page",
        address="gp@practice.example",
    )
    move_study(user=user, study=study, patient=PatientFactory(created_by=user), reason="Wrong one")
    assert "Sent as of Wrongname" in page_of(study, user)


# --- What the verdict is since --------------------------------------------------------------------


def since_of(study, person, finding):
    """Where it is said, as one text each: the page of the link, and that of the reader."""
    link = text_of(Client().get(acknowledgment_path(finding)))
    pages = (link, page_of(study, person))
    return tuple(" ".join(strip_tags(page).split()) for page in pages)


def amend(user, study, finding):
    begin_amendment(user=user, study=study)
    entered = VerdictInput(finding=finding, amendment_reason="Seen again.")
    with pytest.raises(ContradictionError) as asked:  # what was told says that there is one
        sign_verdict(user=user, study=study, verdict_input=entered)
    despite = Despite(asked.value.contradictions, note="It was another patient's image.")
    return sign_verdict(user=user, study=study, verdict_input=entered, despite=despite)


def test_a_verdict_that_was_signed_or_amended_since_is_said_beside_what_was_told(user, study):
    clinician = UserFactory(clinic=study.clinic)
    early = send_critical_finding(user=user, study=study, text=TEXT, recipient=clinician)
    for page in since_of(study, user, early):
        assert "verdict on this study" not in page

    make_verdict(study=study, reader=user)
    for page in since_of(study, user, early):
        assert "was signed after this was told. It is now Tumor" in page
    late = send_critical_finding(user=user, study=study, text="Another one.", recipient=clinician)
    assert "verdict on this study" not in since_of(study, user, late)[0]

    amend(user, study, "no_tumor")
    for page in since_of(study, user, late):
        assert "was amended after this was told. It is now No tumor" in page
    (newest, _) = asking_as(user).get(f"/api/v1/studies/{study.pk}/critical-findings/").json()
    assert newest["verdict_since_finding"] == "no_tumor"
    assert newest["verdict_since_at"] is not None


def test_of_two_readers_nothing_is_said_before_both_signed_then_whether_they_disagree(user, study):
    set_readers_required(user=user, study=study, readers=2)
    sent = send_critical_finding(
        user=user, study=study, text=TEXT, recipient=UserFactory(clinic=study.clinic)
    )
    make_verdict(study=study, reader=UserFactory(radiologist=True, clinic=study.clinic))
    for page in since_of(study, user, sent):
        assert "was signed after" not in page
        assert "disagree" not in page

    make_verdict(study=study, reader=user, finding="no_tumor")
    for page in since_of(study, user, sent):
        assert "Two readers disagree about this study since this was told" in page
    third = UserFactory(radiologist=True, clinic=study.clinic)
    make_verdict(study=study, reader=third, finding="no_tumor")
    for page in since_of(study, user, sent):
        assert "a third one decided after this was told. It is now No tumor" in page


def test_where_the_second_reader_agrees_the_study_is_decided_as_they_sign(user, study):
    set_readers_required(user=user, study=study, readers=2)
    make_verdict(study=study, reader=UserFactory(radiologist=True, clinic=study.clinic))
    sent = send_critical_finding(
        user=user, study=study, text=TEXT, recipient=UserFactory(clinic=study.clinic)
    )
    make_verdict(study=study, reader=user)
    for page in since_of(study, user, sent):
        assert "was signed after this was told. It is now Tumor" in page


def test_where_the_study_is_met_first_it_is_said_what_was_decided_and_where_to_acknowledge(
    user, study
):
    clinician = UserFactory(clinic=study.clinic)
    sent = send_critical_finding(user=user, study=study, text=TEXT, recipient=clinician)
    for page in at_the_study(study, clinician):
        assert "after this was told" not in page
        assert "Acknowledge this finding" in page
    set_readers_required(user=user, study=study, readers=2)
    colleague, third = (UserFactory(radiologist=True, clinic=study.clinic) for _ in range(2))
    make_verdict(study=study, reader=user, finding="no_tumor")
    for page in at_the_study(study, clinician):
        assert "after this was told" not in page
    make_verdict(study=study, reader=colleague)
    make_verdict(study=study, reader=third, finding="no_tumor")
    for person in (user, clinician):
        for page in at_the_study(study, person):
            words = " ".join(page.split())
            assert "a third one decided after this was told. It is now No tumor" in words
            assert ("Acknowledge this finding" in page) is (person == clinician)
    acknowledge(user=clinician, finding=sent)
    for page in at_the_study(study, clinician):
        assert "Acknowledge this finding" not in page


def test_under_the_name_of_a_wrong_patient_the_link_says_no_verdict(user, study):
    sent = send_critical_finding(
        user=user, study=study, text=TEXT, recipient=UserFactory(clinic=study.clinic)
    )
    make_verdict(study=study, reader=user)
    move_study(user=user, study=study, patient=PatientFactory(created_by=user), reason="Wrong one")
    link, page = since_of(study, user, sent)
    assert "verdict on this study" not in link
    assert "verdict on this study was signed after" in page


# --- Who may read it ------------------------------------------------------------------------------


def test_a_second_reader_reads_blind_of_what_the_first_one_told(user, study):
    set_readers_required(user=user, study=study, readers=2)
    clinician = UserFactory(clinic=study.clinic)
    second = UserFactory(radiologist=True, clinic=study.clinic)
    send_critical_finding(user=user, study=study, text=TEXT, recipient=clinician)
    send_critical_finding(user=second, study=study, text="Shift of 8 mm.", recipient=clinician)

    assert TEXT in page_of(study, user)
    theirs = page_of(study, second)
    assert TEXT not in theirs
    assert "Shift of 8 mm." in theirs
    assert readable_critical_findings(user=clinician, study=study).count() == 2  # told both
    make_verdict(study=study, reader=user)
    make_verdict(study=study, reader=second)
    assert TEXT in page_of(study, second)


def test_who_reads_first_does_not_read_what_a_colleague_told(user, study):
    send_critical_finding(
        user=user, study=study, text=TEXT, recipient=UserFactory(clinic=study.clinic)
    )
    Clinic.objects.update(read_first=True)
    assert TEXT not in page_of(study, UserFactory(radiologist=True, clinic=study.clinic))
    assert TEXT in page_of(study, user)


def test_the_list_of_notifications_names_no_archived_patient_but_where_somebody_waits(user, study):
    reader = UserFactory(radiologist=True, clinic=study.clinic)
    assign_study(user=user, study=study, assignee=reader)
    send_critical_finding(user=user, study=study, text=TEXT, recipient=reader)
    assert Notification.objects.of(reader).count() == 2
    archived(study.patient)
    assert Notification.objects.of(reader).get().kind == "critical_finding"


def test_a_mail_is_forgotten_after_ninety_days_as_before(user, study):
    send_critical_finding(user=user, study=study, text=TEXT, **ADDRESS)
    outbox.send_waiting()
    OutgoingMail.objects.update(created_at=timezone.now() - timedelta(days=91))
    outbox.delete_old()
    assert not OutgoingMail.objects.exists()


# --- Who acknowledged it, and where that stands ---------------------------------------------------


def told(user, study, **whom):
    return send_critical_finding(user=user, study=study, text=TEXT, **whom or ADDRESS)


def at_the_study(study, person):
    """The pages on which the study is met first."""
    client = Client()
    client.force_login(person)
    pages = (study.get_absolute_url(), reverse("patient", args=[study.patient_id]))
    return [strip_tags(text_of(client.get(page))) for page in pages]


def test_of_who_is_signed_in_the_account_is_recorded_whatever_is_typed(user, study):
    clinician = UserFactory(clinic=study.clinic, first_name="Greta", last_name="Page")
    finding = told(user, study, recipient=clinician)
    theirs = Client()
    theirs.force_login(clinician)
    page = theirs.get(acknowledgment_path(finding)).content.decode()
    assert 'value="Greta Page"' in page
    assert "readonly" in page
    theirs.post(acknowledgment_path(finding), {"name": "Dr Nobody"})
    finding.refresh_from_db()
    assert (finding.acknowledged_by, finding.acknowledged_name) == (clinician, "Greta Page")
    for text in [page_of(study, user), *at_the_study(study, user)]:
        assert "Acknowledged by Greta Page," in text
        assert "name as typed" not in text


def test_of_who_is_not_signed_in_it_is_said_that_the_name_is_as_typed(user, study):
    finding = told(user, study)
    page = Client().get(acknowledgment_path(finding)).content.decode()
    assert "readonly" not in page
    Client().post(acknowledgment_path(finding), {"name": "Dr Nobody"})
    link = strip_tags(text_of(Client().get(acknowledgment_path(finding))))
    for text in [link, page_of(study, user), *at_the_study(study, user)]:
        assert "Acknowledged by Dr Nobody (name as typed)" in " ".join(text.split())
    (listed,) = asking_as(user).get(f"/api/v1/studies/{study.pk}/critical-findings/").json()
    assert (listed["acknowledged_name"], listed["is_name_as_typed"]) == ("Dr Nobody", True)


def test_the_study_and_the_case_history_show_what_was_told(user, study):
    for text in at_the_study(study, user):
        assert "Critical finding:" not in text
    told(user, study)
    for person in (user, UserFactory(clinic=study.clinic, clinician=True)):
        for text in at_the_study(study, person):
            assert f"Critical finding: {TEXT}" in " ".join(text.split())
            assert "Sent to Dr. Page," in " ".join(text.split())
            assert "Not acknowledged yet." in text


def test_they_show_nothing_of_a_colleague_while_two_read_blind(user, study):
    set_readers_required(user=user, study=study, readers=2)
    told(user, study)
    colleague = UserFactory(clinic=study.clinic, radiologist=True)
    assert all(TEXT in text for text in at_the_study(study, user))
    assert not any(TEXT in text for text in at_the_study(study, colleague))
