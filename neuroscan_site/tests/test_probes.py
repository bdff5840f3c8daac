from datetime import timedelta

import pytest
from django.db import OperationalError
from django.utils import timezone

from scans.models import Worker
from scans.services.core import readiness
from scans.tests.core.factories import WorkerFactory


def test_healthz_says_that_the_process_lives_without_asking_the_database(client):
    answer = client.get("/healthz")
    assert (answer.status_code, answer.json()) == (200, {"status": "ok"})


@pytest.mark.django_db
def test_readyz_is_not_ready_without_a_worker_and_says_so(client):
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert answer.json()["parts"]["database"] == "ok"
    assert "worker" in answer.json()["parts"]["worker"]


@pytest.mark.django_db
def test_readyz_is_ready_while_a_worker_reports(client):
    WorkerFactory()
    answer = client.get("/readyz")
    assert (answer.status_code, answer.json()["status"]) == (200, "ready")
    Worker.objects.update(last_seen_at=timezone.now() - timedelta(seconds=31))
    assert client.get("/readyz").status_code == 503


@pytest.mark.django_db
def test_readyz_names_a_database_that_does_not_answer(client, monkeypatch):
    def away():
        raise OperationalError("connection refused")

    monkeypatch.setattr(readiness.connection, "cursor", away)
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert answer.json()["parts"]["database"] == "does not answer"
