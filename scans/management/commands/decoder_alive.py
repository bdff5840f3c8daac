"""The health check of a decoder's container."""

import time
from datetime import datetime, timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from scans.models import Instance
from scans.models.decoding import Decoding

_PATIENCE = timedelta(minutes=10)
# Between two files nobody holds one: it is looked for some seconds, under the check's own limit.
_LOOKS = 20
_SECONDS_BETWEEN = 0.4


class Command(BaseCommand):
    help = "Exit with 0 unless files have waited to be decoded for ten minutes and nobody decodes."
    requires_system_checks = ()  # runs often

    def handle(self, *args: Any, **options: Any) -> None:
        since = timezone.now() - _PATIENCE
        for look in range(_LOOKS):
            if look:
                time.sleep(_SECONDS_BETWEEN)
            waiting = Instance.objects.to_decode().filter(decoding_queued_at__lt=since).count()
            if not waiting or _somebody_decodes(timezone.now()):
                return
        raise CommandError(
            f"{waiting} files have waited to be decoded for ten minutes, and none is being decoded."
        )


def _somebody_decodes(now: datetime) -> bool:
    """Whether a worker holds a file: a large import keeps others waiting, and is no fault of it."""
    held = Instance.objects.filter(decoding=Decoding.RUNNING, decoding_lease_expires_at__gte=now)
    return held.exists()
