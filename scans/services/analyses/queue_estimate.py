"""How long an analysis still has to wait: an estimate from what the last ones took."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median
from uuid import UUID

from accounts.models import User
from scans.models import Analysis, Worker
from scans.models.analysis import Status

_SAMPLE = 20
_FIRST_GUESS_SECONDS = 1.0  # before there is anything to go by


@dataclass(frozen=True)
class Waiting:
    """`position` counts the user's own clinic only (1 is next, 0 is running now)."""

    position: int
    seconds: int
    worker_alive: bool


@dataclass(frozen=True)
class WaitingLine:
    """The queue as it is now, asked once for all the analyses that a page shows."""

    ahead: dict[UUID, tuple[int, int]]  # queued analysis -> (own clinic's, everybody's) before it
    running: int
    workers: int
    seconds_each: float

    def of(self, analysis: Analysis) -> Waiting:
        """The place of a queued or running analysis, and an honest estimate in seconds.

        The estimate counts every clinic's work, since all share the workers; the position must
        not, since nobody learns another clinic's counts.
        """
        own, everybody = self.ahead.get(analysis.pk, (0, 0))
        is_queued = analysis.pk in self.ahead
        work = everybody + self.running if is_queued else self.running
        rounds = work / max(1, self.workers) + is_queued
        return Waiting(
            position=own + 1 if is_queued else 0,
            seconds=max(1, math.ceil(rounds * self.seconds_each)),
            worker_alive=self.workers > 0,
        )


def waiting_line(*, user: User, analyses: Sequence[Analysis]) -> WaitingLine:
    """The line as these analyses stand in it, in a fixed number of queries."""
    wanted = {row.pk for row in analyses if row.status == Status.QUEUED}
    return WaitingLine(
        ahead=_places(wanted, user=user) if wanted else {},
        running=Analysis.objects.filter(status=Status.RUNNING).count(),
        workers=Worker.objects.alive().count(),
        seconds_each=_seconds_each(),
    )


def waiting_for(analysis: Analysis, *, user: User) -> Waiting:
    """The same for one analysis."""
    return waiting_line(user=user, analyses=[analysis]).of(analysis)


def _places(wanted: set[UUID], *, user: User) -> dict[UUID, tuple[int, int]]:
    """How many stand before each, in the order in which they were queued.

    The images of one upload joined the queue at one moment, in the order of their numbers.
    """
    mine = set(Analysis.objects.queued().visible_to(user).values_list("pk", flat=True))
    places: dict[UUID, tuple[int, int]] = {}
    before_own = 0
    line = Analysis.objects.queued().order_by("queued_at", "image__number", "pk")
    for everybody, pk in enumerate(line.values_list("pk", flat=True).iterator()):
        if pk in wanted:
            places[pk] = (before_own, everybody)
            if len(places) == len(wanted):
                break
        before_own += pk in mine
    return places


def _seconds_each() -> float:
    """The median from start to finish of the last analyses that got a result."""
    recent = (
        Analysis.objects.filter(status=Status.COMPLETED)
        .order_by("-finished_at")
        .values_list("started_at", "finished_at")[:_SAMPLE]
    )
    durations = [(end - start).total_seconds() for start, end in recent if start and end]
    return median(durations) if durations else _FIRST_GUESS_SECONDS
