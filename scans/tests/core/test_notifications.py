"""Who is told of what: in the application and by mail, as each person has chosen."""

from uuid import uuid4

import pytest
from django.core import mail
from django.db import transaction
from django.urls import reverse

from accounts import outbox
from accounts.models import OutgoingMail
from accounts.tests.factories import PASSWORD, UserFactory
from scans.models import Analysis, Notification, Report, Study
from scans.models.notification import NotificationKind
from scans.services import notifications
from scans.services.analyses import execution
from scans.services.reading.assignment import assign_study
from scans.services.reading.double_reading import set_readers_required
from scans.services.reading.verdict_drafts import VerdictInput
from scans.services.reading.verdicts import sign_verdict
from scans.services.reports.drafting import amend_report, save_report, start_report
from scans.services.reports.signer import Signer
from scans.services.reports.signing import sign_report
from scans.services.studies.priority import set_priority
from scans.services.studies.receiving import receive_study
from scans.tests.core import pictures
from scans.tests.core.factories import (
    PatientFactory,
    ReleaseFactory,
    make_signed_report,
    make_study,
    make_verdict,
)
from scans.tests.core.isolation_table import signed_in

pytestmark = pytest.mark.django_db


@pytest.fixture
def study(user):
    patient = PatientFactory(created_by=user, family_name="Unmistakable")
    return make_study(user=UserFactory(clinic=user.clinic), patient=patient)


@pytest.fixture
def colleague(user):
    return UserFactory(radiologist=True, clinic=user.clinic)


def kinds(person) -> list[str]:
    return [row.kind for row in Notification.objects.of(person)]


def everything(person, *, app: bool, mail: bool) -> None:
    ways = {"app": app, "mail": mail}
    chosen = dict.fromkeys(NotificationKind.values, ways)
    notifications.choose_notifications(user=person, chosen=chosen)


def test_assigned_to_me(user, colleague, study):
    assign_study(user=user, study=study, assignee=colleague)
    assign_study(user=user, study=study, assignee=user)
    assert kinds(colleague) == ["assigned"]
    assert kinds(user) == []  # nobody is told of what they did themselves


def test_stat_arrived(user, colleague, study):
    other = UserFactory(radiologist=True)
    set_priority(user=user, study=study, priority="urgent")
    assert kinds(colleague) == []
    set_priority(user=user, study=study, priority="stat")
    assert kinds(colleague) == ["stat"]
    assert kinds(user) == kinds(other) == []


def test_a_stat_study_is_told_once_as_it_arrives_and_not_of_each_file(user, colleague, study):
    facts = {"patient": study.patient, "study_date": study.study_date, "upload_id": uuid4()}
    for number in range(3):
        files = [pictures.upload(f"{number}.png", pictures.png(seed=number))]
        receipt = receive_study(user=user, files=files, priority="stat", **facts)
        assert receipt.study.priority == "stat"
        notifications.mark_read(user=colleague)
    (told,) = Notification.objects.of(colleague)
    assert (told.kind, told.study) == ("stat", receipt.study)
    assert kinds(user) == []


def test_what_was_made_less_urgent_meanwhile_is_not_made_stat_by_the_next_file(user, study):
    facts = {"patient": study.patient, "study_date": study.study_date, "upload_id": uuid4()}
    for number in range(2):
        files = [pictures.upload(f"{number}.png", pictures.png(seed=number))]
        receipt = receive_study(user=user, files=files, priority="stat", **facts)
        set_priority(user=user, study=receipt.study, priority="urgent")
    assert Study.objects.get(pk=receipt.study.pk).priority == "urgent"
    assert kinds(user) == []


def test_double_reading_wanted(user, colleague, study):
    third = UserFactory(radiologist=True, clinic=user.clinic)
    set_readers_required(user=user, study=study, readers=2)
    assert kinds(colleague) == kinds(third) == ["double_reading"]

    notifications.mark_read(user=colleague)
    sign_verdict(user=user, study=study, verdict_input=VerdictInput(finding="tumor"))
    assert kinds(colleague) == ["double_reading", "double_reading"]
    assert kinds(user) == []
    assert kinds(third) == ["double_reading"]  # which is unread still
    sign_verdict(user=colleague, study=study, verdict_input=VerdictInput(finding="no_tumor"))
    assert kinds(third) == ["double_reading", "double_reading"]  # the adjudication: told anew
    assert [row.study for row in Notification.objects.of(third).unread()] == [study]
    sign_verdict(user=third, study=study, verdict_input=VerdictInput(finding="tumor"))
    assert not Notification.objects.unread().filter(kind="double_reading").exists()


def test_what_asked_for_a_verdict_is_read_once_it_is_signed(user, colleague, study):
    set_priority(user=user, study=study, priority="stat")
    assign_study(user=user, study=study, assignee=colleague)
    assert {row.kind for row in Notification.objects.of(colleague).unread()} == {"stat", "assigned"}
    sign_verdict(user=colleague, study=study, verdict_input=VerdictInput(finding="tumor"))
    assert not Notification.objects.of(colleague).unread().exists()


def _signed(user, study) -> Report:
    report = start_report(user=user, study=study)
    report = save_report(
        user=user, report=report, revision=report.revision, changes={"impression": "No tumor."}
    )
    signer = Signer(password=PASSWORD)
    return sign_report(user=user, report=report, revision=report.revision, signer=signer)


def test_who_uploaded_the_study_is_told_that_its_report_is_signed(user, colleague, study, settings):
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    uploader = study.received_by
    everything(uploader, app=True, mail=True)
    make_verdict(study=study, reader=user, finding="no_tumor")
    report = _signed(user, study)
    assert kinds(uploader) == ["report_signed"]
    assert kinds(user) == kinds(colleague) == []
    mailed = OutgoingMail.objects.get()
    assert report.get_absolute_url() in mailed.link
    assert "Unmistakable" not in mailed.subject + mailed.text
    client = signed_in(uploader)
    row = Notification.objects.get()
    assert client.post(reverse("notification-open", args=[row.pk])).url == report.get_absolute_url()
    assert client.get(report.get_absolute_url()).status_code == 200


def test_who_signs_the_report_of_their_own_upload_is_not_told(user):
    study = make_study(user=user)
    make_verdict(study=study, reader=user, finding="no_tumor")
    _signed(user, study)
    assert not Notification.objects.exists()


def test_a_report_was_amended(user, study):
    make_verdict(study=study, reader=user, finding="no_tumor")
    signed = make_signed_report(study=study, author=user)
    draft = amend_report(user=user, report=signed, reason="A word was missing")
    draft = save_report(
        user=user,
        report=draft,
        revision=draft.revision,
        changes={"impression": "No tumor is seen."},
    )
    signer = Signer(password=PASSWORD)
    sign_report(user=user, report=draft, revision=draft.revision, signer=signer)
    assert Report.objects.current().get().number == 2
    assert kinds(study.received_by) == ["report_amended"]
    assert kinds(user) == []  # nobody is told of what they did themselves


def test_an_analysis_failed(user, colleague, monkeypatch):
    ReleaseFactory()
    study = make_study(user=user, images=2)

    def broken(analysis):
        raise execution.PermanentError("The image cannot be read.")

    monkeypatch.setattr(execution, "_analyze", broken)
    for analysis in Analysis.objects.all():
        execution.run_analysis(analysis.pk)
    assert kinds(user) == ["analysis_failed"]  # once for the study, while it is unread
    assert kinds(colleague) == []
    assert Notification.objects.get().study == study


def test_mail_goes_out_from_rows_and_names_nobody(user, colleague, study):
    everything(colleague, app=True, mail=True)
    assign_study(user=user, study=study, assignee=colleague)

    assert mail.outbox == []
    outbox.send_waiting()
    (sent,) = mail.outbox
    assert sent.to == [colleague.email]
    assert study.get_absolute_url() in sent.body
    assert "Unmistakable" not in sent.subject + sent.body


def test_the_row_is_gone_with_the_event_that_was_undone(user, colleague, study):
    everything(colleague, app=True, mail=True)
    with transaction.atomic():
        assign_study(user=user, study=study, assignee=colleague)
        transaction.set_rollback(True)
    assert not Notification.objects.exists()
    assert not OutgoingMail.objects.exists()


@pytest.mark.parametrize(("app", "by_mail"), [(True, False), (False, True), (False, False)])
def test_each_person_chooses(user, colleague, study, app, by_mail):
    everything(colleague, app=app, mail=by_mail)
    assign_study(user=user, study=study, assignee=colleague)
    assert kinds(colleague) == (["assigned"] if app else [])
    assert OutgoingMail.objects.count() == by_mail


def test_the_choice_is_made_on_a_page(doctor, user):
    address = reverse("notification-settings")
    doctor.post(address, {"stat.mail": "1", "assigned.app": "1"})
    user.refresh_from_db()
    chosen = notifications.settings_of(user)
    assert chosen["stat"] == {"app": False, "mail": True}
    assert chosen["assigned"] == {"app": True, "mail": False}
    shown = doctor.get(address).content.decode()
    assert shown.count("checked") == 3  # and critical findings, which nobody switches off


def test_the_list_the_number_and_opening_one(doctor, user, colleague, study):
    assign_study(user=colleague, study=study, assignee=user)
    assert (
        '<span class="ns-bell-number">1</span>'
        in doctor.get(reverse("notification-count")).content.decode()
    )
    page = doctor.get(reverse("notifications")).content.decode()
    assert "A study was assigned to you." in page
    assert "Unmistakable" in page

    row = Notification.objects.get()
    opened = doctor.post(reverse("notification-open", args=[row.pk]))
    assert opened.url == study.get_absolute_url()
    assert "ns-bell-number" not in doctor.get(reverse("notification-count")).content.decode()


def test_nobody_opens_what_another_person_was_told(doctor, user, colleague, study):
    assign_study(user=user, study=study, assignee=colleague)
    row = Notification.objects.get()
    assert doctor.post(reverse("notification-open", args=[row.pk])).status_code == 404
    doctor.post(reverse("notifications-read"))
    row.refresh_from_db()
    assert row.read_at is None
