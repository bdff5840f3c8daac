"""Critical findings: sent to an account or an address, acknowledged by a link, or phoned."""

import re
from datetime import timedelta
from uuid import uuid4

import pytest
from django.core import mail
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from django.utils.html import escape, strip_tags

from accounts import outbox
from accounts.models import AuditEvent, Clinic
from accounts.tests.factories import UserFactory
from scans.models import CriticalFinding, Image, Notification, Study
from scans.models.notification import NotificationKind
from scans.services.notifications import notify
from scans.services.reading import critical_findings
from scans.tests.core.factories import PatientFactory, make_study
from scans.tests.core.fixtures import asking_as

pytestmark = pytest.mark.django_db
TEXT = "Mass in the left frontal lobe with midline shift."
TO_ADDRESS = {"text": TEXT, "address": "gp@practice.example", "name": "Dr. Greta Page"}


@pytest.fixture
def study(user):
    patient = PatientFactory(created_by=user, family_name="Unmistakable", mrn="MRN-SECRET")
    study = make_study(user=user, patient=patient)
    Study.objects.update(received_at=timezone.now() - timedelta(hours=3))
    return study


def send(client, study, **facts):
    return client.post(reverse("critical-finding-send", args=[study.pk]), facts, follow=True)


def phone(client, study, **facts):
    return client.post(reverse("critical-finding-phone", args=[study.pk]), facts, follow=True)


def link_in_mail() -> str:
    outbox.send_waiting()
    return re.search(r"https?://[^/\s]+(/critical/\S+)", mail.outbox[-1].body)[1]


def test_an_address_gets_a_link_and_acknowledges_without_an_account(doctor, user, study):
    send(doctor, study, **TO_ADDRESS)

    link = link_in_mail()
    assert mail.outbox[-1].to == ["gp@practice.example"]
    for secret in ("Unmistakable", "MRN-SECRET", "frontal"):
        assert secret not in mail.outbox[-1].body + mail.outbox[-1].subject
    outside = Client()
    page = outside.get(link)
    assert TEXT in page.content.decode()
    assert "Unmistakable" in page.content.decode()
    assert page["Referrer-Policy"] == "no-referrer"
    assert "no-store" in page["Cache-Control"]
    done = outside.post(link, {"name": "Dr. Greta Page"}, follow=True)
    assert "Acknowledged by Dr. Greta Page" in done.content.decode()

    finding = CriticalFinding.objects.get()
    assert finding.acknowledged_at is not None
    trail = AuditEvent.objects.filter(action__startswith="criticalfinding.").order_by("id")
    assert [event.action.partition(".")[2] for event in trail][:3] == [
        *("sent", "read", "acknowledged")
    ]
    assert {event.patient_id for event in trail} == {study.patient_id}
    assert {event.clinic for event in trail} == {study.clinic}
    shown = doctor.get(reverse("critical-findings", args=[study.pk])).content.decode()
    assert "Acknowledged by Dr. Greta Page" in shown
    assert Notification.objects.of(user).get().kind == "acknowledged"


def test_who_came_from_the_viewer_goes_back_to_its_image(doctor, study):
    image = Image.objects.get(series__study=study)
    viewer = reverse("viewer", args=[study.pk])
    back = f"?back=viewer&image={image.pk}"
    assert f"{reverse('critical-findings', args=[study.pk])}?back=viewer" in (
        doctor.get(viewer).content.decode()
    )
    page = doctor.get(reverse("critical-findings", args=[study.pk]) + back)
    assert f'href="{viewer}?image={image.pk}">Back to the viewer' in page.content.decode()
    for name in ("critical-finding-send", "critical-finding-phone"):
        address = reverse(name, args=[study.pk]) + back
        assert escape(address) in page.content.decode()
        refused = doctor.post(address, {})
        assert refused.status_code == 422
        assert escape(address) in refused.content.decode()
    sent = doctor.post(reverse("critical-finding-send", args=[study.pk]) + back, TO_ADDRESS)
    assert sent["Location"] == f"{viewer}?image={image.pk}"
    assert "The critical finding is on its way" in doctor.get(sent["Location"]).content.decode()
    # Nowhere else, and to no image that is none.
    other = reverse("critical-findings", args=[study.pk]) + "?back=viewer&image=//elsewhere"
    assert f'href="{viewer}">Back to the viewer' in doctor.get(other).content.decode()


def test_an_account_is_told_inside_and_by_mail(doctor, study):
    clinician = UserFactory(clinic=study.clinic, email="c@clinic.example")

    send(doctor, study, text=TEXT, recipient=str(clinician.pk))

    assert Notification.objects.of(clinician).get().kind == "critical_finding"
    link = link_in_mail()
    assert mail.outbox[-1].to == ["c@clinic.example"]
    theirs = Client()
    theirs.force_login(clinician)
    theirs.post(link, {"name": str(clinician)})
    assert CriticalFinding.objects.get().acknowledged_by == clinician


def inside(person) -> Client:
    client = Client()
    client.force_login(person)
    return client


def test_each_finding_is_told_while_the_one_before_is_unread(doctor, user, study):
    clinician = UserFactory(clinic=study.clinic, email="c@clinic.example")

    for text in ("First finding here.", "Second, worse finding."):
        send(doctor, study, text=text, recipient=str(clinician.pk))
    outbox.send_waiting()

    assert [one.to for one in mail.outbox] == [["c@clinic.example"]] * 2
    told = Notification.objects.of(clinician)
    assert {one.critical_finding.text for one in told} == {
        *("First finding here.", "Second, worse finding.")
    }
    for finding in CriticalFinding.objects.all():
        path = critical_findings.acknowledgment_path(finding)
        Client().post(path, {"name": "Dr. Page"})
    assert Notification.objects.of(user).count() == 2  # each acknowledgment is told of as well


def test_without_mail_it_is_read_and_acknowledged_inside_the_application(
    doctor, user, study, settings
):
    settings.EMAIL_BACKEND = "django.core.mail.backends.console.EmailBackend"
    clinician = UserFactory(clinic=study.clinic)
    send(doctor, study, text=TEXT, recipient=str(clinician.pk))

    theirs = inside(clinician)
    row = Notification.objects.of(clinician).get()
    opened = theirs.post(reverse("notification-open", args=[row.pk]), follow=True)
    assert TEXT in opened.content.decode()
    assert study.get_absolute_url() in opened.content.decode()
    theirs.post(opened.redirect_chain[-1][0], {"name": str(clinician)})

    assert CriticalFinding.objects.get().acknowledged_by == clinician
    row = Notification.objects.of(user).get()
    opened = doctor.post(reverse("notification-open", args=[row.pk]), follow=True)
    assert f"Acknowledged by {clinician}" in opened.content.decode()


def test_nobody_silences_a_critical_finding_inside_the_application(doctor, study):
    clinician = UserFactory(clinic=study.clinic)
    inside(clinician).post(reverse("notification-settings"), {})

    send(doctor, study, text=TEXT, recipient=str(clinician.pk))

    assert Notification.objects.of(clinician).get().kind == "critical_finding"
    outbox.send_waiting()
    assert mail.outbox == []  # that way they have switched off
    page = inside(clinician).get(reverse("notification-settings")).content.decode()
    assert page.count("disabled") == 1


def test_a_message_that_would_reach_nobody_is_refused(doctor, study, settings):
    settings.EMAIL_BACKEND = "django.core.mail.backends.console.EmailBackend"
    invited = UserFactory(clinic=study.clinic)
    invited.set_unusable_password()
    invited.save()

    response = send(doctor, study, text=TEXT, recipient=str(invited.pk))

    assert response.status_code == 422
    assert "This reaches nobody" in response.content.decode()
    assert not CriticalFinding.objects.exists()
    assert not Notification.objects.exists()


def test_it_is_not_sent_to_oneself(doctor, user, study):
    response = send(doctor, study, text=TEXT, recipient=str(user.pk))
    assert response.status_code == 422
    assert not CriticalFinding.objects.exists()


def test_a_second_press_sends_and_notes_once_and_another_text_is_another_finding(doctor, study):
    page = doctor.get(reverse("critical-findings", args=[study.pk]))
    key = str(page.context["key"])
    assert page.content.decode().count(f'name="key" value="{key}"') == 2
    now = timezone.localtime().strftime("%Y-%m-%dT%H:%M")

    for _ in range(2):
        send(doctor, study, **TO_ADDRESS, key=key)
        phone(doctor, study, text=TEXT, spoken_to="Dr. Page", at=now, key=key)
    assert sorted(CriticalFinding.objects.values_list("channel", flat=True)) == ["mail", "phone"]
    outbox.send_waiting()
    assert len(mail.outbox) == 1
    assert AuditEvent.objects.filter(action="criticalfinding.phoned").count() == 1

    send(doctor, study, **TO_ADDRESS | {"text": "Another finding."}, key=key)
    assert CriticalFinding.objects.count() == 3


def test_a_second_acknowledgment_changes_nothing(doctor, study):
    send(doctor, study, **TO_ADDRESS)
    link = link_in_mail()
    Client().post(link, {"name": "First"})
    Client().post(link, {"name": "Second"})
    assert CriticalFinding.objects.get().acknowledged_name == "First"
    assert AuditEvent.objects.filter(action="criticalfinding.acknowledged").count() == 1


def test_an_acknowledgment_needs_a_name(doctor, study):
    send(doctor, study, **TO_ADDRESS)
    response = Client().post(link_in_mail(), {"name": " "})
    assert response.status_code == 422
    assert "Enter your name." in response.content.decode()


@pytest.mark.parametrize("broken", ["x", "x:y:z"])
def test_a_link_that_is_not_whole_says_so(client, broken):
    response = client.get(reverse("critical-finding", args=[broken]))
    assert response.status_code == 404
    assert "This link does not work" in response.content.decode()


def test_a_phone_call_is_noted_with_whom_and_when(doctor, study):
    Clinic.objects.update(time_zone="Asia/Tokyo")
    at = timezone.now() - timedelta(minutes=30)
    local = (at + timedelta(hours=9)).strftime("%Y-%m-%dT%H:%M")

    phone(doctor, study, text=TEXT, spoken_to="Dr. Greta Page", at=local)

    noted = CriticalFinding.objects.get()
    assert noted.recipient_name == "Dr. Greta Page"
    assert noted.reported_at == at.replace(second=0, microsecond=0)
    event = AuditEvent.objects.get(action="criticalfinding.phoned")
    assert event.detail == {"study": str(study.pk), "channel": "phone"}


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"text": ""}, "Say what was found"),
        ({"address": ""}, "Choose a person of the clinic, or enter an email address"),
        ({"address": "nothing"}, "Enter a valid email address"),
        ({"name": ""}, "Enter the name of whom"),
    ],
)
def test_what_is_missing_is_said_and_what_was_typed_stays(doctor, study, wrong, sentence):
    response = send(doctor, study, **TO_ADDRESS | wrong)
    assert response.status_code == 422
    assert sentence in response.content.decode()
    if "text" not in wrong:
        assert TEXT in response.content.decode()
    assert not CriticalFinding.objects.exists()


@pytest.mark.parametrize("at", ["", "soon", "2999-01-01T10:00", "1999-01-01T10:00"])
def test_a_call_at_no_possible_time_is_refused(doctor, study, at):
    response = phone(doctor, study, text=TEXT, spoken_to="Dr. Page", at=at)
    assert response.status_code == 422
    assert not CriticalFinding.objects.exists()


def test_without_a_mail_server_an_address_is_refused_in_a_sentence(doctor, study, monkeypatch):
    monkeypatch.setattr(critical_findings, "has_mail_server", lambda: False)
    response = send(doctor, study, **TO_ADDRESS)
    assert "There is no mail server" in response.content.decode()


def test_nobody_of_another_clinic_is_a_recipient(doctor, study):
    stranger = UserFactory()
    response = send(doctor, study, text=TEXT, recipient=str(stranger.pk))
    assert response.status_code == 422
    assert not CriticalFinding.objects.exists()


def test_only_readers_report_them(client, study):
    client.force_login(UserFactory(clinic=study.clinic))
    assert client.get(reverse("critical-findings", args=[study.pk])).status_code == 403
    assert send(client, study, **TO_ADDRESS).status_code == 403


def test_what_was_reported_does_not_change(doctor, study):
    send(doctor, study, **TO_ADDRESS)
    with pytest.raises(IntegrityError, match="does not change"), transaction.atomic():
        CriticalFinding.objects.update(text="Nothing.")
    Client().post(link_in_mail(), {"name": "Dr. Page"})
    with pytest.raises(IntegrityError, match="does not change"), transaction.atomic():
        CriticalFinding.objects.update(acknowledged_at=None)


def chosen_on(page) -> str:
    """The option of the recipients that is selected, "" where it is the first one."""
    found = re.search(r'<option value="(\w*)"\s+selected>', page.content.decode())
    return found[1] if found else ""


@pytest.mark.parametrize(
    ("referring", "expected"),
    [
        ("Dr. Page, Greta", "named"),
        ("GRETA PAGE", "named"),
        ("Dr. Page", "uploader"),
        ("", "uploader"),
        ("Sam Twice", "uploader"),  # two accounts have that name: nobody is guessed
    ],
)
def test_who_referred_is_chosen_already_else_who_uploaded(doctor, study, referring, expected):
    clinic = study.clinic
    uploader = UserFactory(clinic=clinic)
    named = UserFactory(clinic=clinic, first_name="Greta", last_name="Page")
    UserFactory.create_batch(2, clinic=clinic, first_name="Sam", last_name="Twice")
    UserFactory(first_name="Greta", last_name="Page")  # of another clinic
    Study.objects.update(referring_physician=referring, received_by=uploader)
    page = doctor.get(reverse("critical-findings", args=[study.pk]))
    assert chosen_on(page) == str({"named": named, "uploader": uploader}[expected].pk)


@pytest.mark.parametrize(
    ("referring", "why"),
    [
        ("Dr. Greta Page", "the account with the name of the referring physician."),
        ("Dr. Unknown", "they uploaded the study; no account has the name"),
        ("Sam Twice", "they uploaded the study; more than one account has the name"),
        ("", "the study states no referring physician; they uploaded it."),
    ],
)
def test_the_page_names_who_referred_and_says_why_somebody_is_proposed(
    doctor, study, referring, why
):
    UserFactory(clinic=study.clinic, first_name="Greta", last_name="Page")
    UserFactory.create_batch(2, clinic=study.clinic, first_name="Sam", last_name="Twice")
    uploader = UserFactory(clinic=study.clinic)
    Study.objects.update(referring_physician=referring, received_by=uploader)
    page = strip_tags(doctor.get(reverse("critical-findings", args=[study.pk])).content.decode())
    assert f"Referring physician: {referring or 'not stated'}" in " ".join(page.split())
    assert f"is proposed: {why}" in page


def test_a_form_that_is_sent_twice_says_once_that_it_is_on_its_way(doctor, study):
    facts = TO_ADDRESS | {"key": str(uuid4())}
    address = reverse("critical-finding-send", args=[study.pk])
    doctor.post(address, facts)  # its answer is dropped by the browser
    page = doctor.post(address, facts, follow=True).content.decode()
    assert page.count("is on its way") == 1
    again = doctor.post(address, facts, follow=True).content.decode()
    assert again.count("is on its way") == 1  # it was shown since


def test_nobody_is_chosen_where_nobody_is_likely(doctor, study):
    UserFactory(clinic=study.clinic)
    page = doctor.get(reverse("critical-findings", args=[study.pk]))  # the reader uploaded it
    assert chosen_on(page) == ""
    assert "Choose a person of the clinic" in page.content.decode()


def test_without_a_mail_server_the_form_says_so_before_it_is_sent(doctor, study, settings):
    address = reverse("critical-findings", args=[study.pk])
    with_server = doctor.get(address).content.decode()
    assert 'name="address"' in with_server
    assert "no mail server" not in with_server
    settings.EMAIL_BACKEND = "django.core.mail.backends.dummy.EmailBackend"
    without = doctor.get(address).content.decode()
    assert re.search(r'<option value="mail"\s+disabled', without)
    assert "(no mail server is set up)" in without
    assert 'name="address"' not in without


def test_an_address_beside_a_person_is_refused_rather_than_dropped(doctor, study):
    clinician = UserFactory(clinic=study.clinic)
    response = send(doctor, study, **TO_ADDRESS, recipient=str(clinician.pk))
    assert response.status_code == 422
    assert "not to both" in response.content.decode()
    assert chosen_on(response) == str(clinician.pk)
    assert not CriticalFinding.objects.exists()


def test_it_stays_unread_and_first_until_it_is_acknowledged(doctor, study):
    clinician = UserFactory(clinic=study.clinic, radiologist=True)
    send(doctor, study, text=TEXT, recipient=str(clinician.pk))
    notify([clinician], NotificationKind.STAT, study)
    theirs = inside(clinician)
    row = Notification.objects.get(kind="critical_finding")
    awaits = "Awaits your acknowledgment"

    assert theirs.get(reverse("notifications")).content.decode().count("Mark all as read") == 1
    theirs.post(reverse("notifications-read"))
    theirs.post(reverse("notification-open", args=[row.pk]))
    api = asking_as(clinician)
    assert api.post("/api/v1/notifications/read/").json() == {"marked": 0}
    assert api.post(f"/api/v1/notifications/{row.pk}/read/").json()["read_at"] is None
    page = theirs.get(reverse("notifications"))
    assert [one.kind for one in page.context["notifications"]] == ["critical_finding", "stat"]
    assert awaits in page.content.decode()
    assert "Mark all as read" not in page.content.decode()  # nothing that it could mark
    bell = reverse("notification-count")
    assert '<span class="ns-bell-number">1</span>' in theirs.get(bell).content.decode()

    finding = CriticalFinding.objects.get()
    theirs.post(critical_findings.acknowledgment_path(finding), {"name": str(clinician)})
    assert "ns-bell-number" not in theirs.get(bell).content.decode()
    page = theirs.get(reverse("notifications"))
    assert [one.kind for one in page.context["notifications"]] == ["stat", "critical_finding"]
    assert awaits not in page.content.decode()
