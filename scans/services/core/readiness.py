"""Whether this installation can do its work: for load balancers and `make run`."""

from dataclasses import dataclass

from django.db import DatabaseError, connection

from accounts.immutability import missing_triggers
from scans import ingest
from scans.models import Worker


@dataclass(frozen=True)
class Readiness:
    """Each part is `ok`, or says what is missing.

    `cannot_read` are transfer syntaxes of DICOM that are not decoded here: their files are refused,
    and everything else works.
    """

    parts: dict[str, str]
    cannot_read: tuple[str, ...] = ()

    @property
    def ready(self) -> bool:
        """Whether every part is `ok`."""
        return all(state == "ok" for state in self.parts.values())


def readiness() -> Readiness:
    """Check the database, and that a worker with a loaded model is alive."""
    try:
        unprotected = missing_triggers(connection)
        worker_alive = Worker.objects.alive().exists()
    except DatabaseError:
        return Readiness({"database": "does not answer", "worker": "not known"})
    return Readiness(
        {
            "database": "does not refuse changes of signed rows: run manage.py migrate"
            if unprotected
            else "ok",
            "worker": "ok"
            if worker_alive
            else "no worker with a loaded model has reported in the last 30 seconds",
        },
        ingest.cannot_read(),
    )
