"""The worklist: which studies await a verdict, in which order, and which one is next."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db.models import Case, Count, OuterRef, Q, QuerySet, Subquery, When
from django.db.models.functions import Coalesce
from django.utils import timezone

from accounts.models import User
from accounts.policy import Action, require
from scans.errors import StateConflictError
from scans.models import Analysis, Image, Study, Verdict
from scans.models.analysis import UNFINISHED
from scans.models.assessment import SIGNED
from scans.models.reading import Priority, ReadStage
from scans.models.study_filters import opinions
from scans.services.disclosure import reads_first
from scans.services.reading.assignment import take_study
from scans.services.reading.ranking import Caps, Place, place_of, standing

PLACE = "place"
MINE, NOBODY = "me", "nobody"


@dataclass(frozen=True)
class Order:
    """A column of the list; `fields` end in what makes the order whole."""

    words: str
    fields: tuple[str, ...]
    tells_ai: bool = False


_RANK = Case(*(When(priority=name, then=rank) for rank, name in enumerate(Priority.values)))
_IN_WORK = Analysis.objects.filter(status__in=UNFINISHED, image__series__study=OuterRef("pk"))
ORDERS = {
    PLACE: Order("Place", ()),
    "patient": Order("Patient", ("patient__family_name", "patient__given_name")),
    "age": Order("Age", ("-patient__birth_date",)),
    "description": Order("Description", ("description", "study_date")),
    "images": Order("Images", ("_images",)),
    "state": Order("State", ("-_unfinished", "received_at")),
    "suspicion": Order("AI suspicion", ("triage_score", "-received_at"), tells_ai=True),
    "priority": Order("Priority", ("_rank", "received_at")),
    "waiting": Order("Waiting", ("-received_at",)),
    "assignee": Order("Assignee", ("assignee__last_name", "assignee__first_name", "received_at")),
}


@dataclass(frozen=True)
class Ordering:
    """A column of the list, and whether it is sorted the other way round."""

    column: str = PLACE  # of `ORDERS`
    is_reversed: bool = False

    @classmethod
    def of(cls, text: str) -> "Ordering":
        """The ordering that an address names: a column, reversed with a minus in front."""
        return cls(text.lstrip("-"), text.startswith("-"))

    def __str__(self) -> str:
        return f"-{self.column}" if self.is_reversed else self.column


def awaiting(*, user: User) -> QuerySet[Study]:
    """The studies of the person's clinic that still need a verdict, or an adjudication."""
    studies = Study.objects.visible_to(user).exclude(read_stage=ReadStage.READ)
    return studies.filter(patient__archived_at__isnull=True)


def places(studies: list[Study], *, user: User, now: datetime | None = None) -> dict[UUID, Place]:
    """Where each of these stands in the list ordered by place, as this person sees it."""
    now = now or timezone.now()
    uses_ai = not reads_first(user)
    return {
        row.pk: place_of(
            received=row.received_at,
            priority=row.priority,
            triage_score=row.triage_score if uses_ai else None,
            caps=Caps.of(row.clinic),
            now=now,
        )
        for row in studies
    }


def suspects(studies: list[UUID]) -> dict[UUID, Analysis]:
    """Of each study the analysis with the highest probability among the newest of its images."""
    said = opinions().filter(image__series__study=OuterRef("pk"), probability__isnull=False)
    said = said.order_by("-probability", "image__number", "pk")
    chosen = dict(
        Study.objects.filter(pk__in=studies)
        .order_by()
        .values_list("pk", Subquery(said.values("pk")[:1]))
    )
    found = (
        Analysis.objects.filter(pk__in=[pk for pk in chosen.values() if pk])
        .select_related("release", "image")
        .defer("release__manifest", "traceback")
        .in_bulk()
    )
    return {study: found[pk] for study, pk in chosen.items() if pk}


def next_study(*, user: User, but: Collection[UUID] = ()) -> Study | None:
    """The first study in the order of places that this reader can read now.

    Not one that somebody else is reading, nor one they have read themselves. One that somebody
    else was given is theirs until its promised time has passed: then it is for whoever comes.
    """
    require(user, Action.READ_STUDY)
    now = timezone.now()
    own = Verdict.objects.filter(reader=user.pk, status__in=SIGNED)
    rows = standing(awaiting(user=user), now=now, uses_ai=not reads_first(user))  # knows `_late`
    rows = rows.filter(Q(assignee=None) | Q(assignee=user.pk) | Q(_late=0))
    rows = rows.filter(
        Q(locked_by=None) | Q(locked_by=user.pk) | Q(lock_expires_at__lte=now)
    ).exclude(pk__in=own.values("study"))
    return rows.exclude(pk__in=but).first()


def take_next(*, user: User, but: UUID | None = None) -> Study | None:
    """Take the next study, and the one after it where somebody was quicker. None: none is left."""
    passed = set() if but is None else {but}
    while found := next_study(user=user, but=passed):
        try:
            return take_study(user=user, study=found)
        except (StateConflictError, ValidationError):  # taken, or its patient archived, since
            passed.add(found.pk)
    return None


def ordered(
    rows: QuerySet[Study], *, user: User, ordering: Ordering, now: datetime
) -> QuerySet[Study]:
    """The rows in the order of this column; by place where the AI result must not show."""
    hides_ai = reads_first(user)
    order = ORDERS[ordering.column]
    if ordering.column == PLACE or (order.tells_ai and hides_ai):
        return standing(rows, now=now, uses_ai=not hides_ai)
    if ordering.column == "images":
        images = Image.objects.filter(series__study=OuterRef("pk")).order_by()
        counted = images.values("series__study").annotate(n=Count("pk")).values("n")
        rows = rows.alias(_images=Coalesce(Subquery(counted), 0))
    if ordering.column == "state":
        rows = rows.alias(_unfinished=Coalesce(_number(_IN_WORK), 0))
    if ordering.column == "priority":
        rows = rows.alias(_rank=_RANK)
    names = [_flipped(name) if ordering.is_reversed else name for name in order.fields]
    return rows.order_by(*names, "pk")


def _number(analyses: QuerySet[Analysis]) -> Any:
    counted = analyses.order_by().values("image__series__study").annotate(n=Count("pk"))
    return Subquery(counted.values("n"))


def _flipped(name: str) -> str:
    return name[1:] if name.startswith("-") else f"-{name}"
