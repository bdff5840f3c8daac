"""The rank of a study in the worklist, and the latest time by which it is first (`due_at`).

docs/worklist.md has the formula with its reasons. Here it is twice: `rank_of` for one study, in
plain arithmetic, and `ranked` for the database, which sorts thousands. A property test compares
the two, and another proves that `due_at` holds.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import (
    Case,
    DateTimeField,
    F,
    FloatField,
    Func,
    IntegerField,
    QuerySet,
    Value,
    When,
)
from django.db.models.expressions import Combinable

from accounts.models import Clinic
from scans.models import Study
from scans.models.reading import Priority, ReadStage

# How much of the longest wait a triage score of 1.0 takes away: the rest lets waiting count
# between two studies with the same score.
SHARE = 0.9
# The score of a study that has none: it speaks neither for a tumor nor against one.
UNKNOWN = 0.5


@dataclass(frozen=True)
class MaxWait:
    """The longest wait of each priority, in minutes, as the clinic has set it."""

    minutes: Mapping[str, int]

    @classmethod
    def of(cls, clinic: Clinic) -> "MaxWait":
        """Return the clinic's settings."""
        return cls(
            {
                Priority.STAT.value: clinic.stat_max_wait_minutes,
                Priority.URGENT.value: clinic.urgent_max_wait_minutes,
                Priority.ROUTINE.value: clinic.routine_max_wait_minutes,
            }
        )

    def for_priority(self, priority: str) -> timedelta:
        """Return the longest wait of one of `Priority.values`."""
        return timedelta(minutes=self.minutes[priority])


@dataclass(frozen=True)
class Rank:
    """What decides where one study stands in the worklist, at one moment.

    `received_at` is since when it waits: of one that is read, since new images came. `sort_at` is
    what a study within its time is sorted by; `due_at` is the latest time by which
    it is first; `is_overdue` says whether that has passed.
    """

    received_at: datetime
    priority: str
    triage_score: float | None
    sort_at: datetime
    due_at: datetime
    is_overdue: bool

    @property
    def is_stat(self) -> bool:
        """Whether the study stands before all that are not stat."""
        return self.priority == Priority.STAT

    @property
    def key(self) -> tuple[int, int, datetime]:
        """The sort key of the list, smallest first."""
        moment = self.due_at if self.is_overdue else self.sort_at
        return (0 if self.is_stat else 1, 0 if self.is_overdue else 1, moment)


def rank_of(
    *,
    received_at: datetime,
    priority: str,
    triage_score: float | None,
    max_wait: MaxWait,
    now: datetime,
) -> Rank:
    """Compute the rank of one study at the time `now`.

    `triage_score` is 0 to 1, or None where there is none or it is withheld.
    """
    longest = max_wait.for_priority(priority)
    score = UNKNOWN if triage_score is None else triage_score
    due_at = received_at + longest
    return Rank(
        received_at=received_at,
        priority=priority,
        triage_score=triage_score,
        sort_at=received_at + longest * (1 - SHARE * score),
        due_at=due_at,
        is_overdue=now >= due_at,
    )


def with_due_at(studies: QuerySet[Study]) -> QuerySet[Study]:
    """Give the rows the alias `_due_at` to filter and sort by: `Rank.due_at`, in seconds."""
    return studies.alias(_due_at=_sum(_Epoch(waiting_since()), _longest_wait()))


def waiting_since() -> Combinable:
    """Return `Study.waiting_since` for the database."""
    return Case(
        When(read_stage=ReadStage.READ, new_images_at__isnull=False, then=F("new_images_at")),
        default=F("received_at"),
        output_field=DateTimeField(),
    )


def ranked(studies: QuerySet[Study], *, now: datetime, uses_ai: bool) -> QuerySet[Study]:
    """Sort the studies by `Rank.key` in the database; without the triage score if not `uses_ai`.

    The rows have the alias `_overdue` to filter by: 0 for a study whose `due_at` has passed,
    else 1.
    """
    received_at, longest = _Epoch(waiting_since()), _longest_wait()
    score: Combinable = _score_or_unknown() if uses_ai else Value(UNKNOWN)
    is_overdue = {"_due_at__lte": now.timestamp()}
    return (
        with_due_at(studies)
        .alias(
            _stat=Case(When(priority=Priority.STAT, then=0), default=1),
            _overdue=Case(When(**is_overdue, then=0), default=1, output_field=IntegerField()),
            _sort_at=Case(
                When(**is_overdue, then=F("_due_at")),
                default=_sum(received_at, longest * (Value(1.0) - Value(SHARE) * score)),
                output_field=FloatField(),
            ),
        )
        .order_by("_stat", "_overdue", "_sort_at", "pk")
    )


def _longest_wait() -> Combinable:
    """The longest wait of the study's priority, in seconds."""
    return Case(
        *(
            When(priority=name, then=F(f"clinic__{name}_max_wait_minutes"))
            for name in Priority.values
        ),
        output_field=FloatField(),
    ) * Value(60.0)


def _score_or_unknown() -> Combinable:
    return Case(
        When(triage_score__isnull=True, then=Value(UNKNOWN)),
        default=F("triage_score"),
        output_field=FloatField(),
    )


def _sum(first: Any, second: Any) -> Any:
    return _Float(first) + _Float(second)


class _Float(Func):
    """Says that an expression is a float; changes nothing."""

    template = "(%(expressions)s)"
    output_field = FloatField()


class _Epoch(Func):
    """Seconds since 1970 of a time, in the database's own arithmetic."""

    output_field = FloatField()

    def as_sqlite(self, compiler: Any, connection: Any, **more: Any) -> Any:
        template = "((julianday(%(expressions)s) - 2440587.5) * 86400.0)"
        return self.as_sql(compiler, connection, template=template, **more)

    def as_postgresql(self, compiler: Any, connection: Any, **more: Any) -> Any:
        template = "EXTRACT(EPOCH FROM %(expressions)s)::double precision"
        return self.as_sql(compiler, connection, template=template, **more)
