"""The bar of filters above a list, drawn from its `ListFilterSet`: texts, choices, dates, boxes."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import django_filters as filters

from scans.services.core.filters import ListFilterSet

Choices = Sequence[tuple[str, str]]


@dataclass(frozen=True)
class BarField:
    """One filter of the bar; `kind` is `text`, `choice`, `date` or `check`."""

    name: str
    kind: str
    label: str
    value: Any
    choices: Choices = ()
    placeholder: str = ""


@dataclass(frozen=True)
class FilterBar:
    """What `core/_filter_bar.html` draws; `target` is the id of the list."""

    address: str  # the name of the list's URL
    target: str
    label: str
    filterset: ListFilterSet
    # Choices that depend on the person, by the filter's name on the page.
    choices: Mapping[str, Choices] = field(default_factory=dict)
    hidden: Collection[str] = ()

    @property
    def fields(self) -> list[BarField]:
        """Texts first, then choices, dates and boxes, each in the order of its declaration."""
        drawn = [
            self._field(name, self.filterset.filters[filter_name])
            for name, filter_name in self.filterset.page_filters().items()
            if name not in self.hidden
        ]
        kinds = ("text", "choice", "date", "check")
        return sorted(drawn, key=lambda one: kinds.index(one.kind))

    @property
    def folded_in_use(self) -> int:
        """How many of the filters that a phone folds away are set."""
        return sum(bool(one.value) for one in self.fields[1:])

    @property
    def left_out(self) -> list[str]:
        """The labels of the filters in the address whose values make no sense."""
        names = self.filterset.page_filters()
        return [str(self.filterset.filters[names[name]].label) for name in self.filterset.left_out]

    @property
    def trigger(self) -> str:
        """The events at which htmx requests the list again.

        Not at every `change`: a text field has one as it loses the focus, and the list would be
        replaced under the click.
        """
        events = {"text": "input changed delay:300ms"}
        names = [f"{events.get(one.kind, 'change')} from:#filter-{one.name}" for one in self.fields]
        return ", ".join([*names, "submit", "search"])

    def _field(self, name: str, found: Any) -> BarField:
        value = self.filterset.page_values.get(name, "")
        label = str(found.label)
        if self.filterset.page_filters()[name] in self.filterset.checked_values:
            return BarField(name, "check", label, bool(value))
        if name in self.choices:
            return BarField(name, "choice", label, value, self.choices[name])
        if isinstance(found, (filters.ChoiceFilter, filters.MultipleChoiceFilter)):
            choices = [("", found.any_label), *found.extra["choices"]]
            return BarField(name, "choice", label, value, choices)
        if isinstance(found, filters.DateFilter):
            return BarField(name, "date", label, value)
        return BarField(name, "text", label, value, placeholder=found.placeholder)
