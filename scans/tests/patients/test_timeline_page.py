"""The case history: AI result and radiologist's finding side by side, and the trend."""

import re

import pytest
from django.conf import settings
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.models import AuditEvent, Clinic
from accounts.tests.factories import UserFactory
from scans.models import Analysis, ModelRelease, Study
from scans.services.analyses import inference
from scans.services.reading.assessments import AssessmentInput
from scans.services.reading.verdict_drafts import VerdictInput
from scans.services.reading.verdicts import commit_finding, sign_verdict
from scans.tests.core.factories import (
    PatientFactory,
    ReleaseFactory,
    abstain,
    complete,
    fail,
    make_signed_report,
    make_study,
)
from scans.tests.core.isolation_table import signed_in, text_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def reader():
    return UserFactory(radiologist=True, first_name="Iris", last_name="Okafor")


@pytest.fixture
def patient(reader):
    return PatientFactory(created_by=reader)


def analyses_of(study):
    return Analysis.objects.filter(image__series__study=study)


def study_with(patient, probability, *, days_ago, images=1):
    study = make_study(patient=patient, days_ago=days_ago, images=images)
    for analysis in analyses_of(study):
        complete(analysis, probability=probability)
    return study


def sign(study, reader, finding="tumor", **more):
    return sign_verdict(
        user=reader, study=study, verdict_input=VerdictInput(finding=finding, **more)
    )


def page_of(user, patient):
    text = text_of(signed_in(user).get(patient.get_absolute_url()))
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", text))


def activate(release):
    ModelRelease.objects.filter(is_active=True).update(is_active=False)
    ModelRelease.objects.filter(pk=release.pk).update(is_active=True)


def test_ai_result_and_finding_stand_side_by_side(reader, patient):
    study = study_with(patient, 0.93, days_ago=1)
    analysis = analyses_of(study).get()
    colleague = UserFactory(clinic=reader.clinic)
    assert "Unread" in page_of(colleague, patient)
    assessment = AssessmentInput(analysis.pk, "reject", "artifact")
    sign(study, reader, "no_tumor", assessments=[assessment])
    page = page_of(colleague, patient)
    assert "Tumor detected tumor probability 0.930" in page
    assert "No tumor Deciding verdict Iris Okafor ·" in page
    assert "0 accepted, 0 modified, 1 rejected" in page


def test_a_draft_is_its_readers_alone(reader, patient):
    study = study_with(patient, 0.93, days_ago=1)
    Clinic.objects.update(read_first=True)
    commit_finding(user=reader, study=study, finding="tumor")
    for person in (reader, UserFactory(clinic=reader.clinic, radiologist=True)):
        page = page_of(person, patient)
        assert "Unread" in page
        assert "Iris Okafor · <" not in page


def test_two_blind_readers_see_their_own_finding_and_nobody_elses(reader, patient):
    study = study_with(patient, 0.93, days_ago=1)
    Study.objects.update(readers_required=2)
    study.refresh_from_db()
    sign(study, reader, "unsure")
    other = UserFactory(clinic=reader.clinic, radiologist=True, first_name="Second")
    assert "Your own verdict" in page_of(reader, patient)
    assert "Unsure" in page_of(reader, patient)
    assert "Unsure" not in page_of(other, patient)
    assert "without seeing each other" in page_of(other, patient)
    sign(study, other, "tumor")
    page = page_of(UserFactory(clinic=reader.clinic), patient)
    assert "The readers disagree" in page
    assert "Unsure" in page
    judge = UserFactory(clinic=reader.clinic, radiologist=True, last_name="Judge")
    study.refresh_from_db()
    sign(study, judge, "no_tumor")
    page = page_of(reader, patient)
    assert "Adjudication" in page
    assert "Unsure" not in page


def test_reads_first_withholds_ai_result_trend_and_report(reader, patient):
    for days_ago, probability in ((400, 0.414), (1, 0.937)):
        newest = study_with(patient, probability, days_ago=days_ago)
    make_signed_report(study=newest, author=reader)
    Clinic.objects.update(read_first=True)
    page = page_of(reader, patient)
    for trace in ("0.937", "93.7", "0.414", "Tumor detected", "AI trend", "Report, final"):
        assert trace not in page
    assert page.count("Report withheld") == 2
    commit_finding(user=reader, study=newest, finding="tumor")
    page = page_of(reader, patient)
    assert "0.937" in page
    assert "Report, final" in page
    assert "0.414" not in page  # the older study is not read yet, so there is no trend
    assert "AI trend" not in page
    Study.objects.update(read_stage="read")
    assert "0.937, was 0.414 on" in page_of(reader, patient)


def test_a_trend_compares_results_of_one_release_only(reader, patient):
    old = ReleaseFactory(name="net", version="1.0")
    first = study_with(patient, 0.41, days_ago=800)
    study_with(patient, 0.55, days_ago=400)
    activate(ReleaseFactory(name="net", version="2.0", is_active=False))
    newest = study_with(patient, 0.93, days_ago=1)
    page = page_of(reader, patient)
    assert "0.550, was 0.410 on" in page
    assert "was 0.550" not in page
    assert str(old) in page.split("AI trend")[1].split("The figures")[0]
    assert "net 2.0 on" not in page  # a single study is no trend
    assert first.get_absolute_url() in text_of(signed_in(reader).get(patient.get_absolute_url()))
    assert newest.pk


def test_a_study_that_is_analyzed_in_part_is_not_in_the_trend(reader, patient):
    study_with(patient, 0.41, days_ago=400)
    partial = make_study(patient=patient, days_ago=1, images=2)
    first, second = analyses_of(partial)
    complete(first, probability=0.93)
    assert "AI trend" not in page_of(reader, patient)
    abstain(second)
    page = page_of(reader, patient)
    assert "AI trend" in page
    assert "no opinion on 1" in page


def test_one_click_analyzes_earlier_studies_with_the_active_release(reader, patient):
    study_with(patient, 0.41, days_ago=800)
    failed = make_study(patient=patient, days_ago=400)
    ReleaseFactory(name="net", version="2.0")
    active = ReleaseFactory(name="net", version="3.0", is_active=False)
    activate(active)
    newest = make_study(patient=patient, days_ago=1)
    fail(analyses_of(newest).get())
    assert "no result for 3 images of 3 studies" in page_of(reader, patient)
    client, path = signed_in(reader), reverse("patient-rescore", args=[patient.pk])
    response = client.post(path, follow=True)
    assert "Analyses queued: 3." in text_of(response)
    rows = Analysis.objects.filter(release=active)
    assert (rows.queued().count(), rows.count()) == (3, 3)
    assert analyses_of(failed).count() == 2
    event = AuditEvent.objects.get(action="patient.rescored")
    assert event.detail == {"release": str(active.pk), "images": 3}
    assert "no result for" not in page_of(reader, patient)
    assert "every image already" in text_of(client.post(path, follow=True))
    assert rows.count() == 3


def test_an_archived_patient_is_not_analyzed_anew(reader, patient):
    study_with(patient, 0.41, days_ago=800)
    activate(ReleaseFactory(is_active=False))
    type(patient).objects.update(archived_at="2026-01-01T00:00Z")
    assert "no result for" not in page_of(reader, patient)
    response = signed_in(reader).post(reverse("patient-rescore", args=[patient.pk]), follow=True)
    assert "This patient is archived. Restore the patient" in text_of(response)
    assert Analysis.objects.queued().count() == 0


def test_without_an_active_release_there_is_nothing_to_ask_for(reader, patient):
    study_with(patient, 0.41, days_ago=800)
    ModelRelease.objects.update(is_active=False)
    assert "no result for" not in page_of(reader, patient)
    response = signed_in(reader).post(reverse("patient-rescore", args=[patient.pk]), follow=True)
    assert "No model release is active" in text_of(response)


def test_reports_are_linked(reader, patient):
    study = study_with(patient, 0.93, days_ago=1)
    clinician = UserFactory(clinic=reader.clinic)
    assert "No report yet" in page_of(clinician, patient)
    assert "Write the report" in page_of(reader, patient)
    report = make_signed_report(study=study, author=reader)
    text = text_of(signed_in(clinician).get(patient.get_absolute_url()))
    assert report.get_absolute_url() in text
    assert reverse("report-pdf", args=[report.pk]) in text


def test_the_page_that_watches_is_told_of_a_verdict(reader, patient):
    study = study_with(patient, 0.93, days_ago=1)
    client = signed_in(reader)
    page = text_of(client.get(patient.get_absolute_url()))
    seen = re.search(r'"seen": "([^"]+)"', page).group(1)
    path = reverse("patient-timeline", args=[patient.pk])
    assert client.get(path, {"seen": seen}).status_code == 204
    sign(study, reader)
    response = client.get(path, {"seen": seen})
    assert response.status_code == 200
    assert "Iris Okafor" in text_of(response)


def test_many_studies_cost_as_many_queries_as_few(reader, patient):
    client, counts = signed_in(reader), []
    for number in range(1, 6):
        sign(study_with(patient, 0.4 + number / 20, days_ago=number), reader)
        if number in (2, 5):
            client.get(patient.get_absolute_url())  # what is kept between requests is kept now
            with CaptureQueriesContext(connection) as queries:
                client.get(patient.get_absolute_url())
            counts.append(len(queries))
    assert counts[0] == counts[1] < 50


UNCHANGED = "Probability unchanged within"
OWN = f"{UNCHANGED} what the model itself varies by (0.20):"
EARLIER = "0.12, by which an earlier release varies by itself (of this one it is not known):"


@pytest.mark.parametrize(
    ("before", "now", "words"),
    [
        (0.50, 0.69, f"{OWN} 0.690, was 0.500"),
        (0.50, 0.71, "Probability up: 0.710, was 0.500"),
        (0.71, 0.50, "Probability down: 0.500, was 0.710"),
    ],
)
def test_a_trend_goes_by_what_was_measured_of_the_release(reader, patient, before, now, words):
    ReleaseFactory(manifest={"repeatability": {"within": 0.2}})
    study_with(patient, before, days_ago=30)
    study_with(patient, now, days_ago=1)
    assert words in page_of(reader, patient)


@pytest.mark.parametrize("stated", [None, 7, [0.2], "much"])
def test_what_is_no_such_figure_is_not_known(reader, patient, stated):
    ReleaseFactory(manifest={"repeatability": {"within": stated}})
    study_with(patient, 0.5, days_ago=30)
    study_with(patient, 0.6, days_ago=1)
    assert f"{UNCHANGED} {EARLIER} 0.600" in page_of(reader, patient)


def test_the_shipped_release_says_by_how_much_it_varies():
    facts = inference.read_release(settings.SHIPPED_RELEASE_DIR)
    assert 0 < facts.manifest["repeatability"]["within"] < 0.5


@pytest.mark.parametrize(
    ("before", "now", "words"),
    [
        (0.50, 0.61, f"{UNCHANGED} {EARLIER} 0.610"),
        (0.61, 0.50, f"{UNCHANGED} {EARLIER} 0.500"),
        (0.50, 0.63, "Probability up: 0.630, was 0.500"),
        (0.63, 0.50, "Probability down: 0.500, was 0.630"),
        (0.63, 0.49996, "Probability down: &lt;0.500, was 0.630"),  # below the threshold
    ],
)
def test_a_trend_says_unchanged_within_the_models_own_repeatability(
    reader, patient, before, now, words
):
    study_with(patient, before, days_ago=30)
    study_with(patient, now, days_ago=1)
    assert words in page_of(reader, patient)


def test_the_newest_impression_stands_first_in_words(reader, patient):
    older = study_with(patient, 0.9, days_ago=30)
    report = make_signed_report(study=older, author=reader)
    study_with(patient, 0.9, days_ago=1)  # has no report
    page = page_of(reader, patient)
    assert "Newest impression" in page
    assert page.index(report.impression.split("\n")[0]) < page.index("AI result")
    card = page[page.index("Newest impression") : page.index("AI result")]
    assert f"{older.study_date:%-d %b %Y}" in card  # of which study
    assert "Newest impression" not in page_of(reader, PatientFactory(created_by=reader))
