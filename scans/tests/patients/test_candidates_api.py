"""Registering and uploading over the API name who may be the same person, and refuse nothing."""

import pytest

from accounts.models import AuditEvent
from scans.models import Patient
from scans.tests.core import pictures
from scans.tests.core.factories import PatientFactory

pytestmark = pytest.mark.django_db
PATIENTS, STUDIES = "/api/v1/patients/", "/api/v1/studies/"
ADA = {"family_name": "Example", "given_name": "Ada", "birth_date": "1961-02-03", "sex": "F"}


@pytest.fixture
def ada(person):
    return PatientFactory(created_by=person, mrn="A-1001", **ADA)


def test_registration_names_who_has_the_same_name_and_birth_date(api, person, ada):
    response = api.post(PATIENTS, ADA | {"mrn": "B-2002"})

    assert response.status_code == 201
    (found,) = response.json()["merge_candidates"]
    assert found["reason"] == "same name and birth date"
    assert found["patient"]["mrn"] == "A-1001"
    assert found["patient"]["url"].endswith(f"{PATIENTS}{ada.pk}/")
    assert found["page"].endswith(ada.get_absolute_url())
    event = AuditEvent.objects.get(action="patient.listed", actor=person)
    assert event.detail == {"count": 1, "ids": [str(ada.pk)]}


def test_registration_names_a_look_alike_mrn(api, ada):
    sent = {"mrn": "A-1OO1", "family_name": "Other", "given_name": "Person"}
    (found,) = api.post(PATIENTS, sent).json()["merge_candidates"]
    assert found["reason"] == "look-alike MRN"


def test_where_nobody_is_alike_the_list_is_empty_and_nothing_is_recorded(api, ada):
    sent = {"mrn": "Z-9", "family_name": "Nobody", "given_name": "Else"}
    assert api.post(PATIENTS, sent).json()["merge_candidates"] == []
    assert not AuditEvent.objects.filter(action="patient.listed").exists()


def test_another_clinics_patient_is_not_named(api):
    PatientFactory(mrn="A-1001", **ADA)
    assert api.post(PATIENTS, ADA | {"mrn": "A-1001"}).json()["merge_candidates"] == []


def test_an_upload_names_them_and_takes_the_study(api, release, ada):
    registered = api.post(PATIENTS, ADA | {"mrn": "B-2002"}).json()["id"]
    upload = {"patient": registered, "study_date": "2024-05-06"}
    upload |= {"files": [pictures.upload("a.png", pictures.png())]}

    response = api.post(STUDIES, upload, format="multipart", headers={"Idempotency-Key": "one"})

    assert response.status_code == 201
    (found,) = response.json()["merge_candidates"]
    assert found["patient"]["id"] == str(ada.pk)
    assert Patient.objects.get(pk=registered).studies.count() == 1
    upload["files"] = [pictures.upload("a.png", pictures.png())]
    again = api.post(STUDIES, upload, format="multipart", headers={"Idempotency-Key": "one"})
    assert again.json() == response.json()
