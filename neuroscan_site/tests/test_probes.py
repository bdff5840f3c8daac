from datetime import timedelta

import pytest
from django.db import OperationalError
from django.utils import timezone

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
