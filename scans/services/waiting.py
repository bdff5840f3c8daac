"""How long an analysis still has to wait: an estimate from what the last ones took."""

import math
from dataclasses import dataclass
from statistics import median

from django.db.models import Q

from accounts.models import User
from scans.models import Analysis, Worker
from scans.models.analysis import Status

_SAMPLE = 20
_FIRST_GUESS_SECONDS = 1.0  # before there is anything to go by


@dataclass(frozen=True)
class Waiting:
    """`position` counts the user's own clinic only (1 is next); `seconds` until the result."""

    position: int
    seconds: int
    worker_alive: bool


def waiting_for(analysis: Analysis, *, user: User) -> Waiting:
    """The place of a queued or running analysis, and an honest estimate in seconds.

    The estimate counts every clinic's work, since all share the workers; the position must not,
    since nobody learns another clinic's counts.
    """
    # The images of one upload joined the queue at one moment, in the order of their numbers.
    earlier = Q(queued_at__lt=analysis.queued_at)
    together = Q(queued_at=analysis.queued_at, image__number__lt=analysis.image.number)
    ahead = Analysis.objects.queued().filter(earlier | together)
    workers = Worker.objects.alive().count()
    position = 0
    if analysis.status == Status.QUEUED:
        position = ahead.visible_to(user).count() + 1
    work = ahead.count() + Analysis.objects.filter(status=Status.RUNNING).count()
    rounds = work / max(1, workers) + (analysis.status == Status.QUEUED)
    return Waiting(
        position=position,
        seconds=max(1, math.ceil(rounds * _seconds_each())),
        worker_alive=workers > 0,
    )


def _seconds_each() -> float:
    """The median from start to finish of the last analyses that got a result."""
    recent = (
        Analysis.objects.filter(status=Status.COMPLETED)
        .order_by("-finished_at")
        .values_list("started_at", "finished_at")[:_SAMPLE]
    )
    durations = [(end - start).total_seconds() for start, end in recent if start and end]
    return median(durations) if durations else _FIRST_GUESS_SECONDS
