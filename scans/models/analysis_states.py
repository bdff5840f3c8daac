"""The states of an analysis, and the one table of how it gets from one to another.

`AnalysisQuerySet.transition` is the only code that writes a state, and the database refuses every
arrow that is not here (`scans/immutability.py`). `docs/architecture.md` prints the table.
"""

from dataclasses import dataclass
from enum import StrEnum

from django.db import models


class Status(models.TextChoices):
    QUEUED = "queued", "Queued"
    RUNNING = "running", "Running"
    COMPLETED = "completed", "Completed"
    ABSTAINED = "abstained", "No AI opinion"
    FAILED = "failed", "Failed"
    CANCELLED = "cancelled", "Cancelled"


UNFINISHED = (Status.QUEUED, Status.RUNNING)
FINISHED = (Status.COMPLETED, Status.ABSTAINED)  # immutable from here on
RETRYABLE = (Status.FAILED, Status.CANCELLED)


class Arrow(StrEnum):
    """The name of a state change."""

    CLAIM = "claim"
    COMPLETE = "complete"
    ABSTAIN = "abstain"
    FAIL = "fail"
    RELEASE = "release"
    CANCEL = "cancel"
    RETRY = "retry"


@dataclass(frozen=True)
class Transition:
    """From any of `sources` to `target`, by the one function that takes this way."""

    sources: tuple[Status, ...]
    target: Status
    function: str  # its name, in scans/services
    sentence: str


TRANSITIONS = {
    Arrow.CLAIM: Transition(
        (Status.QUEUED,),
        Status.RUNNING,
        "claim_analysis",
        "A worker takes it: one of them, with a token and a lease.",
    ),
    Arrow.COMPLETE: Transition(
        (Status.RUNNING,),
        Status.COMPLETED,
        "record_result",
        "The model gave a result, and the worker's claim still held.",
    ),
    Arrow.ABSTAIN: Transition(
        (Status.RUNNING,),
        Status.ABSTAINED,
        "record_result",
        "The model gave no opinion, and the worker's claim still held.",
    ),
    Arrow.FAIL: Transition(
        (Status.RUNNING,),
        Status.FAILED,
        "_give_up",
        "The attempts are used up, or trying again cannot help.",
    ),
    Arrow.RELEASE: Transition(
        (Status.RUNNING,),
        Status.QUEUED,
        "_release",
        "A fault or a lease that ran out; attempts are left.",
    ),
    Arrow.CANCEL: Transition(
        (Status.QUEUED,),
        Status.CANCELLED,
        "cancel_analysis",
        "A person no longer wants it, and no worker has begun.",
    ),
    Arrow.RETRY: Transition(
        RETRYABLE,
        Status.QUEUED,
        "retry_analyses",
        "A person asks for it again; its attempts count from the start.",
    ),
}
