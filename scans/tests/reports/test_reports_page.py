import csv
import hashlib
import json
from dataclasses import replace
from datetime import datetime
from io import StringIO

import pytest
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils.html import strip_tags

from accounts.models import AuditEvent
from accounts.tests.factories import PASSWORD, UserFactory
from scans.models import Image, Report
from scans.models.report import ReportTemplate
from scans.models.report_sections import LONGEST_SECTION
from scans.services.annotations.key_images import star_image, unstar_image
from scans.services.annotations.lifecycle import revise_annotation
from scans.services.reading.assessments import AssessmentInput
from scans.services.reading.verdict_drafts import VerdictInput
from scans.services.reading.verdicts import sign_verdict
from scans.services.reports.signing import normal_code
from scans.services.studies.corrections import correct_study
from scans.tests.core.factories import (
    PatientFactory,
    complete,
    make_annotation,
    make_signed_report,
    make_study,
)
from scans.tests.core.isolation_table import signed_in, text_of

WORDS = {"technique": "MRI.", "findings": "A mass.", "impression": "Tumor.", "ai_statement": "No."}


@pytest.fixture(autouse=True)
def no_wrong_passwords_yet():
    cache.clear()
    yield
    cache.clear()


@pytest.fixture
def reader(db):
    return UserFactory(radiologist=True, first_name="Łucja", last_name="Παπαδάκη-Ёж")


@pytest.fixture
def study(reader):
    patient = PatientFactory(created_by=reader, family_name="Дроздов", given_name="Žofie")
    return make_study(patient=patient)


@pytest.fixture
def annotation(study, reader):
    image = Image.objects.get(series__study=study)
    return make_annotation(image=image, author=reader, label="Meningioma", note="with a tail")


@pytest.fixture
def client(reader) -> Client:
    return signed_in(reader)


def begun(client, study) -> Report:
    response = client.post(reverse("study-report-start", args=[study.pk]))
    assert response.status_code == 302, text_of(response)
    return Report.objects.get(study=study, status="preliminary")


def sent(report, **more):
    figures = [figure["annotation"] for figure in report.figures]
    return WORDS | {"finding": "tumor", "revision": report.revision, "figures": figures} | more


def sign(client, report, password=PASSWORD, **more):
    return client.post(
        reverse("report-sign", args=[report.pk]), sent(report, password=password, **more)
    )


def signed(client, study, **more) -> Report:
    report = begun(client, study)
    assert sign(client, report, **more).status_code == 302
    report.refresh_from_db()
    return report


def test_a_report_starts_from_the_template_the_annotations_and_the_ai_results(
    client, study, annotation
):
    complete(annotation.image.analyses.get(), probability=0.93)
    ReportTemplate.objects.create(clinic=study.clinic, name="Ours", technique="3 T, contrast.")
    page = text_of(client.get(reverse("study-report", args=[study.pk])))
    assert "Ours" in page
    template = ReportTemplate.objects.get()
    client.post(reverse("study-report-start", args=[study.pk]), {"template": template.pk})
    report = Report.objects.get()
    assert report.technique == "3 T, contrast."
    assert report.findings.startswith("Meningioma on image 1: axes 40.0 x 20.0 px")
    assert report.findings.endswith("With a tail.")
    assert "probability of a tumor 0.93 (test-release" in report.ai_statement
    assert "not a diagnosis" in report.ai_statement
    assert [figure["annotation"] for figure in report.figures] == [str(annotation.pk)]
    assert begun(client, study) == report  # beginning again continues it


def test_a_report_starts_from_the_verdict_that_counts(client, study, reader):
    verdict_input = VerdictInput(finding="tumor", comment="Left, extra-axial.")
    analysis = complete(Image.objects.get(series__study=study).analyses.get(), probability=0.93)
    assessment = AssessmentInput(analysis.pk, "modify", "wrong_place")
    sign_verdict(
        user=reader, study=study, verdict_input=replace(verdict_input, assessments=[assessment])
    )
    report = begun(client, study)
    assert report.impression.startswith("Findings suspicious for an intracranial tumor.")
    assert report.impression.endswith("Left, extra-axial.")
    assert "modified by the radiologist: Wrong place" in report.ai_statement


def test_a_finding_leads_to_its_annotation_in_the_viewer(client, study, annotation):
    report = begun(client, study)
    text = f"{report.findings}\nSee Figure 1 & Figure 7. <b>Meningioma on image 1</b>"
    sign(client, report, findings=text)
    page = text_of(client.get(report.get_absolute_url()))
    viewer = reverse("viewer", args=[study.pk])
    link = f'<a href="{viewer}?image={annotation.image_id}&amp;annotation={annotation.pk}">'
    assert f"{link}Meningioma on image 1</a>: axes" in page
    assert f"See {link}Figure 1</a> &amp; Figure 7. &lt;b&gt;Meningioma" in page


def test_the_editor_saves_itself_and_says_when(client, study):
    report = begun(client, study)
    path = reverse("report-save", args=[report.pk])
    response = client.post(path, sent(report), headers={"HX-Request": "true"})
    assert (response.status_code, response["X-Revision"]) == (204, "1")
    assert datetime.fromisoformat(json.loads(response["HX-Trigger"])["report-saved"])
    report.refresh_from_db()
    assert (report.impression, report.revision) == ("Tumor.", 1)
    again = client.post(path, sent(report), headers={"HX-Request": "true"})
    assert again["X-Revision"] == "1"


def test_of_two_who_write_at_once_the_second_is_shown_both(client, study, reader):
    report = begun(client, study)
    colleague = signed_in(UserFactory(radiologist=True, clinic=reader.clinic))
    path = reverse("report-save", args=[report.pk])
    client.post(path, sent(report, findings="Mine."))
    response = colleague.post(
        path, sent(report, findings="Theirs."), headers={"HX-Request": "true"}
    )
    assert "report-not-saved" in response["HX-Trigger"]
    page = colleague.post(path, sent(report, findings="Theirs."))
    assert page.status_code == 409
    assert "Mine." in text_of(page)
    assert "Theirs." in text_of(page)
    assert Report.objects.get().findings == "Mine."
    now = {"revision": page.context["form"]["revision"].value()}
    assert colleague.post(path, sent(report, findings="Theirs.", **now)).status_code == 302
    assert Report.objects.get().findings == "Theirs."


def test_another_refusal_does_not_hide_what_a_colleague_saved(client, study, reader):
    report = begun(client, study)
    colleague = signed_in(UserFactory(radiologist=True, clinic=reader.clinic))
    path = reverse("report-save", args=[report.pk])
    assert client.post(path, sent(report, findings="Mine.")).status_code == 302
    page = colleague.post(path, sent(report, findings="x" * (LONGEST_SECTION + 1)))
    assert "Mine." in text_of(page)  # before the length is complained of
    assert page.context["saved_sections"]


def test_after_a_wrong_password_only_what_was_seen_is_overwritten(client, study, reader):
    report = begun(client, study)
    page = sign(client, report, password="wrong")
    own = page.context["form"]["revision"].value()
    colleague = signed_in(UserFactory(radiologist=True, clinic=reader.clinic))
    path = reverse("report-save", args=[report.pk])
    theirs = sent(report, findings="Theirs.", revision=own)
    assert colleague.post(path, theirs).status_code == 302
    again = sign(client, report, password="wrong", revision=own)
    assert again.context["saved_sections"]
    assert Report.objects.get().findings == "Theirs."


def test_a_template_that_is_none_is_not_found(client, study):
    path = reverse("study-report-start", args=[study.pk])
    assert client.post(path, {"template": "x"}).status_code == 404


def test_the_list_of_reports_asks_as_often_for_many_as_for_one(
    client, reader, django_assert_max_num_queries
):
    make_signed_report(study=make_study(patient=PatientFactory(created_by=reader)))
    client.get(reverse("reports"))
    with CaptureQueriesContext(connection) as of_one:
        client.get(reverse("reports"))
    for _ in range(3):
        make_signed_report(study=make_study(patient=PatientFactory(created_by=reader)))
    with django_assert_max_num_queries(len(of_one)):
        client.get(reverse("reports"))


def test_signing_takes_the_password_and_prints_who_when_and_what_it_means(
    client, study, annotation
):
    report = begun(client, study)
    wrong = sign(client, report, password="wrong")
    assert wrong.status_code == 409
    assert "This is not your password" in text_of(wrong)
    report.refresh_from_db()
    assert (report.status, report.impression) == ("preliminary", "Tumor.")
    response = sign(client, report, with_overlay="on")
    report.refresh_from_db()
    assert (response.status_code, report.status) == (302, "final")
    page = text_of(client.get(report.get_absolute_url()))
    for fact in (report.signed_name, report.signed_meaning, report.code, "Meningioma"):
        assert fact in page
    viewer = reverse("viewer", args=[study.pk])
    assert f"{viewer}?image={annotation.image_id}&amp;annotation={annotation.pk}" in page
    assert AuditEvent.objects.filter(action="report.signed", object_id=report.pk).count() == 1


def test_a_signed_report_lists_the_key_images_of_the_moment_when_it_was_signed(
    client, study, reader
):
    image = Image.objects.get(series__study=study)
    draft = begun(client, study)
    star_image(user=reader, image=image)
    assert "Key images" in text_of(client.get(draft.get_absolute_url()))
    sign(client, draft)
    draft.refresh_from_db()
    assert draft.key_images == [str(image.pk)]
    unstar_image(user=reader, image=image)
    page = text_of(client.get(draft.get_absolute_url()))
    assert "Key images" in page
    assert "Image 1." in page


def test_the_pdf_of_a_signed_report_never_changes_by_a_byte(client, study, annotation, reader):
    complete(annotation.image.analyses.get())
    report = signed(client, study, with_overlay="on", ai_statement="")
    path = reverse("report-pdf", args=[report.pk])
    before = b"".join(client.get(path).streaming_content)
    assert before.startswith(b"%PDF-")
    assert hashlib.sha256(before).hexdigest() == report.pdf_sha256
    patient, clinic = study.patient, study.clinic
    patient.family_name = "Changed"
    patient.save()
    reader.first_name, reader.last_name = "Married", "Name"
    reader.save()
    clinic.name = "Another name"
    clinic.save()
    revise_annotation(user=reader, annotation=annotation, version=1, changes={"note": "later"})
    client.post(reverse("report-amend", args=[report.pk]), {"reason": "The side was wrong."})
    amendment = Report.objects.get(status="preliminary")
    assert sign(client, amendment, impression="Left.", ai_statement="").status_code == 302
    response = client.get(path)
    assert b"".join(response.streaming_content) == before
    assert response["Content-Type"] == "application/pdf"
    report.refresh_from_db()
    assert hashlib.sha256(before).hexdigest() == report.pdf_sha256
    newer = client.get(reverse("report-pdf", args=[amendment.pk]))
    assert b"".join(newer.streaming_content) != before


def test_after_five_wrong_passwords_the_right_one_waits(client, study):
    report = begun(client, study)
    for _ in range(5):
        sign(client, report, password="wrong")
    response = sign(client, report)
    assert "Wait five minutes" in text_of(response)
    assert Report.objects.get().status == "preliminary"


def test_a_report_without_an_impression_is_not_signed(client, study):
    draft = begun(client, study)
    for password in (PASSWORD, ""):  # which is asked for after it
        text = text_of(sign(client, draft, password=password, impression=" "))
        assert "Write an impression before you sign." in text
        assert 'data-refused-field="id_impression"' in text
        assert "Give your password" not in text
    draft.refresh_from_db()
    text = text_of(sign(client, draft, password=""))
    assert 'data-refused-field="password"' in text


def test_a_signed_report_is_amended_with_a_reason_and_both_stay_readable(client, study):
    first = signed(client, study)
    path = reverse("report-amend", args=[first.pk])
    assert client.post(path, {"reason": " "}).status_code == 409
    client.post(path, {"reason": "The side was wrong."})
    amendment = Report.objects.get(status="preliminary")
    assert amendment.texts == first.texts
    draft = " ".join(strip_tags(text_of(client.get(amendment.get_absolute_url()))).split())
    assert "Once it is signed, this will supersede version 1." in draft
    assert "Until then version 1 is the one in force." in draft
    assert "Supersedes" not in draft
    assert draft.index("Continue writing") < draft.index("Back to the study")  # at its head
    assert sign(client, amendment, impression="Left, not right.").status_code == 302
    amendment.refresh_from_db()
    assert (amendment.status, amendment.number, amendment.supersedes) == ("amended", 2, first)
    old = text_of(client.get(first.get_absolute_url()))
    assert "Superseded by" in old
    assert "Tumor." in old
    new = text_of(client.get(amendment.get_absolute_url()))
    assert "The side was wrong." in new
    assert "Supersedes" in new
    assert "Left, not right." in new
    assert client.post(path, {"reason": "Again."}).status_code == 409
    assert Report.objects.current().get() == amendment


def test_a_signed_report_is_not_saved_or_signed_again(client, study):
    report = signed(client, study)
    assert client.get(reverse("report-edit", args=[report.pk])).url == report.get_absolute_url()
    for name in ("report-save", "report-sign"):
        body = sent(report, findings="Other.", password=PASSWORD)
        response = client.post(reverse(name, args=[report.pk]), body)
        assert response.status_code == 409
        assert "signed and does not change" in text_of(response)


def test_clinicians_read_reports_and_do_not_write_them(study, reader, client):
    report = begun(client, study)
    clinician = signed_in(UserFactory(clinic=reader.clinic))
    assert clinician.get(report.get_absolute_url()).status_code == 200
    for name in ("report-edit", "report-save", "report-sign", "report-amend"):
        path = reverse(name, args=[report.pk])
        ask = clinician.get if name == "report-edit" else clinician.post
        assert ask(path).status_code == 403
    assert clinician.post(reverse("study-report-start", args=[study.pk])).status_code == 403


@pytest.mark.parametrize("setting", ["read_first", "two_readers"])
def test_a_report_is_withheld_while_the_ai_result_or_the_others_finding_is(study, reader, setting):
    report = make_signed_report(study=study, author=reader)
    if setting == "read_first":
        type(study.clinic).objects.update(read_first=True)
    else:
        type(study).objects.update(readers_required=2)
    asking = signed_in(UserFactory(radiologist=True, clinic=reader.clinic))
    paths = [report.get_absolute_url(), reverse("report-pdf", args=[report.pk])]
    paths += [
        reverse("study-report", args=[study.pk]),
        reverse("report-verify", args=[report.code]),
    ]
    for path in paths:
        response = asking.get(path)
        assert response.status_code == 403
        assert report.impression not in text_of(response)


def test_the_code_on_paper_finds_the_report_for_the_clinic_only(client, study):
    report = signed(client, study)
    typed = report.code.lower().replace("-", " ").replace("1", "l").replace("0", "o")
    assert normal_code(typed) == report.code
    response = client.get(reverse("report-verify-form"), {"code": typed}, follow=True)
    assert report.pdf_sha256 in text_of(response)
    stranger = signed_in(UserFactory(radiologist=True))
    assert stranger.get(reverse("report-verify", args=[report.code])).status_code == 404
    assert Client().get(reverse("report-verify", args=[report.code])).status_code == 302


@pytest.mark.parametrize("code", ["ABCD-EFGH-JKMN", "-", "<b>"])
def test_an_unknown_code_gets_a_page_that_says_so_and_asks_again(client, code):
    response = client.get(reverse("report-verify-form"), {"code": code}, follow=True)
    assert response.status_code == 404
    assert "No report of your clinic has this code." in text_of(response)
    assert 'name="code"' in text_of(response)


def rows_of(response):
    return list(csv.DictReader(StringIO(response.content.decode("utf-8-sig"))))


def test_lists_leave_as_csv(client, study, reader):
    report = make_signed_report(study=study, author=reader)
    (row,) = rows_of(client.get(reverse("reports-csv")))
    assert (row["Verification code"], row["Patient"]) == (report.code, "Дроздов, Žofie")
    for name in ("studies-csv", "worklist-csv"):
        (row,) = rows_of(client.get(reverse(name)))
        assert (row["MRN"], row["Images"]) == (study.patient.mrn, "1")


def test_a_csv_holds_no_formula_and_nothing_that_is_withheld(client, reader):
    patient = PatientFactory(created_by=reader, family_name="=1+1")
    study = make_study(patient=patient)
    complete(Image.objects.get(series__study=study).analyses.get(), probability=0.93)
    (row,) = rows_of(client.get(reverse("studies-csv")))
    assert row["Patient"].startswith("'=")
    assert row["AI probability"] == "0.930"
    type(study.clinic).objects.update(read_first=True)
    response = client.get(reverse("studies-csv"))
    assert "0.93" not in response.content.decode()
    assert rows_of(response)[0]["AI result"] == "Withheld: read first"


def test_the_csv_of_a_list_is_filtered_as_the_list(client, study, reader):
    make_signed_report(study=study, author=reader)
    other = make_study(patient=PatientFactory(created_by=reader, family_name="Else"))
    make_signed_report(study=other, author=UserFactory(radiologist=True, clinic=reader.clinic))
    for name in ("studies-csv", "patients-csv", "reports-csv"):
        assert len(rows_of(client.post(reverse(name)))) == 2
        (row,) = rows_of(client.post(reverse(name), {"q": "else"}))
        assert "Else" in " ".join(row.values())
    (row,) = rows_of(client.post(reverse("reports-csv"), {"mine": "1"}))
    assert row["Signed by"] == str(reader)
    page = text_of(client.get(reverse("patients"), {"q": "else"}))
    assert f'action="{reverse("patients-csv")}"' in page
    assert '<input type="hidden" name="q" value="else">' in page


def test_the_list_of_reports_shows_and_filters_what_one_may_read(client, study, reader):
    report = make_signed_report(study=study, author=reader)
    path = reverse("reports")
    page = text_of(client.get(path))
    assert report.get_absolute_url() in page
    assert report.impression not in page
    for query in ({"shown": "writing"}, {"shown": "superseded"}, {"q": "nobody"}):
        assert "No report matches" in text_of(client.get(path, query))
    for query in ({"shown": "newest"}, {"shown": "all"}, {"mine": "1"}, {"shown": "wrong"}):
        assert report.get_absolute_url() in text_of(client.get(path, query))
    type(study.clinic).objects.update(read_first=True)
    assert report.get_absolute_url() not in text_of(client.get(path))
    assert rows_of(client.get(reverse("reports-csv"))) == []


def test_a_begun_amendment_is_discarded_and_stays_readable(client, study):
    first = signed(client, study)
    amend = reverse("report-amend", args=[first.pk])
    client.post(amend, {"reason": "The side was wrong."})
    draft = Report.objects.get(status="preliminary")
    response = client.post(reverse("report-discard", args=[draft.pk]), follow=True)
    assert "is discarded" in text_of(response)
    assert "Discarded" in text_of(response)
    page = text_of(client.get(draft.get_absolute_url()))
    assert "This draft was discarded" in page
    assert "The side was wrong." in page
    assert client.get(reverse("report-edit", args=[draft.pk])).url == draft.get_absolute_url()
    for name in ("report-save", "report-sign"):
        body = sent(draft, password=PASSWORD, findings="Other.")
        assert client.post(reverse(name, args=[draft.pk]), body).status_code == 409
    assert client.post(reverse("report-discard", args=[first.pk]), follow=True).status_code == 200
    first.refresh_from_db()
    assert first.status == "final"
    client.post(amend, {"reason": "The level was wrong."})
    assert Report.objects.get(status="preliminary").number == 3


def test_a_discarded_first_draft_leaves_the_study_without_a_report(client, study):
    draft = begun(client, study)
    client.post(reverse("report-discard", args=[draft.pk]))
    assert "Start the report" in text_of(client.get(reverse("study-report", args=[study.pk])))
    assert begun(client, study).number == 2


def test_nothing_is_written_for_an_archived_patient(client, study):
    draft = begun(client, study)
    type(study.patient).objects.update(archived_at="2026-01-01T00:00Z")
    for name in ("report-save", "report-sign"):
        response = client.post(reverse(name, args=[draft.pk]), sent(draft, password=PASSWORD))
        assert response.status_code == 409
        assert "This patient is archived. Restore the patient" in text_of(response)
    assert Report.objects.get().revision == 0
    page = text_of(client.get(reverse("study-report", args=[study.pk])))
    assert "Continue writing" not in page


@pytest.mark.parametrize("name", ["report", "report-verify"])
def test_a_report_asks_as_often_for_many_corrections_as_for_one(client, reader, study, name):
    report = make_signed_report(study=study, author=reader)
    address = reverse(name, args=[report.code if name == "report-verify" else report.pk])

    def queries(*, corrections):
        for number in range(corrections):
            changes = {"accession_number": f"{corrections}-{number}"}
            correct_study(user=reader, study=study, changes=changes, reason="Typing error")
        client.get(address)
        with CaptureQueriesContext(connection) as found:
            assert client.get(address).status_code == 200
        return len(found)

    assert queries(corrections=1) == queries(corrections=5)
