"""The health check of a worker's container."""

import socket
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from scans.models import Worker


class Command(BaseCommand):
    help = "Exit with 0 if a worker with a loaded model on this machine reported lately."
    requires_system_checks = ()  # runs often: the weights are not to be read each time

    def handle(self, *args: Any, **options: Any) -> None:
        host = socket.gethostname()
        if not Worker.objects.alive().filter(host=host).exists():
            raise CommandError(f"No worker on {host} has reported in the last 30 seconds.")
