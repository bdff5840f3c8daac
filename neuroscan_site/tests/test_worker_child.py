"""What a worker's child leaves open when Celery's own receivers run after ours."""

import threading

import pytest
from django.db import connection

from scans import worker
from scans.services.analyses import workers


@pytest.mark.django_db(transaction=True)
def test_loading_the_model_leaves_no_connection_for_celery_to_close(monkeypatch):
    """Celery would close its descriptor, and the connection would close it a second time.

    By then it may be the descriptor of the heartbeat's connection: seen on PostgreSQL, one start
    in ten, as a worker that works but never reports.
    """
    pinged, open_when_the_heartbeat_starts = [], []

    class Heartbeat:
        def __init__(self, **_: object) -> None:
            pass

        def start(self) -> None:
            open_when_the_heartbeat_starts.append(connection.connection is not None)

    def load() -> None:
        connection.ensure_connection()
        pinged.append(connection.connection)

    monkeypatch.setattr(workers, "load_active_model", load)
    monkeypatch.setattr(threading, "Thread", Heartbeat)
    worker.load_model()
    assert pinged
    assert open_when_the_heartbeat_starts == [False]
