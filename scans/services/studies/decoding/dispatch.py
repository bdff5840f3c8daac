"""Messages to workers about files that wait to be decoded. The row is the queue of record."""

from collections.abc import Iterable, Sequence
from uuid import UUID

import structlog
from celery import current_app
from django.db import transaction

from scans.models import Image

log = structlog.get_logger(__name__)
FILES_OF_A_MESSAGE = 8  # a worker goes on with the study's other files by itself


def dispatch_on_commit(images: Iterable[Image]) -> None:
    """Tell workers of the files of these images that wait, once the transaction is committed."""
    waiting = {image.instance_id: None for image in images if image.instance.is_being_prepared}
    if waiting:
        ids = list(waiting)[::FILES_OF_A_MESSAGE]
        transaction.on_commit(lambda: dispatch(ids))


def dispatch(instance_ids: Sequence[UUID]) -> None:
    """Send the messages now. A broker that is away loses nothing: `requeue_expired` sends again."""
    for instance_id in instance_ids:
        try:
            current_app.send_task("scans.tasks.decode", args=[str(instance_id)], retry=False)
        except Exception as error:  # whatever a broker can do wrong, the row is there
            log.warning("decoding.broker_away", error=type(error).__name__)
            return
