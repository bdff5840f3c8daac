"""Messages that wake who files what was received. The rows are the queue; a message may get lost.

One message stands for all objects that come within a moment: two hundred objects of a series are
filed in a few batches. What arrives after the message was sent, and before it is read, is filed by
it, or by the message that its reader sends for what is too new.
"""

import threading
import time

import structlog
from celery import current_app
from django.db import transaction

log = structlog.get_logger(__name__)
QUIET_SECONDS = 1.0  # after the last object of a study, its objects are filed
_MESSAGE_EVERY = 0.5  # seconds; less than `QUIET_SECONDS`, so that no object is behind the last one
_lock = threading.Lock()
_sent_at = float("-inf")


def wake_on_commit() -> None:
    """Have what waits filed once the transaction is committed."""
    transaction.on_commit(wake)


def wake() -> None:
    """Send a message, unless this process has sent one a moment ago."""
    global _sent_at
    with _lock:
        now = time.monotonic()
        if now - _sent_at < _MESSAGE_EVERY:
            return
        _sent_at = now
    try:
        current_app.send_task("scans.tasks.file_received", countdown=QUIET_SECONDS, retry=False)
    except Exception as error:  # whatever a broker can do wrong, the row is there
        log.warning("inbox.broker_away", error=type(error).__name__)
