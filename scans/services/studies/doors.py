"""What every door through which objects arrive has in common: take one, and say what became of it.

STOW-RS, C-STORE and the watched folder each say it in their own words; the codes of DICOM are the
same in the first two.
"""

import errno
from dataclasses import dataclass
from enum import Enum
from typing import IO

import structlog
from django.db import OperationalError

from accounts.models import User
from accounts.policy import NotAllowedError
from scans import ingest
from scans.models import ReceivedObject
from scans.services.studies.inbox.accepting import accept_object

log = structlog.get_logger(__name__)
_DISK_IS_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
_NO_ROOM = "There is no room for it now, or the database is busy. Send it again later."
_FAULT = "It could not be stored for a fault of ours. Send it again; if it stays, tell us."


class DicomStatus(Enum):
    """What became of an object, by its code: a status of C-STORE (PS3.4, B.2.3; PS3.7, C).

    A failure is a Failure Reason of STOW-RS as well (PS3.18, 10.5.3).
    """

    STORED = 0x0000
    PROCESSING_FAILURE = 0x0110
    DUPLICATE_SOP_INSTANCE = 0x0111
    NOT_AUTHORIZED = 0x0124
    OUT_OF_RESOURCES = 0xA700
    DOES_NOT_MATCH = 0xA900
    CANNOT_UNDERSTAND = 0xC000


@dataclass(frozen=True)
class Taken:
    """What became of one object: its row where there is one, and a sentence where it failed."""

    status: DicomStatus
    row: ReceivedObject | None = None
    sentence: str = ""
    is_temporary: bool = False  # nothing is wrong with the object: it can be stored later

    @property
    def is_stored(self) -> bool:
        """Whether it is on the disk and in the database, now or since it was sent before."""
        return self.status is DicomStatus.STORED


def take_object(
    *,
    user: User,
    content: bytes | IO[bytes],
    source: str,
    sender: str,
    filename: str = "",
) -> Taken:
    """Accept one object for this person; nothing that is wrong with it or with us is raised."""
    try:
        row = accept_object(
            user=user, content=content, source=source, sender=sender, filename=filename
        )
    except ingest.Refusal as refusal:
        too_large = refusal.code == "too_large"
        status = DicomStatus.OUT_OF_RESOURCES if too_large else DicomStatus.CANNOT_UNDERSTAND
        return Taken(status, sentence=refusal.detail)
    except NotAllowedError as error:
        return Taken(DicomStatus.NOT_AUTHORIZED, sentence=str(error))
    except Exception as error:  # each storage and database brings errors of its own
        return fault_of(error)
    if row.is_conflict:
        return Taken(DicomStatus.DUPLICATE_SOP_INSTANCE, row, row.detail)
    return Taken(DicomStatus.STORED, row)


def too_large(limit: int) -> Taken:
    """What is said of an object that is not read to its end, for its size."""
    return Taken(
        DicomStatus.OUT_OF_RESOURCES,
        sentence=f"The object is larger than {limit // 1024**2} MB.",
    )


def fault_of(error: Exception) -> Taken:
    """What is said of an object that could not be stored for a fault of ours."""
    full = isinstance(error, OSError) and error.errno in _DISK_IS_FULL
    if full or isinstance(error, OperationalError):
        log.error("door.no_room", error=type(error).__name__)
        return Taken(DicomStatus.OUT_OF_RESOURCES, sentence=_NO_ROOM, is_temporary=True)
    log.exception("door.fault")
    return Taken(DicomStatus.PROCESSING_FAILURE, sentence=_FAULT, is_temporary=True)
