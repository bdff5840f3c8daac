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
from scans.services.reading.ranking import MaxWait, Rank, rank_of, ranked

RANK = "rank"
MINE, NOBODY = "me", "nobody"
FILTERS = ("q", "state", "ai", "assignee", "since", "until", "priority", "stage", "order")


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
    "waiting": Order("Waiting", ("-received_at",)),
    "assignee": Order("Assignee", ("assignee__last_name", "assignee__first_name", "received_at")),
}
# By their older names: in saved views, in bookmarks, and in what clients of the API send.
OLDER_ORDERS = {"place": RANK, "suspicion": "triage_score"}


@dataclass(frozen=True)
class WorklistQuery:
    """Filters and order of the worklist, as somebody asks for them; "" filters nothing."""

    q: str = ""
    state: str = ""
    ai: str = ""
    assignee: str = ""  # "me", "nobody", or the id of a person
    priority: str = ""
    stage: str = ""
    since: date | None = None
    until: date | None = None
    order: str = RANK  # of `ORDERS` or `OLDER_ORDERS`; a minus in front reverses

    @property
    def column(self) -> str:
        """The column to sort by: one of `ORDERS`, by rank where it is no other."""
        name = current_order(self.order).lstrip("-")
        return name if name in ORDERS else RANK

    @property
    def is_reversed(self) -> bool:
        """Whether the order of the column is reversed; the order by rank never is."""
        return self.order.startswith("-") and self.column != RANK


def current_order(order: str) -> str:
    """Return the order under its present name: an older one is replaced."""
    name = order.lstrip("-")
    return order.removesuffix(name) + OLDER_ORDERS.get(name, name)


def awaiting(*, user: User) -> QuerySet[Study]:
    """Return the studies of the person's clinic that still need a verdict or an adjudication."""
    studies = Study.objects.visible_to(user).exclude(read_stage=ReadStage.READ)
    return studies.filter(patient__archived_at__isnull=True)


def worklist(*, user: User, query: WorklistQuery, now: datetime | None = None) -> QuerySet[Study]:
    """Return the studies that pass every filter, in the order of the query.

    While an AI result is withheld from this person, no filter and no order reveals it.
    """
    rows = filtered(
        awaiting(user=user),
        disclosed=disclosed_to(user),
        q=query.q,
        state=query.state,
        ai=query.ai,
        since=query.since,
        until=query.until,
    )
    if query.assignee == NOBODY:
        rows = rows.filter(assignee=None)
    elif query.assignee:
        person = str(user.pk) if query.assignee == MINE else query.assignee
        rows = rows.filter(assignee=int(person)) if person.isdecimal() else rows.none()
    if query.priority:
        rows = rows.filter(priority=query.priority)
    if query.stage:
        rows = rows.filter(read_stage=query.stage)
    return _ordered(rows, user=user, query=query, now=now or timezone.now())


def ranks(studies: list[Study], *, user: User, now: datetime | None = None) -> dict[UUID, Rank]:
    """Return the rank of each of these studies, as this person sees it.

    Where the clinic reads first, it is computed without the triage score.
    """
    now = now or timezone.now()
    uses_ai = not reads_first(user)
    return {
        row.pk: rank_of(
            received_at=row.received_at,
            priority=row.priority,
            triage_score=row.triage_score if uses_ai else None,
            max_wait=MaxWait.of(row.clinic),
            now=now,
        )
        for row in studies
    }


def top_results(studies: list[UUID]) -> dict[UUID, Analysis]:
    """Return the analysis with the highest probability among the newest of the study's images.

    By study id; a study without a probability is left out.
    """
    results = opinions().filter(image__series__study=OuterRef("pk"), probability__isnull=False)
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


def next_study(*, user: User, excluding: Collection[UUID] = ()) -> Study | None:
    """Return the study of the highest rank that this reader can read now, or None.

    Not one that somebody else is reading, nor one they have read themselves. One that is assigned
    to somebody else is theirs until its `due_at` has passed: then it is for whoever comes.

    Raises `NotAllowedError`.
    """
    require(user, Action.READ_STUDY)
    now = timezone.now()
    own = Verdict.objects.filter(reader=user.pk, status__in=SIGNED)
    rows = worklist(user=user, query=WorklistQuery(), now=now)  # `ranked` gives `_overdue`
    rows = rows.filter(Q(assignee=None) | Q(assignee=user.pk) | Q(_overdue=0))
    rows = rows.filter(
        Q(locked_by=None) | Q(locked_by=user.pk) | Q(lock_expires_at__lte=now)
    ).exclude(pk__in=own.values("study"))
    return rows.exclude(pk__in=excluding).first()


def take_next(*, user: User, excluding: UUID | None = None) -> Study | None:
    """Take the next study for this reader; where somebody was quicker, the one after it.

    Returns None where no study is left for them. Raises `NotAllowedError`.
    """
    passed = set() if excluding is None else {excluding}
    while found := next_study(user=user, excluding=passed):
        try:
            return take_study(user=user, study=found)
        except (StateConflictError, ValidationError):  # taken, or its patient archived, since
            passed.add(found.pk)
    return None


@clinical_write()
def save_view(
    *, user: User, name: str, filters: Mapping[str, str], for_clinic: bool = False
) -> WorklistView:
    """Save filters and order under a name; the same name again replaces what it stood for.

    Raises `NotAllowedError` or `ValidationError`.
    """
    # Which permission it takes depends on who will see the view.
    require(user, Action.SHARE_WORKLIST_VIEW if for_clinic else Action.VIEW)
    name = " ".join(name.split())
    if user.clinic_id is None:
        raise ValidationError({"name": "Views belong to a clinic, and your account has none."})
    if not name or len(name) > 60 or not name.isprintable():
        raise ValidationError({"name": "Give the view a name of 1 to 60 characters."})
    stored = {key: str(filters[key])[:200] for key in FILTERS if filters.get(key)}
    try:
        with transaction.atomic():
            view, _ = WorklistView.objects.update_or_create(
                clinic_id=user.clinic_id,
                owner=None if for_clinic else user,
                name=name,
                defaults={"filters": stored},
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
def delete_view(*, user: User, view: WorklistView) -> None:
    """Delete a view: one's own, or (for those who may share views) the clinic's.

    Raises `NotAllowedError`.
    """
    if view.owner_id != user.pk:  # not one's own: it takes another permission
        require(user, Action.SHARE_WORKLIST_VIEW, view)
    audit.record(actor=user, event=audit_events.WORKLIST_VIEW_DELETED, row=view)
    view.delete()


def _ordered(
    rows: QuerySet[Study], *, user: User, query: WorklistQuery, now: datetime
) -> QuerySet[Study]:
    hides_ai = reads_first(user)
    order = ORDERS[query.column]
    if query.column == RANK or (order.reveals_ai and hides_ai):
        return ranked(rows, now=now, uses_ai=not hides_ai)
    if query.column == "images":
        images = Image.objects.filter(series__study=OuterRef("pk")).order_by()
        counted = images.values("series__study").annotate(n=Count("pk")).values("n")
        rows = rows.alias(_images=Coalesce(Subquery(counted), 0))
    if query.column == "state":
        rows = rows.alias(_unfinished=Coalesce(_count_by_study(_IN_WORK), 0))
    if query.column == "priority":
        rows = rows.alias(_urgency=_URGENCY)
    names = [_flipped(name) if query.is_reversed else name for name in order.fields]
    return rows.order_by(*names, "pk")


def _count_by_study(analyses: QuerySet[Analysis]) -> Any:
    counted = analyses.order_by().values("image__series__study").annotate(n=Count("pk"))
    return Subquery(counted.values("n"))


def _flipped(name: str) -> str:
    return name[1:] if name.startswith("-") else f"-{name}"
