"""Where a study stands in the worklist, and by when it is first at the latest.

The formula is written down, with its reasons, in docs/worklist.md. Here it is twice: `place_of`
for one study, in plain arithmetic, and `standing` for the database, which sorts thousands. A
property test compares them, and another proves the promise.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Case, F, FloatField, Func, IntegerField, QuerySet, Value, When
from django.db.models.expressions import Combinable

from accounts.models import Clinic
from scans.models import Study
from scans.models.reading import Priority

# How much of the longest wait a certain suspicion (1.0) takes away: the rest lets waiting count
# between two studies that the model finds equally suspicious.
SHARE = 0.9
# No opinion speaks neither for a tumor nor against one.
UNKNOWN = 0.5


@dataclass(frozen=True)
class Caps:
    """The longest wait of each priority, in minutes, as the clinic has set it."""

    minutes: Mapping[str, int]

    @classmethod
    def of(cls, clinic: Clinic) -> "Caps":
        return cls(
            {
                Priority.STAT.value: clinic.stat_cap_minutes,
                Priority.URGENT.value: clinic.urgent_cap_minutes,
                Priority.ROUTINE.value: clinic.routine_cap_minutes,
            }
        )

    def of_priority(self, priority: str) -> timedelta:
        return timedelta(minutes=self.minutes[priority])


@dataclass(frozen=True)
class Place:
    """Of one study: when its turn is, and the latest time by which it is first."""

    received: datetime
    priority: str
    triage_score: float | None
    turn: datetime
    promised: datetime
    is_overdue: bool

    @property
    def is_stat(self) -> bool:
        return self.priority == Priority.STAT

    @property
    def key(self) -> tuple[int, int, datetime]:
        """What the list is sorted by."""
        moment = self.promised if self.is_overdue else self.turn
        return (0 if self.is_stat else 1, 0 if self.is_overdue else 1, moment)


def place_of(
    *, received: datetime, priority: str, triage_score: float | None, caps: Caps, now: datetime
) -> Place:
    """Where a study stands.

    `triage_score` is 0 to 1, None where there is none or it is withheld.
    """
    cap = caps.of_priority(priority)
    weight = UNKNOWN if triage_score is None else triage_score
    promised = received + cap
    return Place(
        received=received,
        priority=priority,
        triage_score=triage_score,
        turn=received + cap * (1 - SHARE * weight),
        promised=promised,
        is_overdue=now >= promised,
    )


def standing(studies: QuerySet[Study], *, now: datetime, uses_ai: bool) -> QuerySet[Study]:
    """The studies in the order of `Place.key`, sorted by the database."""
    received = _Epoch(F("received_at"))
    cap = Case(
        *(When(priority=name, then=F(f"clinic__{name}_cap_minutes")) for name in Priority.values),
        output_field=FloatField(),
    ) * Value(60.0)
    weight: Combinable = _or_unknown() if uses_ai else Value(UNKNOWN)
    overdue = When(_promised__lte=now.timestamp(), then=F("_promised"))
    return (
        studies.alias(_promised=_sum(received, cap))
        .alias(
            _stat=Case(When(priority=Priority.STAT, then=0), default=1),
            _late=Case(
                When(_promised__lte=now.timestamp(), then=0),
                default=1,
                output_field=IntegerField(),
            ),
            _moment=Case(
                overdue,
                default=_sum(received, cap * (Value(1.0) - Value(SHARE) * weight)),
                output_field=FloatField(),
            ),
        )
        .order_by("_stat", "_late", "_moment", "pk")
    )


def _or_unknown() -> Combinable:
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
