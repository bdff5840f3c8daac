"""Archiving: for a reason, by those who answer for it, with unread studies named, and undone."""

import re

import pytest
from django.urls import reverse

from accounts.models import AuditEvent
from accounts.tests.factories import UserFactory
from scans.models import Study
from scans.services.reading.worklist import awaiting
from scans.tests.core.factories import PatientFactory, archived, make_signed_report, make_study
from scans.tests.core.fixtures import asking_as

pytestmark = pytest.mark.django_db
REASON = {"reason": "Moved to another clinic"}


@pytest.fixture
def study(user):
    patient = PatientFactory(created_by=user, family_name="Ahlgren")
    return make_study(user=user, patient=patient, description="MRI head")


def page(study: Study) -> str:
    return reverse("patient-archive", args=[study.patient_id])


@pytest.mark.parametrize("reason", ["", "  ", "x", "x" * 301])
def test_a_reason_is_needed(doctor, user, reason):
    patient = PatientFactory(created_by=user)
    address = reverse("patient-archive", args=[patient.pk])

    response = doctor.post(address, {"reason": reason})

    assert response.status_code == 422
    assert "Say why the patient is archived" in response.content.decode()
    patient.refresh_from_db()
    assert not patient.is_archived


def test_unread_studies_are_named_and_hidden_by_a_second_word_only(doctor, study):
    asked = doctor.get(page(study)).content.decode()
    assert "One study is unread" in asked
    assert study.get_absolute_url() in asked

    refused = doctor.post(page(study), REASON)
    assert refused.status_code == 409
    assert REASON["reason"] in refused.content.decode()  # what was typed is kept
    assert awaiting(user=study.received_by).exists()

    doctor.post(page(study), REASON | {"hides_unread": "1"})
    study.patient.refresh_from_db()
    assert study.patient.archive_reason == REASON["reason"]
    assert not awaiting(user=study.received_by).exists()
    event = AuditEvent.objects.get(action="patient.archived")
    assert event.detail == {"unread": [str(study.pk)]}


def test_undo_brings_everything_back(doctor, user, study):
    doctor.post(page(study), REASON | {"hides_unread": "1"})
    shown = doctor.get(study.patient.get_absolute_url()).content.decode()
    assert "Undo: restore the patient" in shown
    doctor.post(reverse("patient-restore", args=[study.patient_id]))

    study.patient.refresh_from_db()
    assert (study.patient.is_archived, study.patient.archive_reason) == (False, "")
    assert awaiting(user=user).get() == study


@pytest.mark.parametrize(
    ("role", "status"), [("clinician", 403), ("radiologist", 200), ("administrator", 200)]
)
def test_who_may_archive(client, user, study, role, status):
    client.force_login(UserFactory(clinic=user.clinic, role=role))

    def is_offered() -> bool:
        link = f'href="{page(study)}"'
        return link in client.get(study.patient.get_absolute_url()).content.decode()

    assert is_offered() == (status == 200)
    assert client.get(page(study)).status_code == status
    assert client.post(page(study), REASON | {"hides_unread": "1"}).status_code in {403, 302}
    study.patient.refresh_from_db()
    assert study.patient.is_archived == (status == 200)
    assert is_offered() is False  # nor again once it is done
    restore = reverse("patient-restore", args=[study.patient_id])
    shown = client.get(study.patient.get_absolute_url()).content.decode()
    assert (f'action="{restore}"' in shown) == (status == 200)


@pytest.mark.parametrize(
    ("name", "word"), [("home", "MRI head"), ("reports", "Ahlgren"), ("patients", "Ahlgren")]
)
def test_archived_is_in_no_list_by_default_and_in_the_lists_when_asked_for(
    doctor, study, name, word
):
    make_signed_report(study=study)
    assert word in doctor.get(reverse(name)).content.decode()
    archived(study.patient)

    assert word not in doctor.get(reverse(name)).content.decode()
    asked = doctor.get(reverse(name), {"archived": "1"}).content.decode()
    assert word in asked
    assert "Archived</span>" in asked


@pytest.mark.parametrize("name", ["patient-list", "study-list", "analysis-list", "report-list"])
def test_the_same_in_the_lists_of_the_api(user, study, name):
    make_signed_report(study=study)
    api, address = asking_as(user), reverse(f"api:{name}")
    assert api.get(address).json()["count"] == 1
    archived(study.patient)

    assert api.get(address).json()["count"] == 0
    assert api.get(address, {"archived": "false"}).json()["count"] == 0
    assert api.get(address, {"archived": "any"}).json()["count"] == 1
    assert api.get(address, {"archived": "true"}).json()["count"] == 1


def test_who_may_be_the_same_person_is_named_and_said_to_be_archived(doctor, user, study):
    """Not a list to work from: who registers a person a second time has to know of the first."""
    patient = archived(study.patient)
    same = {"mrn": "NEW-1", "family_name": patient.family_name, "given_name": patient.given_name}
    same |= {"birth_date": patient.birth_date.isoformat(), "sex": patient.sex}

    asked = doctor.post(reverse("patient-new"), same).content.decode()
    (line,) = re.findall(rf"(?s)<li>\s*<a[^>]*{patient.get_absolute_url()}.*?</li>", asked)
    assert "same name and birth date (archived)" in " ".join(line.split())

    registered = asking_as(user).post(reverse("api:patient-list"), same, format="json").json()
    (candidate,) = registered["merge_candidates"]
    assert (candidate["patient"]["id"], candidate["patient"]["is_archived"]) == (
        *(str(patient.pk), True),
    )
    upload = doctor.get(reverse("upload"), {"patient": registered["id"]}).content.decode()
    assert "(archived)" in upload
    assert f'data-choose-patient="{patient.pk}"' not in upload  # it takes no uploads


def test_the_worklist_never_has_it(doctor, study):
    archived(study.patient)
    assert "Ahlgren" not in doctor.get(reverse("worklist")).content.decode()


def test_the_same_over_the_api(user, study):
    api = asking_as(user)
    address = reverse("api:patient-archive", args=[study.patient_id])

    assert api.post(address).status_code == 400
    refused = api.post(address, REASON)
    assert refused.status_code == 409
    assert "an unread study: MRI head" in refused.json()["detail"]
    for _ in range(2):  # a second time changes nothing
        done = api.post(address, REASON | {"hides_unread": True})
        assert done.status_code == 200
        assert done.json()["archive_reason"] == REASON["reason"]
    assert AuditEvent.objects.filter(action="patient.archived").count() == 1
    studies = reverse("api:study-list")
    assert api.get(studies).json()["count"] == 0
    assert api.get(studies, {"archived": "any"}).json()["count"] == 1
    assert api.get(studies, {"patient": str(study.patient_id)}).json()["count"] == 1
    restored = api.post(reverse("api:patient-restore", args=[study.patient_id]))
    assert restored.json()["is_archived"] is False


def test_a_clinician_is_refused_over_the_api(study):
    person = UserFactory(clinic=study.clinic)
    address = reverse("api:patient-archive", args=[study.patient_id])
    assert asking_as(person).post(address, REASON).status_code == 403
