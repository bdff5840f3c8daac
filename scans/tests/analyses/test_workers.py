from datetime import timedelta

import pytest
from django.utils import timezone

from scans import tasks
from scans.models import Worker
from scans.services.analyses import inference, workers
from scans.tests.analyses.test_execution import FakePredictor
from scans.tests.core.factories import ReleaseFactory, WorkerFactory

pytestmark = pytest.mark.django_db


def test_a_worker_reports_itself_once_a_process_with_the_release_it_holds(monkeypatch):
    monkeypatch.setattr(inference, "load_predictor", lambda directory, **_: FakePredictor())
    release = ReleaseFactory()
    for _ in range(2):
        workers.report(host="here", pid=7)
    worker = Worker.objects.get()
    assert (worker.release, worker.engine) == (release, "tensorflow")
    workers.delete_worker(host="here", pid=7)
    assert not Worker.objects.exists()


def test_a_worker_without_an_active_release_does_not_report():
    workers.report(host="here", pid=7)
    assert not Worker.objects.exists()


def test_tidying_forgets_processes_that_were_lost_a_day_ago():
    WorkerFactory(last_seen_at=timezone.now() - timedelta(days=2))
    alive = WorkerFactory()
    tasks.cleanup()
    assert list(Worker.objects.all()) == [alive]
