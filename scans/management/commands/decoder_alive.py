"""The health check of a decoder's container."""

from datetime import timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from scans.models import Instance

_PATIENCE = timedelta(minutes=10)


class Command(BaseCommand):
    help = "Exit with 0 unless a file has waited to be decoded for ten minutes."
    requires_system_checks = ()  # runs often

    def handle(self, *args: Any, **options: Any) -> None:
        since = timezone.now() - _PATIENCE
        waiting = Instance.objects.to_decode().filter(decoding_queued_at__lt=since).count()
        if waiting:
            raise CommandError(f"{waiting} files have waited to be decoded for ten minutes.")
