from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from unittest import mock
from uuid import uuid4

import pytest
from django.db import connection
from django.utils import timezone

from accounts.tests.factories import UserFactory
from scans.api.studies import views as view
from scans.models import IdempotentRequest, Image, Study
from scans.services.core import idempotency
from scans.tests.core import pictures
from scans.tests.core.factories import PatientFactory, ReleaseFactory
from scans.tests.core.fixtures import asking_as

STUDIES = "/api/v1/studies/"


def send(api, patient, *, key="key-1", seed=0, name="a.png", content=None, **more):
    content = pictures.png(seed=seed) if content is None else content
    fields = {
        "patient": str(patient.pk),
        "study_date": "2024-05-06",
        "files": [pictures.upload(name, content)],
    }
    return api.post(STUDIES, fields | more, format="multipart", headers={"Idempotency-Key": key})


def test_the_same_key_and_request_give_the_same_response_and_one_study(api, patient, release):
    first, second = send(api, patient), send(api, patient)
    assert (first.status_code, second.status_code) == (201, 201)
    assert first.json() == second.json()
    assert first["Location"] == second["Location"]
    assert Study.objects.count() == 1
    assert "Idempotency-Replayed" not in first
    assert second["Idempotency-Replayed"] == "true"


@pytest.mark.parametrize(
    "other",
    [{"seed": 1}, {"name": "b.png"}, {"description": "other"}, {"study_date": "2024-05-07"}],
)
def test_the_same_key_for_another_request_is_refused(api, patient, release, other):
    send(api, patient)
    response = send(api, patient, **other)
    assert response.status_code == 422
    assert response.json()["type"] == "urn:neuroscan:problem:idempotency-key-reused"
    assert Study.objects.count() == 1


def test_the_same_key_for_another_patient_is_refused(api, person, patient, release):
    send(api, patient)
    assert send(api, PatientFactory(created_by=person)).status_code == 422


def test_keys_belong_to_the_person(api, person, patient, release):
    colleague = asking_as(UserFactory(clinic=person.clinic))
    assert send(api, patient).status_code == 201
    assert send(colleague, patient, seed=1).status_code == 201
    assert Study.objects.count() == 2


def test_that_nothing_was_accepted_is_replayed_as_well(api, patient):
    first, second = (send(api, patient, content=b"not an image") for _ in range(2))
    assert (first.status_code, second.status_code) == (400, 400)
    assert first.json() == second.json()
    assert second["Content-Type"] == "application/problem+json"
    assert second["Idempotency-Replayed"] == "true"


def test_a_request_with_a_mistake_in_it_does_not_use_up_its_key(api, patient, release):
    assert send(api, patient, study_date="tomorrow").status_code == 400
    assert send(api, patient, study_date="1890-01-01").status_code == 400
    assert send(api, patient).status_code == 201


def test_a_crash_gives_the_key_back(api, patient, release):
    api.raise_request_exception = False
    with mock.patch.object(view, "receive_study", side_effect=RuntimeError):
        assert send(api, patient).status_code == 500
    assert send(api, patient).status_code == 201


@pytest.mark.parametrize("key", ["", " ", "x" * 256, "naïve", "tab\there"])
def test_a_key_that_cannot_be_kept_is_refused(api, patient, key):
    response = send(api, patient, key=key)
    assert response.status_code == 400
    assert "Idempotency-Key" in response.json()["detail"]
    assert not Study.objects.exists()


def test_a_key_of_the_greatest_length_is_taken(api, patient, release):
    assert send(api, patient, key="k" * 255).status_code == 201


def claimed(person, *, ago: timedelta, fingerprint: str) -> IdempotentRequest:
    """The row that a process leaves which was killed between its claim and its response."""
    row = IdempotentRequest.objects.create(
        user=person,
        key="key-1",
        fingerprint=fingerprint,
        status_code=0,
        response={"work_id": str(uuid4())},
    )
    IdempotentRequest.objects.update(created_at=timezone.now() - ago)
    return row


def fingerprint_of_request(api, patient) -> str:
    send(api, patient, content=b"not an image")
    fingerprint = IdempotentRequest.objects.get().fingerprint
    IdempotentRequest.objects.all().delete()
    return fingerprint


def test_while_the_first_request_runs_a_repeat_is_told_to_wait(api, person, patient):
    fingerprint = fingerprint_of_request(api, patient)
    claimed(person, ago=timedelta(seconds=1), fingerprint=fingerprint)
    response = send(api, patient, content=b"not an image")
    assert response.status_code == 409
    assert response.json()["type"] == "urn:neuroscan:problem:idempotency-key-in-use"


def test_after_a_kill_the_repeat_finishes_the_same_study(api, person, patient, release):
    """Killed between the study's commit and the response's: the repeat makes no second study."""
    with mock.patch.object(idempotency.IdempotentRequest.objects, "filter") as lost:
        first = send(api, patient)
    assert lost.called
    row = IdempotentRequest.objects.get()
    assert row.status_code == 0
    IdempotentRequest.objects.update(created_at=timezone.now() - timedelta(minutes=5))
    second = send(api, patient)
    assert (first.status_code, second.status_code) == (201, 201)
    assert second.data["id"] == first.data["id"]
    assert second.data["images"][0]["id"] == first.data["images"][0]["id"]
    assert (Study.objects.count(), Image.objects.count()) == (1, 1)


def test_old_responses_are_deleted(api, patient, release):
    send(api, patient)
    assert idempotency.delete_old_responses() == 0
    IdempotentRequest.objects.update(created_at=timezone.now() - timedelta(days=8))
    assert idempotency.delete_old_responses() == 1


@pytest.mark.django_db(transaction=True)
def test_of_requests_at_once_one_works_and_the_others_replay_or_wait():
    person = UserFactory()
    patient = PatientFactory(created_by=person)
    ReleaseFactory()

    def one(_):
        try:
            return send(asking_as(person), patient)
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as threads:
        responses = list(threads.map(one, range(4)))
    worked = [row for row in responses if row.status_code == 201]
    assert {row.status_code for row in responses} <= {201, 409}
    assert len({row.data["id"] for row in worked}) == 1
    assert (Study.objects.count(), Image.objects.count()) == (1, 1)
    assert send(asking_as(person), patient).json() == worked[0].json()
