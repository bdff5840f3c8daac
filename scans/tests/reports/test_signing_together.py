"""Verdict and report are signed in one act; an amended verdict starts the report's amendment."""

import time
from datetime import timedelta

import pytest
from django.contrib.sessions.backends.db import SessionStore
from django.db import IntegrityError, transaction
from django.urls import reverse
from django.utils import timezone

from accounts.models import AuditEvent, Clinic, User
from accounts.tests.factories import PASSWORD, UserFactory
from scans.errors import StateConflictError
from scans.models import Report, Study, Verdict
from scans.services.reading.double_reading import set_readers_required
from scans.services.reading.verdict_drafts import VerdictInput
from scans.services.reading.verdicts import begin_amendment
from scans.services.reports import signing
from scans.services.reports.drafting import start_report
from scans.services.reports.signer import Signer
from scans.services.reports.verdict_signing import sign_verdict
from scans.tests.core.factories import (
    complete,
    make_analysis,
    make_signed_report,
    make_study,
    make_verdict,
)
from scans.tests.core.fixtures import asking_as
from scans.tests.core.isolation_table import signed_in, text_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def study(user):
    return make_study(user=user)


def sent(report, **more):
    figures = [figure.get("annotation") for figure in report.figures]
    texts = report.texts | {"impression": "A tumor."}
    return {"revision": report.revision, "figures": figures, **texts} | more


def sign(client, report, **more):
    report.refresh_from_db()
    return client.post(reverse("report-sign", args=[report.pk]), sent(report, **more))


# --- One act --------------------------------------------------------------------------------------


def test_one_act_signs_the_verdict_and_the_report_at_one_moment(doctor, user, study):
    analysis = complete(study.series.get().images.get().analyses.get())
    doctor.post(
        reverse("study-verdict-save", args=[study.pk]),
        {"comment": "Left.", f"decision-{analysis.pk}": "accept"},
    )
    report = start_report(user=user, study=study)
    page = text_of(doctor.get(reverse("report-edit", args=[report.pk])))
    assert "My finding for the study" in page
    assert "It assesses 1 AI result." in page
    assert "Sign verdict and report" in page
    assert sign(doctor, report, finding="tumor", password=PASSWORD).status_code == 302
    report.refresh_from_db()
    verdict = Verdict.objects.get()
    assert (verdict.status, verdict.finding, verdict.comment) == ("final", "tumor", "Left.")
    assert verdict.assessments.count() == 1
    assert report.status == "final"
    assert report.signed_at == verdict.signed_at
    assert report.verdict_amended_at is None
    assert Study.objects.get().read_stage == "read"
    actions = set(AuditEvent.objects.values_list("action", flat=True))
    assert {"verdict.signed", "report.signed"} <= actions


def test_without_a_finding_nothing_is_signed_and_the_button_says_so(doctor, user, study):
    report = start_report(user=user, study=study)
    refused = sign(doctor, report, password=PASSWORD)
    assert refused.status_code == 409
    page = refused.content.decode()
    at = page.index("Choose your finding: tumor, no tumor or unsure.")
    assert page.index("Your password is not asked again") < at
    assert at < page.index("Sign verdict and report")
    assert not Verdict.objects.signed().exists()
    assert Report.objects.get().status == "preliminary"


def test_a_wrong_password_signs_neither(doctor, user, study):
    report = start_report(user=user, study=study)
    refused = sign(doctor, report, finding="tumor", password="wrong")
    assert refused.status_code == 409
    assert 'id="password"' in refused.content.decode()
    assert not Verdict.objects.signed().exists()
    assert not Report.objects.signed().exists()


def test_a_clinic_that_asks_each_time_asks_in_the_second_act_as_well(doctor, user, study):
    Clinic.objects.update(signing_minutes=0)
    report = start_report(user=user, study=study)
    refused = sign(doctor, report, password=PASSWORD)
    assert 'id="password"' in refused.content.decode()
    assert sign(doctor, report, finding="tumor").status_code == 409
    assert sign(doctor, report, finding="tumor", password=PASSWORD).status_code == 302


@pytest.mark.parametrize("is_own", [True, False])
def test_a_page_that_is_older_than_the_verdict_signs_no_report_with_another_finding(
    doctor, user, study, is_own
):
    report = start_report(user=user, study=study)
    reader = user if is_own else UserFactory(clinic=user.clinic, radiologist=True)
    make_verdict(study=study, reader=reader, finding="unsure")
    said = {"impression": "Not certain."}
    refused = sign(doctor, report, finding="tumor", password=PASSWORD, **said)
    assert refused.status_code == 409
    whose = "Your verdict" if is_own else f"The verdict of {reader}"
    page = refused.content.decode()
    assert f"Nothing is signed: {whose} was signed meanwhile, with the finding “unsure”" in page
    assert 'name="finding"' not in page
    assert Report.objects.get().status == "preliminary"
    assert sign(doctor, report, **said).status_code == 302  # as the page is drawn now
    assert Verdict.objects.get().finding == "unsure"


def test_a_password_that_somebody_else_could_know_signs_nothing_at_any_door(doctor, user, study):
    report = start_report(user=user, study=study)
    User.objects.filter(pk=user.pk).update(password_is_provisional=True)

    page = sign(doctor, report, finding="tumor", password=PASSWORD)
    verdict = doctor.post(
        reverse("study-verdict-sign", args=[study.pk]),
        {"finding": "tumor"},
        headers={"HX-Request": "true"},
    )
    api = asking_as(user).post(f"/api/v1/studies/{study.pk}/verdicts/sign/", {"finding": "tumor"})

    for refused in (page, verdict, api):
        assert refused.status_code in (400, 409)
        assert "Choose a password of your own before you sign" in refused.content.decode()
    assert not Verdict.objects.signed().exists()
    assert not Report.objects.signed().exists()


def test_what_the_report_lacks_leaves_the_verdict_open(doctor, user, study):
    report = start_report(user=user, study=study)
    refused = sign(doctor, report, finding="tumor", password=PASSWORD, impression="")
    assert refused.status_code == 409
    assert not Verdict.objects.signed().exists()


def test_the_verdict_may_be_signed_first_also_by_a_colleague(doctor, user, study):
    other = UserFactory(radiologist=True, clinic=user.clinic)
    make_verdict(study=study, reader=other)
    report = start_report(user=user, study=study)
    page = text_of(doctor.get(reverse("report-edit", args=[report.pk])))
    assert "Deciding verdict: Tumor" in " ".join(page.replace("<strong>", "").split()).replace(
        "</strong>", ""
    )
    assert "Sign verdict and report" not in page
    assert sign(doctor, report, password=PASSWORD).status_code == 302
    assert Verdict.objects.count() == 1


def test_where_two_readers_disagree_no_report_is_signed_before_the_third(doctor, user, study):
    Study.objects.update(readers_required=2)
    study.refresh_from_db()
    make_verdict(study=study, reader=user, finding="tumor")
    other = UserFactory(radiologist=True, clinic=user.clinic)
    make_verdict(study=study, reader=other, finding="no_tumor")
    study.refresh_from_db()
    report = start_report(user=user, study=study)
    refused = sign(doctor, report, password=PASSWORD)
    assert refused.status_code == 409
    assert "once a third reader has decided" in refused.content.decode()
    third = UserFactory(radiologist=True, clinic=user.clinic)
    signed = sign(signed_in(third), report, password=PASSWORD, finding="tumor")
    assert signed.status_code == 302
    assert Verdict.objects.deciding().get().read_as == "adjudication"


def test_the_database_refuses_a_signed_report_without_a_verdict(user, study):
    report = start_report(user=user, study=study)
    signed = Report.objects.filter(pk=report.pk)
    complete_row = {
        "status": "final",
        "signed_at": timezone.now(),
        "signed_name": "x",
        "signed_meaning": "x",
        "code": "TEST-TEST-TEST",
        "pdf": "x.pdf",
        "pdf_sha256": "0" * 64,
        "impression": "x",
    }
    with pytest.raises(IntegrityError, match="without a signed verdict"), transaction.atomic():
        signed.update(**complete_row)
    make_verdict(study=study, reader=user)
    assert signed.update(**complete_row) == 1


def test_the_api_signs_both_in_one_request(user, study):
    report = start_report(user=user, study=study)
    api = asking_as(user)
    address = reverse("api:report-detail", args=[report.pk])
    api.patch(address, {"revision": 0, "impression": "A tumor."}, format="json")
    body = {"revision": 1, "password": PASSWORD}
    refused = api.post(f"{address}sign/", body, format="json")
    assert refused.status_code == 400
    assert refused.json()["errors"]["finding"]
    signed = api.post(f"{address}sign/", body | {"verdict": {"finding": "tumor"}}, format="json")
    assert signed.status_code == 200, signed.content
    assert signed.json()["verdict_amended_at"] is None
    assert Verdict.objects.get().status == "final"


# --- The password ---------------------------------------------------------------------------------


def gave_password(client, *, minutes):
    session = SessionStore(client.session.session_key)
    user = int(session["_auth_user_id"])
    session["password_given_to_sign"] = {"user": user, "at": time.time() - minutes * 60}
    session.save()


def test_a_password_given_within_the_clinics_minutes_is_not_asked_again(doctor, user, study):
    report = start_report(user=user, study=study)
    editor = reverse("report-edit", args=[report.pk])
    assert 'name="password"' in text_of(doctor.get(editor))
    gave_password(doctor, minutes=14)
    page = text_of(doctor.get(editor))
    assert 'name="password"' not in page
    assert "Your password is not asked again" in page
    assert sign(doctor, report, finding="tumor").status_code == 302


def test_an_older_one_is_asked_and_nothing_typed_is_lost(doctor, user, study):
    report = start_report(user=user, study=study)
    gave_password(doctor, minutes=16)
    refused = sign(doctor, report, finding="tumor")
    assert refused.status_code == 409
    page = refused.content.decode()
    assert "the last time was 16 minutes ago, and this clinic asks again after 15." in page
    assert 'name="password"' in page
    assert "A tumor." in page
    assert not Verdict.objects.signed().exists()
    assert sign(doctor, report, finding="tumor", password=PASSWORD).status_code == 302


def test_a_clinic_may_ask_at_every_signature(doctor, user, study):
    user.clinic.signing_minutes = 0
    user.clinic.save()
    report = start_report(user=user, study=study)
    gave_password(doctor, minutes=0)
    assert sign(doctor, report, finding="tumor").status_code == 409
    assert sign(doctor, report, finding="tumor", password=PASSWORD).status_code == 302


def test_a_password_given_to_sign_counts_for_the_next_report(doctor, user, study):
    sign(doctor, start_report(user=user, study=study), finding="tumor", password=PASSWORD)
    second = make_study(user=user)
    report = start_report(user=user, study=second)
    assert sign(doctor, report, finding="tumor").status_code == 302


# --- The verdict is amended after the report ------------------------------------------------------


@pytest.fixture
def reported(user, study):
    make_verdict(study=study, reader=user)
    return make_signed_report(
        study=study, author=user, impression="Findings suspicious for an intracranial tumor."
    )


def amend_verdict(user, study, finding="no_tumor"):
    begin_amendment(user=user, study=study)
    amended = VerdictInput(finding=finding, amendment_reason="Seen again.")
    return sign_verdict(user=user, study=study, verdict_input=amended)


AFTER = "amended after"


def test_an_amended_verdict_starts_the_amendment_of_the_report(htmx, user, study, reported):
    htmx.post(reverse("study-verdict-amend", args=[study.pk]))
    data = {"finding": "no_tumor", "amendment_reason": "Seen again."}
    assert htmx.post(reverse("study-verdict-sign", args=[study.pk]), data).status_code == 200
    amendment = Report.objects.get(status="preliminary")
    assert amendment.supersedes == reported
    assert amendment.amendment_reason == "The verdict was amended: Seen again."
    # What it had of the verdict word for word follows it.
    assert amendment.impression == "No evidence of an intracranial tumor on the images provided."
    assert AuditEvent.objects.filter(action="report.amendment_begun").exists()


def test_the_api_starts_it_too(user, study, reported):
    api = asking_as(user)
    api.post(reverse("api:study-verdict-amend", args=[study.pk]), {}, format="json")
    data = {"finding": "unsure", "amendment_reason": "Seen again."}
    api.post(reverse("api:study-verdict-sign", args=[study.pk]), data, format="json")
    assert Report.objects.get(status="preliminary").supersedes == reported


def test_an_amendment_that_is_being_written_goes_on(user, study, reported):
    asking_as(user).post(
        reverse("api:report-amend", args=[reported.pk]), {"reason": "A typing error."}
    )
    amend_verdict(user, study)
    assert Report.objects.get(status="preliminary").amendment_reason == "A typing error."


def test_until_the_amendment_is_signed_everything_says_so(doctor, user, study, reported):
    pages = [
        reported.get_absolute_url(),
        reverse("study-report", args=[study.pk]),
        study.get_absolute_url(),
        reverse("patient", args=[study.patient_id]),
        reverse("study-verdict", args=[study.pk]),
        reverse("reports"),
        reverse("report-verify", args=[reported.code]),
    ]
    api = asking_as(user)
    answers = [
        reverse("api:report-detail", args=[reported.pk]),
        reverse("api:report-list") + f"?study={study.pk}&status=final",
        reverse("api:patient-timeline", args=[study.patient_id]),
    ]
    pdf = reverse("report-pdf", args=[reported.pk])
    csv = reverse("reports-csv")
    for page in pages:
        assert "data-verdict-amended" not in text_of(doctor.get(page)), page
    for answer in answers:
        assert '"verdict_amended_at":null' in api.get(answer).content.decode(), answer
    assert "X-Verdict-Amended-At" not in doctor.get(pdf)

    verdict = amend_verdict(user, study)

    for page in pages:
        text = text_of(doctor.get(page))
        assert "data-verdict-amended" in text, page
        assert AFTER in text, page
    moment = verdict.signed_at.isoformat().replace("+00:00", "Z")
    for answer in answers:
        assert f'"verdict_amended_at":"{moment}"' in api.get(answer).content.decode(), answer
    assert doctor.get(pdf)["X-Verdict-Amended-At"] == verdict.signed_at.isoformat()
    line = next(one for one in text_of(doctor.post(csv)).splitlines() if ",Final," in one)
    assert timezone.localtime(verdict.signed_at).isoformat(timespec="seconds") in line

    amendment = Report.objects.get(status="preliminary")
    signed = sign(doctor, amendment, password=PASSWORD, impression="No tumor.")
    assert signed.status_code == 302, text_of(signed)
    for page in pages:
        assert "data-verdict-amended" not in text_of(doctor.get(page)), page
    for answer in answers:
        assert '"verdict_amended_at":"' not in api.get(answer).content.decode(), answer


def test_verdict_and_report_are_amended_in_one_act(doctor, user, study, reported):
    begin_amendment(user=user, study=study)
    asking_as(user).post(
        reverse("api:report-amend", args=[reported.pk]), {"reason": "The finding was wrong."}
    )
    amendment = Report.objects.get(status="preliminary")
    page = text_of(doctor.get(reverse("report-edit", args=[amendment.pk])))
    assert "Why do you amend the verdict?" in page
    both = {"finding": "no_tumor", "impression": "No tumor.", "password": PASSWORD}
    refused = sign(doctor, amendment, **both)
    assert "Say why you amend the verdict." in refused.content.decode()
    more = both | {"verdict_amendment_reason": "Seen again."}
    assert sign(doctor, amendment, **more).status_code == 302
    assert Verdict.objects.current().get().finding == "no_tumor"
    amendment.refresh_from_db()
    assert amendment.status == "amended"
    assert amendment.verdict_amended_at is None
    assert not Report.objects.preliminary().exists()


def test_the_amendment_of_another_study_says_nothing_here(user, reported):
    other = make_analysis(user=user).image.study
    make_verdict(study=other, reader=user)
    amend_verdict(user, other)
    assert reported.verdict_amended_at is None
    assert Report.objects.with_caveats().get().verdict_amended_at is None


def test_an_older_report_without_a_verdict_is_amended_once_there_is_one(doctor, user, study):
    old = make_signed_report(study=study, author=user)
    Report.objects.filter(pk=old.pk)
    assert old.signed_at < timezone.now() + timedelta(seconds=1)
    asking_as(user).post(reverse("api:report-amend", args=[old.pk]), {"reason": "The side."})
    amendment = Report.objects.get(status="preliminary")
    assert sign(doctor, amendment, password=PASSWORD).status_code == 409
    assert sign(doctor, amendment, password=PASSWORD, finding="tumor").status_code == 302


def test_a_verdict_that_is_amended_while_the_pdf_is_drawn_is_not_signed_past(
    user, study, monkeypatch
):
    colleague = UserFactory(radiologist=True, clinic=study.clinic)
    make_verdict(study=study, reader=colleague)
    report = start_report(user=user, study=study)
    draw = signing.render_pdf

    def slow(signed):
        amend_verdict(colleague, study, finding="tumor")
        return draw(signed)

    monkeypatch.setattr(signing, "render_pdf", slow)
    with pytest.raises(StateConflictError, match="while the PDF was drawn"):
        signing.sign_report(
            user=user, report=report, revision=report.revision, signer=Signer(PASSWORD)
        )
    assert Report.objects.get().status == "preliminary"


def test_the_first_verdict_after_a_report_without_one_starts_its_amendment(user, study):
    """As the first version could sign it."""
    reported = make_signed_report(study=study, author=user, impression="No tumor.")
    assert reported.verdict_amended_at is None
    verdict = sign_verdict(user=user, study=study, verdict_input=VerdictInput(finding="tumor"))
    for row in (Report.objects, Report.objects.with_caveats()):
        assert row.get(pk=reported.pk).verdict_amended_at == verdict.signed_at
    amendment = Report.objects.get(status="preliminary")
    assert amendment.amendment_reason == "The verdict was signed after the report."


def test_of_two_readers_the_one_who_does_not_decide_yet_starts_none(user, study):
    set_readers_required(user=user, study=study, readers=2)
    reported = make_signed_report(study=study, author=user, impression="No tumor.")
    make_verdict(study=study, reader=user)
    assert Report.objects.get(pk=reported.pk).verdict_amended_at is None
    make_verdict(study=study)
    assert Report.objects.get(pk=reported.pk).verdict_amended_at is not None
