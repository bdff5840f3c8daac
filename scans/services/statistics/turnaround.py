"""How long studies take in the clinic, what waits, and who reads how much: for administrators.

Turnaround: from when a study was received to its first signed verdict, and from there to its first
signed report. Medians, and the time within which nine of ten were done, by priority and by the
month of receipt in the clinic's time zone. None of it depends on an AI result or a finding.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import ceil
from statistics import median
from typing import Any

from django.db.models import Count, Min, OuterRef, Q, Subquery
from django.utils import timezone

from accounts.models import Role, User
from accounts.policy import Action, NotAllowedError, require
from scans.models import CriticalFinding, Report, Study, Verdict
from scans.models.assessment import SIGNED, VerdictStatus
from scans.models.reading import Priority
from scans.models.report import ReportStatus
from scans.services.reading.ranking import MaxWait
from scans.services.reading.worklist import READ_BY_ASSIGNEE, awaiting

MONTHS = 12
WORKLOAD_DAYS = 30
# The upper end of each age, and what it is called.
AGES: tuple[tuple[timedelta | None, str], ...] = (
    (timedelta(hours=1), "under 1 h"),
    (timedelta(hours=4), "1 to 4 h"),
    (timedelta(hours=24), "4 to 24 h"),
    (timedelta(days=3), "1 to 3 days"),
    (None, "over 3 days"),
)
_REPORT_SIGNED = (ReportStatus.FINAL, ReportStatus.AMENDED)


@dataclass(frozen=True)
class Span:
    """How long something took: the median, and within which time nine of ten were done."""

    count: int
    median: timedelta | None
    ninth_tenth: timedelta | None


@dataclass(frozen=True)
class Turnaround:
    """The studies of one priority that were received in one month, as "2026-11"."""

    month: str
    priority: str
    received: int
    to_first_read: Span
    read_to_signed: Span
    to_signed: Span

    @property
    def priority_label(self) -> str:
        """The priority in words."""
        return str(Priority(self.priority).label)


@dataclass(frozen=True)
class Backlog:
    """Studies of one priority that await a verdict, by age; `overdue` are past their wait."""

    priority: str
    by_age: Sequence[int]
    total: int
    overdue: int

    @property
    def priority_label(self) -> str:
        """The priority in words."""
        return str(Priority(self.priority).label)


@dataclass(frozen=True)
class Workload:
    """What one reader signed in the last days, and what is assigned to them and waits."""

    reader: User
    verdicts: int
    reports: int
    assigned: int


@dataclass(frozen=True)
class ClinicOverview:
    """All that the overview of a clinic shows."""

    turnaround: Sequence[Turnaround]
    ages: Sequence[str]
    backlog: Sequence[Backlog]
    workload: Sequence[Workload]
    awaiting: int
    overdue: int
    unacknowledged: Sequence[CriticalFinding]


def clinic_overview(*, user: User, now: datetime | None = None) -> ClinicOverview:
    """Return the overview of the administrator's own clinic. Raises `NotAllowedError`."""
    require(user, Action.MANAGE_PEOPLE)
    if user.clinic is None:
        raise NotAllowedError("Your account belongs to no clinic: there is no overview of it.")
    now = now or timezone.now()
    backlog = _backlog(user, now)
    unacknowledged = CriticalFinding.objects.visible_to(user).unacknowledged()
    return ClinicOverview(
        turnaround=_turnaround(user, now),
        ages=[label for _, label in AGES],
        backlog=backlog,
        workload=_workload(user, now),
        awaiting=sum(row.total for row in backlog),
        overdue=sum(row.overdue for row in backlog),
        unacknowledged=list(unacknowledged.select_related("study__patient", "reported_by")),
    )


def span(durations: Iterable[timedelta]) -> Span:
    """Return the median of some durations and the time within which nine of ten lie."""
    seconds = sorted(one.total_seconds() for one in durations)
    if not seconds:
        return Span(0, None, None)
    ninth_tenth = seconds[ceil(0.9 * len(seconds)) - 1]
    return Span(len(seconds), timedelta(seconds=median(seconds)), timedelta(seconds=ninth_tenth))


def _turnaround(user: User, now: datetime) -> list[Turnaround]:
    zone = timezone.get_current_timezone()
    rows = Study.objects.visible_to(user).filter(received_at__gte=now - timedelta(days=31 * MONTHS))
    facts = rows.annotate(
        _first_read=_first(Verdict, status=VerdictStatus.FINAL),
        _first_signed=_first(Report, status__in=_REPORT_SIGNED),
    ).order_by()
    groups: dict[tuple[str, str], list[tuple[datetime, datetime | None, datetime | None]]]
    groups = defaultdict(list)
    names = ("received_at", "priority", "_first_read", "_first_signed")
    for received, priority, read, signed in facts.values_list(*names).iterator():
        month = f"{received.astimezone(zone):%Y-%m}"
        groups[month, priority].append((received, read, signed))
    order = {name: at for at, name in enumerate(Priority.values)}
    keys = sorted(groups, key=lambda key: (key[0], -order[key[1]]), reverse=True)
    return [_turnaround_of(month, priority, groups[month, priority]) for month, priority in keys]


def _turnaround_of(
    month: str, priority: str, facts: Sequence[tuple[datetime, datetime | None, datetime | None]]
) -> Turnaround:
    return Turnaround(
        month=month,
        priority=priority,
        received=len(facts),
        to_first_read=span(read - received for received, read, _ in facts if read),
        read_to_signed=span(
            signed - read for _, read, signed in facts if read and signed and signed >= read
        ),
        to_signed=span(signed - received for received, _, signed in facts if signed),
    )


def _first(model: Any, **condition: object) -> Subquery:
    """The time of the first signature of a study's verdicts, or of its reports."""
    rows = model.objects.filter(study=OuterRef("pk"), **condition).order_by().values("study")
    return Subquery(rows.annotate(first=Min("signed_at")).values("first"))


def _backlog(user: User, now: datetime) -> list[Backlog]:
    assert user.clinic is not None
    max_wait = MaxWait.of(user.clinic)
    ages: dict[str, Counter[int]] = defaultdict(Counter)
    overdue: Counter[str] = Counter()
    rows = awaiting(user=user).order_by().values_list("priority", "received_at")
    for priority, received in rows.iterator():
        ages[priority][_age(now - received)] += 1
        overdue[priority] += now >= received + max_wait.for_priority(priority)
    return [
        Backlog(
            priority=name,
            by_age=[ages[name][at] for at in range(len(AGES))],
            total=ages[name].total(),
            overdue=overdue[name],
        )
        for name in Priority.values
    ]


def _age(waited: timedelta) -> int:
    return next(at for at, (end, _) in enumerate(AGES) if end is None or waited < end)


def _workload(user: User, now: datetime) -> list[Workload]:
    since = now - timedelta(days=WORKLOAD_DAYS)
    readers = User.objects.filter(clinic=user.clinic_id, role=Role.RADIOLOGIST)
    verdicts = _counted(Verdict, "reader", user, status__in=SIGNED, signed_at__gte=since)
    reports = _counted(Report, "author", user, status__in=_REPORT_SIGNED, signed_at__gte=since)
    waiting = (
        awaiting(user=user)
        .exclude(assignee=None)
        .exclude(READ_BY_ASSIGNEE)
        .order_by()
        .values("assignee")
    )
    assigned = dict(waiting.annotate(n=Count("pk")).values_list("assignee", "n"))
    shown = Q(is_active=True) | Q(pk__in=[*verdicts, *reports, *assigned])
    return [
        Workload(
            reader=person,
            verdicts=verdicts.get(person.pk, 0),
            reports=reports.get(person.pk, 0),
            assigned=assigned.get(person.pk, 0),
        )
        for person in readers.filter(shown).order_by("last_name", "first_name", "pk")
    ]


def _counted(model: Any, person: str, user: User, **condition: object) -> dict[int, int]:
    rows = model.objects.visible_to(user).filter(**condition).order_by().values(person)
    return dict(rows.annotate(n=Count("pk")).values_list(person, "n"))
