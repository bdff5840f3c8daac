"""The worklist: which studies await a verdict, in which order, and which one is next."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.db.models import Case, Count, OuterRef, Q, QuerySet, Subquery, When
from django.db.models.functions import Coalesce
from django.utils import timezone

from accounts import audit
from accounts.clinical_write import clinical_write
from accounts.models import User
from accounts.policy import Action, require
from scans import audit_events
from scans.errors import StateConflictError
from scans.models import Analysis, Image, Study, Verdict, WorklistView
from scans.models.analysis import UNFINISHED
from scans.models.assessment import SIGNED
from scans.models.reading import Priority, ReadStage
from scans.models.study_filters import filtered, opinions
from scans.services.disclosure import disclosed_to, reads_first
from scans.services.reading.assignment import take_study
from scans.services.reading.ranking import Caps, Place, place_of, standing

PLACE = "place"
MINE, NOBODY = "me", "nobody"
FILTERS = ("q", "state", "ai", "assignee", "since", "until", "priority", "stage", "order")


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
class Asked:
    """What somebody wants to see of the worklist."""

    q: str = ""
    state: str = ""
    ai: str = ""
    assignee: str = ""  # "me", "nobody", or the id of a person
    priority: str = ""
    stage: str = ""
    since: date | None = None
    until: date | None = None
    order: str = PLACE  # of `ORDERS`; a minus in front reverses

    @property
    def column(self) -> str:
        name = self.order.lstrip("-")
        return name if name in ORDERS else PLACE

    @property
    def is_reversed(self) -> bool:
        return self.order.startswith("-") and self.column != PLACE


def awaiting(*, user: User) -> QuerySet[Study]:
    """The studies of the person's clinic that still need a verdict, or an adjudication."""
    studies = Study.objects.visible_to(user).exclude(read_stage=ReadStage.READ)
    return studies.filter(patient__archived_at__isnull=True)


def worklist(*, user: User, asked: Asked, now: datetime | None = None) -> QuerySet[Study]:
    """The rows that pass every filter, in the order asked for.

    While the AI's word is withheld from this person, no filter and no order tells of it.
    """
    rows = filtered(
        awaiting(user=user),
        told=disclosed_to(user),
        q=asked.q,
        state=asked.state,
        ai=asked.ai,
        since=asked.since,
        until=asked.until,
    )
    if asked.assignee == NOBODY:
        rows = rows.filter(assignee=None)
    elif asked.assignee:
        person = str(user.pk) if asked.assignee == MINE else asked.assignee
        rows = rows.filter(assignee=int(person)) if person.isdecimal() else rows.none()
    if asked.priority:
        rows = rows.filter(priority=asked.priority)
    if asked.stage:
        rows = rows.filter(read_stage=asked.stage)
    return _ordered(rows, user=user, asked=asked, now=now or timezone.now())


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
    rows = worklist(user=user, asked=Asked(), now=now)  # in whose order `_late` is known
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


@clinical_write()
def save_view(
    *, user: User, name: str, filters: Mapping[str, str], for_clinic: bool = False
) -> WorklistView:
    """Keep filters and order under a name; the same name again replaces what it stood for.

    Raises `NotAllowedError` or `ValidationError`.
    """
    # Which permission it takes depends on who will see the view.
    require(user, Action.SHARE_WORKLIST_VIEW if for_clinic else Action.VIEW)
    name = " ".join(name.split())
    if user.clinic_id is None:
        raise ValidationError({"name": "Views belong to a clinic, and your account has none."})
    if not name or len(name) > 60 or not name.isprintable():
        raise ValidationError({"name": "Give the view a name of 1 to 60 characters."})
    kept = {key: str(filters[key])[:200] for key in FILTERS if filters.get(key)}
    try:
        with transaction.atomic():
            view, _ = WorklistView.objects.update_or_create(
                clinic_id=user.clinic_id,
                owner=None if for_clinic else user,
                name=name,
                defaults={"filters": kept},
            )
    except IntegrityError as error:
        raise ValidationError({"name": "Somebody just saved a view of this name."}) from error
    audit.record(
        actor=user,
        event=audit_events.WORKLIST_VIEW_SAVED,
        row=view,
        detail={"for_clinic": for_clinic},
    )
    return view


@clinical_write(Action.VIEW, on="view")
def forget_view(*, user: User, view: WorklistView) -> None:
    """Take a view off the list: one's own, or (who may share views) the clinic's."""
    if view.owner_id != user.pk:  # not one's own: it takes another permission
        require(user, Action.SHARE_WORKLIST_VIEW, view)
    audit.record(actor=user, event=audit_events.WORKLIST_VIEW_DELETED, row=view)
    view.delete()


def _ordered(rows: QuerySet[Study], *, user: User, asked: Asked, now: datetime) -> QuerySet[Study]:
    hides_ai = reads_first(user)
    order = ORDERS[asked.column]
    if asked.column == PLACE or (order.tells_ai and hides_ai):
        return standing(rows, now=now, uses_ai=not hides_ai)
    if asked.column == "images":
        images = Image.objects.filter(series__study=OuterRef("pk")).order_by()
        counted = images.values("series__study").annotate(n=Count("pk")).values("n")
        rows = rows.alias(_images=Coalesce(Subquery(counted), 0))
    if asked.column == "state":
        rows = rows.alias(_unfinished=Coalesce(_number(_IN_WORK), 0))
    if asked.column == "priority":
        rows = rows.alias(_rank=_RANK)
    names = [_flipped(name) if asked.is_reversed else name for name in order.fields]
    return rows.order_by(*names, "pk")


def _number(analyses: QuerySet[Analysis]) -> Any:
    counted = analyses.order_by().values("image__series__study").annotate(n=Count("pk"))
    return Subquery(counted.values("n"))


def _flipped(name: str) -> str:
    return name[1:] if name.startswith("-") else f"-{name}"
