"""The states of a received object, and the one table of how it gets from one to another.

`ReceivedObjectQuerySet.transition` is the only code that writes a state, and the database refuses
every arrow that is not here (`scans/immutability.py`). `docs/dicom.md` prints the table.
"""

from dataclasses import dataclass
from enum import StrEnum

from django.db import models


class ReceivedState(models.TextChoices):
    WAITING = "waiting", "Waiting"
    FILED = "filed", "Filed"
    HELD = "held", "Held"
    DISCARDED = "discarded", "Discarded"


OPEN_STATES = (ReceivedState.WAITING, ReceivedState.HELD)


class ReceivedArrow(StrEnum):
    """The name of a state change."""

    FILE = "file"
    HOLD = "hold"
    RELEASE = "release"
    DISCARD = "discard"
    RESTORE = "restore"


@dataclass(frozen=True)
class ReceivedTransition:
    """From any of `sources` to `target`; the sentence says when."""

    sources: tuple[ReceivedState, ...]
    target: ReceivedState
    sentence: str


RECEIVED_TRANSITIONS = {
    ReceivedArrow.FILE: ReceivedTransition(
        (ReceivedState.WAITING, ReceivedState.HELD),
        ReceivedState.FILED,
        "It is an instance of a study now: its patient was found, or an upload brought it for one.",
    ),
    ReceivedArrow.HOLD: ReceivedTransition(
        (ReceivedState.WAITING,),
        ReceivedState.HELD,
        "A person has to decide; the code says what.",
    ),
    ReceivedArrow.RELEASE: ReceivedTransition(
        (ReceivedState.HELD,),
        ReceivedState.WAITING,
        "A person has chosen the patient, or wants it tried again.",
    ),
    ReceivedArrow.DISCARD: ReceivedTransition(
        (ReceivedState.HELD,),
        ReceivedState.DISCARDED,
        "A person does not want it, and says why; the bytes stay.",
    ),
    ReceivedArrow.RESTORE: ReceivedTransition(
        (ReceivedState.DISCARDED,),
        ReceivedState.HELD,
        "A person takes the discard back.",
    ),
}
