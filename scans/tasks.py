"""Celery tasks: each calls a service with an id. The rows decide whether there is still work."""

from uuid import UUID

from celery import shared_task
from django.core.management import call_command

from scans.services.analyses import execution, overlap, workers
from scans.services.core import idempotency


@shared_task(name="scans.tasks.analyze")
def analyze(analysis_id: str) -> None:
    overlap.run_with_following(UUID(analysis_id))


@shared_task(name="scans.tasks.requeue_expired")
def requeue_expired() -> None:
    execution.requeue_expired()


@shared_task(name="scans.tasks.cleanup")
def cleanup() -> None:
    idempotency.delete_old_responses()
    workers.delete_lost()
    call_command("clearsessions")
