"""Messages to workers about queued analyses. The row is the queue; a message may get lost."""

from collections.abc import Iterable
from uuid import UUID

import structlog
from celery import current_app
from django.db import transaction

log = structlog.get_logger(__name__)


def dispatch_on_commit(analysis_ids: Iterable[UUID]) -> None:
    """Send a message for each analysis once the transaction is committed."""
    ids = list(analysis_ids)
    transaction.on_commit(lambda: dispatch(ids))


def dispatch(analysis_ids: Iterable[UUID]) -> None:
    """Send the messages now. A broker that is away loses nothing: `requeue_expired` sends again."""
    for analysis_id in analysis_ids:
        try:
            current_app.send_task("scans.tasks.analyze", args=[str(analysis_id)], retry=False)
        except Exception as error:  # whatever a broker can do wrong, the row is there
            log.warning("dispatch.broker_away", error=type(error).__name__)
            return
