"""The process that takes files from the watched folders; `make run` starts it where one is set."""

import fcntl
import os
import signal
import threading
from typing import Any

import structlog
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import close_old_connections

from scans.watching.folders import Watch

log = structlog.get_logger(__name__)
_LOOK_SECONDS = 1.0


class Command(BaseCommand):
    """Look into the folders again and again until a signal ends the process."""

    help = "Takes DICOM files and ZIP archives from the folders in NEUROSCAN_WATCH_DIR."

    def handle(self, *args: Any, **options: Any) -> None:
        root = settings.WATCH_DIR
        if root is None:
            raise CommandError("No folder is watched: set NEUROSCAN_WATCH_DIR.")
        try:
            root.mkdir(parents=True, exist_ok=True)
            lock = os.open(root, os.O_RDONLY | os.O_DIRECTORY)
        except OSError as error:
            raise CommandError(
                f"NEUROSCAN_WATCH_DIR names {root}, which cannot be used: {error.strerror}."
            ) from error
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise CommandError("Another process watches this folder already.") from error
        stopping = threading.Event()
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(number, lambda *_: stopping.set())
        watch = Watch(root, quiet_seconds=settings.WATCH_QUIET_SECONDS)
        log.info("watching.started")
        while not stopping.wait(_LOOK_SECONDS):
            close_old_connections()
            try:
                watch.look(stopping=stopping.is_set)
            except Exception:  # the database is away: the files stay where they are
                log.exception("watching.fault")
        log.info("watching.stopped")
