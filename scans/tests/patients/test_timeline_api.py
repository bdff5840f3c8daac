"""The patient's timeline over the API, as the page of the case history shows it."""

import pytest

from accounts.models import Clinic
from accounts.tests.factories import UserFactory
from scans.models import Analysis, ModelRelease, Study
from scans.services.reading.verdict_drafts import VerdictInput
from scans.services.reading.verdicts import sign_verdict
from scans.tests.core.factories import ReleaseFactory, complete, make_signed_report, make_study

pytestmark = pytest.mark.django_db


def study_with(patient, probability, *, days_ago):
    study = make_study(patient=patient, days_ago=days_ago)
    complete(Analysis.objects.get(image__series__study=study), probability=probability)
    return study


def timeline(api, patient):
    response = api.get(f"/api/v1/patients/{patient.pk}/timeline/")
    assert response.status_code == 200, response.content
    return response.json()["results"]


def test_each_study_has_ai_result_finding_change_and_report(api, patient, person):
    old = study_with(patient, 0.41, days_ago=400)
    new = study_with(patient, 0.93, days_ago=1)
    reader = UserFactory(clinic=person.clinic, radiologist=True)
    sign_verdict(user=reader, study=new, verdict_input=VerdictInput(finding="no_tumor"))
    report = make_signed_report(study=new, author=reader)
    first, second = timeline(api, patient)
    assert (first["study"], second["study"]) == (str(new.pk), str(old.pk))
    assert (first["ai"]["label"], first["ai"]["probability"]) == ("tumor", 0.93)
    assert first["ai"]["disclaimer"] == "AI suggestion, not a diagnosis"
    assert first["radiologist"]["verdicts"][0]["finding"] == "no_tumor"
    assert first["change"]["study"] == str(old.pk)
    assert first["change"]["difference"] == pytest.approx(0.52)
    assert first["report"]["signed"]["id"] == str(report.pk)
    assert second["change"] is None
    assert second["radiologist"]["verdicts"] == []


def test_reads_first_withholds_the_ai_result_the_change_and_the_report(api, patient, person):
    study_with(patient, 0.41, days_ago=400)
    make_signed_report(study=study_with(patient, 0.93, days_ago=1))
    Clinic.objects.update(read_first=True)
    for entry in timeline(api, patient):
        assert entry["withheld"]
        assert entry["ai"] is None
        assert entry["change"] is None
        assert entry["report"] == {"withheld": True, "signed": None, "draft": None}
    Study.objects.update(read_stage="read")
    assert timeline(api, patient)[0]["change"]["probability"] == 0.41


def test_earlier_studies_are_analyzed_with_the_active_release(api, patient):
    study_with(patient, 0.41, days_ago=400)
    path = f"/api/v1/patients/{patient.pk}/rescore/"
    assert api.post(path).json() == {"queued": 0}
    ModelRelease.objects.update(is_active=False)
    assert api.post(path).status_code == 409
    ReleaseFactory(is_active=True)
    assert api.post(path).json() == {"queued": 1}
    assert api.post(path).json() == {"queued": 0}
    type(patient).objects.update(archived_at="2026-01-01T00:00Z")
    assert api.post(path).status_code == 400
