"""Tasks, logs and the audit trail carry ids, never names."""

import json
import uuid

import pytest

from accounts.models import AuditEvent
from scans.services import doorbell, inference
from scans.services.patients import archive_patient, edit_patient, register_patient
from scans.services.runs import run_analysis
from scans.tests.factories import UserFactory, make_analysis

pytestmark = pytest.mark.django_db
NAMES = ("Zyxwvut", "Qwertz", "MRN-SECRET")


@pytest.fixture
def patient():
    return register_patient(
        user=UserFactory(), mrn=NAMES[2], family_name=NAMES[0], given_name=NAMES[1]
    )


def test_the_message_to_a_worker_is_one_id(
    patient, monkeypatch, django_capture_on_commit_callbacks
):
    sent = []
    monkeypatch.setattr(
        doorbell.current_app, "send_task", lambda name, args, **_: sent.append((name, args))
    )
    with django_capture_on_commit_callbacks(execute=True):
        analysis = make_analysis(patient=patient)
    assert sent == [("scans.tasks.analyze", [str(analysis.pk)])]
    uuid.UUID(sent[0][1][0])


def test_neither_logs_nor_the_audit_trail_name_the_patient(patient, caplog, monkeypatch):
    def broken(directory):
        raise RuntimeError("the model broke")

    monkeypatch.setattr(inference, "load_predictor", broken)
    user = patient.created_by
    analysis = make_analysis(patient=patient)
    run_analysis(analysis.pk)
    edit_patient(
        user=user,
        patient=patient,
        mrn=NAMES[2],
        family_name=NAMES[0],
        given_name=NAMES[1],
        birth_date=None,
        sex="F",
    )
    archive_patient(user=user, patient=patient)
    trail = json.dumps(list(AuditEvent.objects.values("action", "object_id", "detail")))
    assert "patient.edited" in trail
    for name in NAMES:
        assert name not in caplog.text
        assert name not in trail
