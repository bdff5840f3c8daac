"""Celery tasks: each calls a service with an id. The rows decide whether there is still work."""

from uuid import UUID

from celery import shared_task
from django.conf import settings
from django.core.management import call_command

from accounts import outbox
from scans.services.analyses import execution, overlap, workers
from scans.services.core import idempotency
from scans.services.demo.clinics import demo_password
from scans.services.demo.readings import read_demo as read_demo_studies
from scans.services.studies import arrival
from scans.services.studies.decoding import execution as decoding
from scans.services.studies.inbox import filing


@shared_task(name="scans.tasks.analyze")
def analyze(analysis_id: str) -> None:
    overlap.run_with_following(UUID(analysis_id))


@shared_task(name="scans.tasks.decode", time_limit=settings.DECODING_TIME_LIMIT)
def decode(instance_id: str) -> None:
    decoding.run_with_following(UUID(instance_id))


@shared_task(name="scans.tasks.requeue_expired")
def requeue_expired() -> None:
    try:
        decoding.requeue_expired()
    finally:
        execution.requeue_expired()


@shared_task(name="scans.tasks.file_received")
def file_received() -> None:
    filing.file_waiting()


@shared_task(name="scans.tasks.mark_arrived")
def mark_arrived() -> None:
    arrival.mark_arrived()


@shared_task(name="scans.tasks.cleanup")
def cleanup() -> None:
    idempotency.delete_old_responses()
    workers.delete_lost()
    outbox.delete_old()
    call_command("clearsessions")


@shared_task(name="scans.tasks.send_mail")
def send_mail() -> None:
    outbox.send_waiting()


@shared_task(name="scans.tasks.read_demo")
def read_demo() -> None:
    if settings.DEMO:
        read_demo_studies(password=demo_password())
