"""The worklist: which studies await a verdict, in which order, and which one is next."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db.models import Case, Count, Exists, F, OuterRef, Q, QuerySet, Subquery, When
from django.db.models.functions import Coalesce
from django.utils import timezone

from accounts.models import Role, User
from accounts.policy import Action, require
from scans.errors import StateConflictError
from scans.models import Analysis, Image, SeriesStatement, Study, Verdict
from scans.models.analysis import UNFINISHED
from scans.models.assessment import SIGNED
from scans.models.reading import Priority, ReadStage
from scans.services.analyses.triage import results_without_statement
from scans.services.disclosure import reads_first
from scans.services.reading.assignment import take_study
from scans.services.reading.new_images import left_for, left_for_colleagues
from scans.services.reading.ranking import (
    MaxWait,
    Rank,
    rank_of,
    ranked,
    waiting_since,
    with_due_at,
)

# Of a study: that its assignee has given their read, so that it waits for somebody else.
READ_BY_ASSIGNEE = Exists(
    Verdict.objects.filter(study=OuterRef("pk"), reader=OuterRef("assignee"), status__in=SIGNED)
)
# Who can read it, as `assignment` asks of a person.
_ASSIGNED_TO_A_READER = Q(
    assignee__is_active=True, assignee__role=Role.RADIOLOGIST, assignee__clinic=F("clinic")
)

RANK = "rank"
MINE, NOBODY = "me", "nobody"


@dataclass(frozen=True)
class Order:
    """A column of the list: its heading, and the fields that it sorts by (`pk` follows them).

    `reveals_ai` says that the order shows something of the AI results.
    """

    label: str
    fields: tuple[str, ...]
    reveals_ai: bool = False


_URGENCY = Case(*(When(priority=name, then=at) for at, name in enumerate(Priority.values)))
_IN_WORK = Analysis.objects.filter(status__in=UNFINISHED, image__series__study=OuterRef("pk"))
ORDERS = {
    RANK: Order("Rank", ()),
    "patient": Order("Patient", ("patient__family_name", "patient__given_name")),
    "age": Order("Age", ("-patient__birth_date",)),
    "description": Order("Description", ("description", "study_date")),
    "images": Order("Images", ("_images",)),
    "state": Order("State", ("-_unfinished", "received_at")),
    "triage_score": Order("Triage score", ("triage_score", "-received_at"), reveals_ai=True),
    "priority": Order("Priority", ("_urgency", "received_at")),
    "due": Order("Due", ("_due_at",)),
    "waiting": Order("Waiting", ("-_waiting_since",)),
    "assignee": Order("Assignee", ("assignee__last_name", "assignee__first_name", "received_at")),
}
# By their older names: in saved views, in bookmarks, and in what clients of the API send.
OLDER_ORDERS = {"place": RANK, "suspicion": "triage_score"}


@dataclass(frozen=True)
class Ordering:
    """A column of the list, and whether it is sorted in reverse."""

    column: str = RANK  # of `ORDERS`
    is_reversed: bool = False

    @classmethod
    def of(cls, order: str) -> "Ordering":
        """The ordering that an address names: a column, reversed with a minus in front."""
        return cls(order.lstrip("-"), order.startswith("-"))


def current_order(order: str) -> str:
    """Return the order under its present name: an older one is replaced."""
    name = order.lstrip("-")
    return order.removesuffix(name) + OLDER_ORDERS.get(name, name)


def awaiting(*, user: User) -> QuerySet[Study]:
    """Return the studies of the person's clinic that need a verdict, an adjudication or a look.

    The last are those that images came to after they were signed.
    """
    studies = Study.objects.visible_to(user).awaiting_reader()
    return studies.filter(patient__archived_at__isnull=True)


def ranks(studies: list[Study], *, user: User, now: datetime | None = None) -> dict[UUID, Rank]:
    """Return the rank of each of these studies, as this person sees it.

    Where the clinic reads first, it is computed without the triage score.
    """
    now = now or timezone.now()
    uses_ai = not reads_first(user)
    return {
        row.pk: rank_of(
            received_at=row.waiting_since,
            priority=row.priority,
            triage_score=row.triage_score if uses_ai else None,
            max_wait=MaxWait.of(row.clinic),
            now=now,
        )
        for row in studies
    }


def triage_sources(studies: list[UUID]) -> dict[UUID, Analysis | SeriesStatement]:
    """Return what the triage score of each study is from, by study id.

    The statement on a series where there is one, else the analysis with the highest probability
    among the newest of the images. A study without a probability is left out.
    """
    found: dict[UUID, Analysis | SeriesStatement] = dict(_top_results(studies))
    statements = SeriesStatement.objects.current().opinions().filter(series__study__in=studies)
    for row in statements.for_display():
        study = row.series.study_id
        if study not in found or _score(row) >= _score(found[study]):
            found[study] = row
    return found


def _top_results(studies: list[UUID]) -> dict[UUID, Analysis]:
    results = results_without_statement().filter(
        image__series__study=OuterRef("pk"), probability__isnull=False
    )
    results = results.order_by("-probability", "image__number", "pk")
    chosen = dict(
        Study.objects.filter(pk__in=studies)
        .order_by()
        .values_list("pk", Subquery(results.values("pk")[:1]))
    )
    found = (
        Analysis.objects.filter(pk__in=[pk for pk in chosen.values() if pk])
        .select_related("release", "image")
        .defer("release__manifest", "traceback")
        .in_bulk()
    )
    return {study: found[pk] for study, pk in chosen.items() if pk}


def _score(source: Analysis | SeriesStatement) -> float:
    return -1.0 if source.probability is None else source.probability


def next_study(*, user: User, excluding: Collection[UUID] = ()) -> Study | None:
    """Return the study of the highest rank that this reader can read now, or None.

    Not one that somebody else is reading, nor one they have read themselves. One that is assigned
    to somebody else who can read it is theirs until its `due_at` has passed: then it is for whoever
    comes. One that images came to after it was signed is for who has signed, and past its `due_at`
    for whoever comes as well.

    Raises `NotAllowedError`.
    """
    require(user, Action.READ_STUDY)
    now = timezone.now()
    own = Verdict.objects.filter(reader=user.pk, status__in=SIGNED)
    rows = ranked(awaiting(user=user), now=now, uses_ai=not reads_first(user))
    is_free = (
        Q(assignee=None)
        | Q(assignee=user.pk)
        | Q(_overdue=0)
        | READ_BY_ASSIGNEE
        | ~_ASSIGNED_TO_A_READER
    )
    to_read = ~Q(read_stage=ReadStage.READ) & is_free & ~Q(pk__in=own.values("study"))
    to_look_at = left_for(user) | (Q(_overdue=0) & left_for_colleagues(user))
    rows = rows.filter(to_read | to_look_at).filter(
        Q(locked_by=None) | Q(locked_by=user.pk) | Q(lock_expires_at__lte=now)
    )
    return rows.exclude(pk__in=excluding).first()


@dataclass(frozen=True)
class Taken:
    """A study that was taken for a reader; whether that assigned it to them."""

    study: Study
    is_newly_assigned: bool


def take_next(*, user: User, excluding: Collection[UUID] = ()) -> Taken | None:
    """Take the next study for this reader; where somebody was quicker, the one after it.

    Returns None where no study is left for them. Raises `NotAllowedError`.
    """
    passed = set(excluding)
    while found := next_study(user=user, excluding=passed):
        try:
            taken = take_study(user=user, study=found)
        except (StateConflictError, ValidationError):  # taken, or its patient archived, since
            passed.add(found.pk)
        else:
            was_theirs = found.assignee_id == user.pk
            is_theirs = taken.assignee_id == user.pk
            return Taken(taken, is_newly_assigned=is_theirs and not was_theirs)
    return None


def ordered(
    rows: QuerySet[Study], *, user: User, ordering: Ordering, now: datetime
) -> QuerySet[Study]:
    """Return the rows in this order; by rank where the order would reveal a withheld result."""
    hides_ai = reads_first(user)
    order = ORDERS[ordering.column]
    if ordering.column == RANK or (order.reveals_ai and hides_ai):
        return ranked(rows, now=now, uses_ai=not hides_ai)
    if ordering.column == "images":
        images = Image.objects.filter(series__study=OuterRef("pk")).order_by()
        counted = images.values("series__study").annotate(n=Count("pk")).values("n")
        rows = rows.alias(_images=Coalesce(Subquery(counted), 0))
    if ordering.column == "state":
        rows = rows.alias(_unfinished=Coalesce(_count_by_study(_IN_WORK), 0))
    if ordering.column == "priority":
        rows = rows.alias(_urgency=_URGENCY)
    if ordering.column == "due":
        rows = with_due_at(rows)
    if ordering.column == "waiting":
        rows = rows.alias(_waiting_since=waiting_since())
    names = [_flipped(name) if ordering.is_reversed else name for name in order.fields]
    return rows.order_by(*names, "pk")


def _count_by_study(analyses: QuerySet[Analysis]) -> Any:
    counted = analyses.order_by().values("image__series__study").annotate(n=Count("pk"))
    return Subquery(counted.values("n"))


def _flipped(name: str) -> str:
    return name[1:] if name.startswith("-") else f"-{name}"
