"""The process that receives by C-STORE; `make run` starts it where a port is set."""

import logging
import signal
import tempfile
import threading
from pathlib import Path
from typing import Any

import structlog
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import connections

from scans.dimse.listener import Listener
from scans.dimse.server import tls_context

log = structlog.get_logger(__name__)
_CONNECTION_SECONDS = 60


class Command(BaseCommand):
    """Listen for associations until a signal ends the process."""

    help = "Receives DICOM objects by C-STORE on NEUROSCAN_DIMSE_PORT."

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.DIMSE_PORT:
            raise CommandError(
                "Nothing is listened on: set NEUROSCAN_DIMSE_PORT (104 and 11112 are customary)."
            )
        # An association stores object after object: it keeps its connection to the database.
        connections.settings["default"]["CONN_MAX_AGE"] = _CONNECTION_SECONDS
        logging.getLogger("pynetdicom").setLevel(logging.ERROR)  # it logs UIDs and titles
        listener = self._listener()
        stopping = threading.Event()
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(number, lambda *_: stopping.set())
        serving = threading.Thread(target=listener.serve, daemon=True)
        serving.start()
        log.info("dimse.listening", port=listener.port, tls=bool(settings.DIMSE_TLS_CERTIFICATE))
        while serving.is_alive() and not stopping.wait(1):
            pass
        if not stopping.is_set():
            raise CommandError("The listener has ended by itself; its log says why.")
        listener.stop()
        log.info("dimse.stopped")

    def _listener(self) -> Listener:
        context = None
        if settings.DIMSE_TLS_CERTIFICATE:
            try:
                context = tls_context(
                    certificate=settings.DIMSE_TLS_CERTIFICATE,
                    key=settings.DIMSE_TLS_KEY,
                    client_ca=settings.DIMSE_TLS_CLIENT_CA,
                )
            except OSError as error:
                raise CommandError(
                    f"A file of NEUROSCAN_DIMSE_TLS_… cannot be used: {error}."
                ) from error
        try:
            listener = Listener(port=settings.DIMSE_PORT, ssl_context=context)
        except (OSError, OverflowError) as error:
            raise CommandError(
                f"Port {settings.DIMSE_PORT} cannot be used: {error}. Another program listens on "
                "it, or it takes the rights of root (ports below 1024)."
            ) from error
        except ValueError as error:
            raise CommandError(f"NEUROSCAN_DIMSE_AE_TITLE is no AE title: {error}.") from error
        _use_for_unfinished_objects(settings.DATA_DIR / "incoming")
        return listener


def _use_for_unfinished_objects(folder: Path) -> None:
    """Have temporary files there. What a process left that was killed was never acknowledged."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    for leftover in folder.iterdir():
        leftover.unlink()
    tempfile.tempdir = str(folder)
