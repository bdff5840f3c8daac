"""Signals of a worker: what its children do first, and what it asks for when it has started.

A worker that decodes alone (`--queues decoding`) loads no model; its children may use only so much
memory. Any other loads the model once in each child, and reports while the child is alive.
"""

import os
import resource
import socket
import threading
import time
from pathlib import Path
from typing import Any

import structlog
from celery.signals import (
    celeryd_after_setup,
    worker_init,
    worker_process_init,
    worker_process_shutdown,
    worker_ready,
)
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.db import DatabaseError, connection, connections

from accounts.checks import require_protected_database

log = structlog.get_logger(__name__)
# Connections opened before the fork belong to the parent. They are held here, unused: dropping
# one would close it at the server, under the parent.
_of_parent: list[object] = []
_STATM = Path("/proc/self/statm")  # pages of memory, those of the address space first


class _Queues:
    """Which queues this worker reads, known before its children are forked."""

    names: frozenset[str] = frozenset()

    @classmethod
    def has_models(cls) -> bool:
        """Whether analyses come to this worker."""
        return cls.names != {settings.DECODING_QUEUE}


@celeryd_after_setup.connect
def note_queues(instance: Any, **_: object) -> None:
    """Before any child is forked."""
    _Queues.names = frozenset(instance.app.amqp.queues.consume_from)


@worker_init.connect
def refuse_unprotected_database(**_: object) -> None:
    """Before any child is forked. Celery only logs other exceptions of a receiver."""
    try:
        require_protected_database()
    except ImproperlyConfigured as error:
        raise SystemExit(f"The worker does not start. {error}") from error


@worker_process_init.connect
def prepare_child(**_: object) -> None:
    """Leave the connections to the parent; then load the model, or limit the memory."""
    for inherited in connections.all(initialized_only=True):
        _of_parent.append(inherited.connection)
        inherited.connection = None
    if _Queues.has_models():
        load_model()
    else:
        limit_memory(settings.DECODING_MEMORY_MB * 1024**2)


def limit_memory(size: int) -> None:
    """Refuse this process more than so many bytes beyond what it uses: decoders believe headers."""
    if not _STATM.exists():  # Linux alone tells, and keeps to it
        return
    used = int(_STATM.read_text().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (used + size, used + size))


def load_model() -> None:
    """Load the model in a worker child, after the fork, which TensorFlow does not survive."""
    from scans.services.analyses import workers

    started = time.monotonic()
    try:
        workers.load_active_model()
    except Exception:
        # The child goes on without reporting: /readyz says that no worker is ready, and an
        # analysis that arrives tries to load again and fails with a message.
        log.exception("worker.model_not_loaded")
    else:
        log.info("worker.model_loaded", seconds=round(time.monotonic() - started, 1))
    finally:
        # Celery's own receiver comes after this one and closes the descriptor of any connection
        # it finds, taking it for the parent's. The connection would then close that descriptor
        # once more, when it is already the heartbeat's, which waits on it for ever.
        connection.close()
    threading.Thread(target=_report_for_ever, name="heartbeat", daemon=True).start()


@worker_process_shutdown.connect
def delete_worker_row(**_: object) -> None:
    from scans.services.analyses import workers

    if not _Queues.has_models():
        return
    workers.delete_worker(host=socket.gethostname(), pid=os.getpid())


@worker_ready.connect
def dispatch_queued(**_: object) -> None:
    """Messages may have been lost while no worker was there; the rows were not."""
    from scans.services.analyses import execution
    from scans.services.studies.decoding import execution as decoding

    try:
        if _Queues.has_models():
            execution.dispatch_all_queued()
        if settings.DECODING_QUEUE in _Queues.names:
            decoding.dispatch_all_waiting()
    finally:
        connection.close()  # so that no child is forked with it


def _report_for_ever() -> None:
    from scans.services.analyses import workers

    while True:
        try:
            workers.report(host=socket.gethostname(), pid=os.getpid())
        except DatabaseError as error:
            log.warning("worker.report_failed", error=type(error).__name__)
        except Exception:
            log.exception("worker.model_not_loaded")
        finally:
            connection.close()
        time.sleep(settings.WORKER_HEARTBEAT_SECONDS)
