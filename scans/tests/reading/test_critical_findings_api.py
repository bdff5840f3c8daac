"""Critical findings over the API: sent, phoned, and whether they were acknowledged."""

from datetime import timedelta
from unittest import mock

import pytest
from django.utils import timezone

from accounts.models import AuditEvent, OutgoingMail
from accounts.tests.factories import UserFactory
from scans.models import CriticalFinding, IdempotentRequest, Notification, Study
from scans.services.core import idempotency
from scans.services.reading.critical_findings import acknowledge
from scans.tests.core.factories import make_study
from scans.tests.core.fixtures import asking_as

pytestmark = pytest.mark.django_db
TEXT = "Mass in the left frontal lobe with midline shift."


@pytest.fixture
def study(user):
    study = make_study(user=user)
    Study.objects.update(received_at=timezone.now() - timedelta(hours=3))
    return study


@pytest.fixture
def address(study):
    return f"/api/v1/studies/{study.pk}/critical-findings/"


@pytest.fixture
def asked(user):
    return asking_as(user)


def test_a_person_of_the_clinic_is_told_and_the_list_says_when_they_acknowledged(
    asked, user, study, address
):
    clinician = UserFactory(clinic=user.clinic)

    sent = asked.post(address, {"text": TEXT, "recipient": clinician.pk})

    assert sent.status_code == 201
    assert sent.json()["is_acknowledged"] is False
    assert sent.json()["recipient_name"] == str(clinician)
    assert Notification.objects.of(clinician).get().kind == "critical_finding"
    acknowledge(user=clinician, finding=CriticalFinding.objects.get(), name=str(clinician))
    (listed,) = asked.get(address).json()
    assert listed["is_acknowledged"] is True
    assert listed["acknowledged_by"] == clinician.username
    assert listed["acknowledged_at"]
    assert AuditEvent.objects.filter(action="study.read", patient_id=study.patient_id).exists()


def test_an_address_gets_the_link_and_the_answer_does_not_hold_it(asked, address):
    facts = {"text": TEXT, "address": "gp@practice.example", "name": "Dr. Greta Page"}

    sent = asked.post(address, facts)

    assert sent.json()["channel"] == "mail"
    assert "/critical/" not in sent.content.decode()
    assert OutgoingMail.objects.get().address == "gp@practice.example"


def test_a_phone_call_is_noted_and_needs_no_acknowledgment(asked, address):
    at = (timezone.now() - timedelta(hours=1)).isoformat()

    noted = asked.post(f"{address}phone/", {"text": TEXT, "spoken_to": "Dr. Page", "at": at})

    assert noted.json()["channel"] == "phone"
    assert noted.json()["is_acknowledged"] is True


def test_the_same_key_and_request_send_and_note_once(asked, address):
    facts = {"text": TEXT, "address": "gp@practice.example", "name": "Dr. Greta Page"}
    at = (timezone.now() - timedelta(hours=1)).isoformat()
    call = {"text": TEXT, "spoken_to": "Dr. Page", "at": at}

    for path, body, key in ((address, facts, "sent"), (f"{address}phone/", call, "phoned")):
        first, second = (asked.post(path, body, headers={"Idempotency-Key": key}) for _ in range(2))
        assert (first.status_code, second.status_code) == (201, 201)
        assert first.json() == second.json()
        assert "Idempotency-Replayed" not in first
        assert second["Idempotency-Replayed"] == "true"
        other = asked.post(path, body | {"text": "Else."}, headers={"Idempotency-Key": key})
        assert other.status_code == 422
        assert other.json()["type"] == "urn:neuroscan:problem:idempotency-key-reused"
    assert sorted(CriticalFinding.objects.values_list("channel", flat=True)) == ["mail", "phone"]
    assert OutgoingMail.objects.count() == 1


def test_after_a_kill_the_repeat_sends_no_second_message(asked, address):
    """Killed between the finding's commit and the response's."""
    facts = {"text": TEXT, "address": "gp@practice.example", "name": "Dr. Greta Page"}
    with mock.patch.object(idempotency.IdempotentRequest.objects, "filter"):
        first = asked.post(address, facts, headers={"Idempotency-Key": "key-1"})
    IdempotentRequest.objects.update(created_at=timezone.now() - timedelta(minutes=5))

    second = asked.post(address, facts, headers={"Idempotency-Key": "key-1"})

    assert second.json()["id"] == first.json()["id"]
    assert OutgoingMail.objects.count() == 1


def test_without_a_key_each_request_is_a_finding(asked, address):
    facts = {"text": TEXT, "address": "gp@practice.example", "name": "Dr. Greta Page"}
    for _ in range(2):
        assert asked.post(address, facts).status_code == 201
    assert CriticalFinding.objects.count() == 2


def test_a_refused_request_does_not_use_up_its_key(asked, address):
    facts = {"text": TEXT, "address": "gp@practice.example"}
    key = {"Idempotency-Key": "key-1"}
    assert asked.post(address, facts, headers=key).status_code == 400
    named = facts | {"name": "Dr. Greta Page"}
    assert asked.post(address, named, headers=key).status_code == 201


@pytest.mark.parametrize(
    ("facts", "field"),
    [
        ({"text": TEXT}, "recipient"),
        ({"text": "x", "address": "gp@practice.example", "name": "Dr. Page"}, "text"),
        ({"text": TEXT, "address": "gp@practice.example"}, "name"),
        ({"text": TEXT, "address": "nobody"}, "address"),
        ({"text": TEXT, "recipient": 10**6}, "recipient"),
    ],
)
def test_what_cannot_be_sent_is_said_at_its_field(asked, address, facts, field):
    refused = asked.post(address, facts)
    assert refused.status_code == 400
    assert field in refused.json()["errors"]
    assert not CriticalFinding.objects.exists()


def test_a_person_of_another_clinic_is_unknown(asked, address):
    refused = asked.post(address, {"text": TEXT, "recipient": UserFactory().pk})
    assert refused.json()["errors"] == {"recipient": ["There is no such person in your clinic."]}


def test_only_who_reads_studies_sees_and_sends_them(user, address):
    clinician = asking_as(UserFactory(clinic=user.clinic))
    for response in (clinician.get(address), clinician.post(address, {"text": TEXT})):
        assert response.status_code == 403
    assert asking_as(UserFactory(radiologist=True)).get(address).status_code == 404
