"""The next images of a study beside the one at hand: one is decoded, drawn or written while the
network, which takes all cores and serves one at a time, reads another.

Each stays its own row, with its own claim, attempt, result and failure (`execution.run_analysis`),
and gets the answer that it gets alone. No other study is overtaken (`AnalysisQuerySet.following`).
"""

import threading
import time
from collections import deque
from uuid import UUID

import structlog
from django.conf import settings
from django.db import connection

from scans.models import Analysis
from scans.services.analyses import execution

log = structlog.get_logger(__name__)
FOLLOWING = 3  # one task takes four at most, so that no other study waits long for the worker
MOST_PIXELS = 4_000_000  # of two images in memory at once; a slice of MRI has a million at most
_SHARE_OF_TIME_LIMIT = 0.25  # of a task, after which none is begun any more


def run_with_following(analysis_id: UUID) -> None:
    """Run one analysis, and beside it those that come next and are of the same study.

    In two threads, each with a database connection of its own. Inside a transaction, which another
    connection cannot see, it is run alone.
    """
    if connection.in_atomic_block:
        execution.run_analysis(analysis_id)
        return
    following = Analysis.objects.following(analysis_id, most=FOLLOWING, most_pixels=MOST_PIXELS)
    if not following:
        execution.run_analysis(analysis_id)
        return
    waiting = deque(following)
    until = time.monotonic() + _SHARE_OF_TIME_LIMIT * settings.CELERY_TASK_TIME_LIMIT
    beside = threading.Thread(target=_run_beside, args=(waiting, until), name="beside")
    beside.start()
    try:
        execution.run_analysis(analysis_id)
        _run_waiting(waiting, until)
    finally:
        beside.join()


def _run_beside(waiting: deque[UUID], until: float) -> None:
    try:
        _run_waiting(waiting, until)
    except Exception:  # of the queue itself: their messages are still to come
        log.exception("analysis.beside_fault")
    finally:
        connection.close()


def _run_waiting(waiting: deque[UUID], until: float) -> None:
    while time.monotonic() < until:
        try:
            analysis_id = waiting.popleft()  # of one thread alone
        except IndexError:
            return
        execution.run_analysis(analysis_id)
