from datetime import timedelta

import pytest
from django.core.checks import run_checks
from django.db import OperationalError
from django.utils import timezone

from ml.imaging.formats.dicom import self_check
from scans.models import Worker
from scans.services.core import readiness
from scans.tests.core.factories import WorkerFactory


def test_healthz_says_that_the_process_lives_without_asking_the_database(client):
    response = client.get("/healthz")
    assert (response.status_code, response.json()) == (200, {"status": "ok"})


@pytest.mark.django_db
def test_readyz_is_not_ready_without_a_worker_and_says_so(client):
    response = client.get("/readyz")
    assert response.status_code == 503
    assert response.json()["parts"]["database"] == "ok"
    assert "worker" in response.json()["parts"]["worker"]


@pytest.mark.django_db
def test_readyz_is_ready_while_a_worker_reports(client):
    WorkerFactory()
    response = client.get("/readyz")
    assert (response.status_code, response.json()["status"]) == (200, "ready")
    Worker.objects.update(last_seen_at=timezone.now() - timedelta(seconds=31))
    assert client.get("/readyz").status_code == 503


@pytest.mark.django_db
def test_readyz_names_a_database_that_does_not_answer(client, monkeypatch):
    def away():
        raise OperationalError("connection refused")

    monkeypatch.setattr(readiness.connection, "cursor", away)
    response = client.get("/readyz")
    assert response.status_code == 503
    assert response.json()["parts"]["database"] == "does not answer"


@pytest.mark.django_db
def test_a_transfer_syntax_that_is_not_decoded_here_is_named_and_all_else_works(
    client, monkeypatch
):
    WorkerFactory()
    assert client.get("/readyz").json()["cannot_read"] == []
    assert not [message for message in run_checks() if message.id == "scans.W001"]
    monkeypatch.setattr(self_check, "unreadable", lambda: {"1.2": "HTJ2K: no decoder"})
    response = client.get("/readyz")
    assert (response.status_code, response.json()["cannot_read"]) == (200, ["HTJ2K: no decoder"])
    (message,) = [message for message in run_checks() if message.id == "scans.W001"]
    assert "HTJ2K: no decoder" in message.msg
