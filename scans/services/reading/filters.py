"""What the worklist is filtered and ordered by."""

from typing import Any

import django_filters as filters
from django import forms
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.functional import cached_property

from accounts.readable_requests import MAX_WORDS
from scans.models.reading import Priority, ReadStage
from scans.services.core.filters import DayFilter, ListFilterSet, OneOfFilter, TextFilter
from scans.services.reading.worklist import (
    MINE,
    NOBODY,
    OLDER_ORDERS,
    ORDERS,
    RANK,
    READ_BY_ASSIGNEE,
    Ordering,
    current_order,
    ordered,
)
from scans.services.studies.filters import (
    LABEL_HELP,
    LABELS,
    STATE_HELP,
    STATES,
    in_any_state,
    with_any_label,
)


def _order_choices() -> list[tuple[str, str]]:
    labels = {name: order.label for name, order in ORDERS.items()}
    labels |= {old: ORDERS[name].label for old, name in OLDER_ORDERS.items()}
    reverse = {name: label for name, label in labels.items() if current_order(name) != RANK}
    return [
        *labels.items(),
        *((f"-{name}", f"{label}, reversed") for name, label in reverse.items()),
    ]


class AssigneeFilter(filters.Filter):
    """`me`, `nobody`, or the id of a person; a page offers those who have a study."""

    field_class = forms.RegexField


class WorklistFilterSet(ListFilterSet):
    """Filters and order of the studies that await a verdict, of `worklist.awaiting`.

    Saved views store them by these names, which pages and the API share. While the AI result is
    withheld from the person, no filter and no order reveals it.
    """

    q = TextFilter(
        method="matching",
        label="Patient or description",
        placeholder="Name, MRN, birth date or description",
        help_text=f"Words of the patient or the description, {MAX_WORDS} at most.",
    )
    priority = OneOfFilter(label="Priority", any_label="Any priority", choices=Priority.choices)
    assignee = AssigneeFilter(
        method="by_assignee",
        regex=rf"^({MINE}|{NOBODY}|\d{{1,9}})$",
        label="Assigned to",
        help_text="`me`, `nobody`, or the id of a person.",
    )
    state = OneOfFilter(
        method="by_state",
        label="Analyses",
        any_label="Any state",
        choices=STATES,
        help_text=STATE_HELP,
    )
    ai = OneOfFilter(
        method="by_label",
        label="AI result",
        any_label="Any AI result",
        choices=LABELS,
        help_text=LABEL_HELP,
    )
    stage = OneOfFilter(
        field_name="read_stage",
        label="Stage",
        any_label="Any stage",
        choices=[
            (stage.value, stage.label) for stage in (ReadStage.WAITING, ReadStage.ADJUDICATION)
        ],
    )
    since = DayFilter(
        field_name="study_date",
        lookup_expr="gte",
        label="Study date from",
        help_text="Study date: this day or later.",
    )
    until = DayFilter(
        field_name="study_date",
        lookup_expr="lte",
        label="to",
        help_text="Study date: this day or earlier.",
    )
    order = OneOfFilter(
        method="by_order",
        label="Order",
        choices=_order_choices(),
        help_text=(
            f"By {', '.join(f'`{name}`' for name in ORDERS)}; a minus in front reverses, but for "
            "`rank`. `place` and `suspicion` are the older names of `rank` and `triage_score`."
        ),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.now = timezone.now()

    @property
    def ordering(self) -> Ordering:
        """The column that the list is sorted by, and in which direction."""
        return Ordering.of(self.cleaned.get("order") or RANK)

    @cached_property
    def cleaned(self) -> dict[str, Any]:
        """The values that are valid; an order by its present name."""
        values = super().cleaned
        return values | {"order": current_order(values.get("order") or "")}

    def filter_queryset(self, queryset: Any) -> QuerySet:
        """The rows that pass every filter, in the order asked for."""
        rows = super().filter_queryset(queryset)
        return ordered(rows, user=self.user, ordering=self.ordering, now=self.now)

    def matching(self, rows: Any, name: str, value: str) -> QuerySet:
        """Studies of which the description or the patient matches every word."""
        return rows.matching(value)

    def by_assignee(self, rows: QuerySet, name: str, value: str) -> QuerySet:
        """Studies that wait for one reader, or for nobody by name."""
        if value == NOBODY:
            return rows.filter(assignee=None)
        person = self.user.pk if value == MINE else int(value)
        return rows.filter(assignee=person).exclude(READ_BY_ASSIGNEE)

    def by_state(self, rows: QuerySet, name: str, value: str) -> QuerySet:
        """Studies in that state."""
        return in_any_state(rows, [value])

    def by_label(self, rows: QuerySet, name: str, value: str) -> QuerySet:
        """Studies with that label, of those whose AI result the person may see."""
        return with_any_label(rows, [value], user=self.user)

    def by_order(self, rows: QuerySet, name: str, value: str) -> QuerySet:
        """All rows: they are ordered once every filter has been applied."""
        return rows


FILTERS = tuple(WorklistFilterSet.base_filters)
