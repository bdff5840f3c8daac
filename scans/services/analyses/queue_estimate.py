"""When a queued analysis is expected to finish, estimated from the duration of recent ones."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median
from uuid import UUID

from accounts.models import User
from scans.models import Analysis, Worker
from scans.models.analysis import Status

_SAMPLE = 20
_DEFAULT_SECONDS = 1.0  # while no analysis has finished yet


@dataclass(frozen=True)
class QueueEstimate:
    """The place of one analysis in the queue, and the seconds until its result is expected.

    `position` counts the user's own clinic only (1 is next, 0 is running now).
    """

    position: int
    seconds: int
    worker_alive: bool


@dataclass(frozen=True)
class QueueSnapshot:
    """The queue at one moment, read once for all the analyses that a page shows."""

    ahead: dict[UUID, tuple[int, int]]  # queued analysis -> before it: (own clinic's, all)
    running: int
    workers: int
    seconds_each: float

    def estimate_for(self, analysis: Analysis) -> QueueEstimate:
        """Return the estimate for a queued or running analysis.

        The seconds count the work of every clinic, since all share the workers; the position must
        not, since nobody learns another clinic's counts.
        """
        own, everybody = self.ahead.get(analysis.pk, (0, 0))
        is_queued = analysis.pk in self.ahead
        work = everybody + self.running if is_queued else self.running
        rounds = work / max(1, self.workers) + is_queued
        return QueueEstimate(
            position=own + 1 if is_queued else 0,
            seconds=max(1, math.ceil(rounds * self.seconds_each)),
            worker_alive=self.workers > 0,
        )


def queue_snapshot(*, user: User, analyses: Sequence[Analysis]) -> QueueSnapshot:
    """Return the queue as far as these analyses need it, in a fixed number of queries."""
    wanted = {row.pk for row in analyses if row.status == Status.QUEUED}
    return QueueSnapshot(
        ahead=_counts_ahead(wanted, user=user) if wanted else {},
        running=Analysis.objects.filter(status=Status.RUNNING).count(),
        workers=Worker.objects.alive().count(),
        seconds_each=_seconds_each(),
    )


def queue_estimate(analysis: Analysis, *, user: User) -> QueueEstimate:
    """Return the estimate for one queued or running analysis."""
    return queue_snapshot(user=user, analyses=[analysis]).estimate_for(analysis)


def _counts_ahead(wanted: set[UUID], *, user: User) -> dict[UUID, tuple[int, int]]:
    """Count the analyses queued before each: those of the user's clinics, and all.

    The images of one upload joined the queue at one moment, in the order of their numbers.
    """
    mine = set(Analysis.objects.queued().visible_to(user).values_list("pk", flat=True))
    ahead: dict[UUID, tuple[int, int]] = {}
    before_own = 0
    queue = Analysis.objects.queued().order_by("queued_at", "image__number", "pk")
    for everybody, pk in enumerate(queue.values_list("pk", flat=True).iterator()):
        if pk in wanted:
            ahead[pk] = (before_own, everybody)
            if len(ahead) == len(wanted):
                break
        before_own += pk in mine
    return ahead


def _seconds_each() -> float:
    """Return the median work of the newest completed analyses.

    Not the time from start to end: two of a study run side by side, each waiting for the other.
    """
    recent = (
        Analysis.objects.filter(status=Status.COMPLETED)
        .order_by("-finished_at")
        .only("decode_ms", "model_ms", "render_ms")[:_SAMPLE]
    )
    work = [analysis.total_ms for analysis in recent]
    known = [milliseconds / 1000.0 for milliseconds in work if milliseconds is not None]
    return median(known) if known else _DEFAULT_SECONDS
