"""The bar of filters above a list: a search, choices, two dates. It asks again by itself."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django import forms


@dataclass(frozen=True)
class Choice:
    """One filter with values to choose from."""

    name: str
    label: str
    choices: Sequence[tuple[str, str]]
    value: str


@dataclass(frozen=True)
class FilterBar:
    """What `core/_filter_bar.html` draws of a list's form; `target` is the id of the list."""

    address: str  # the name of the list's URL
    target: str
    label: str
    form: forms.Form
    choices: Sequence[Choice]
    check: tuple[str, str] | None = None  # name and label of a box to check

    @property
    def values(self) -> dict[str, Any]:
        return self.form.cleaned_data

    @property
    def check_name(self) -> str:
        return self.check[0] if self.check else ""

    @property
    def is_checked(self) -> bool:
        return bool(self.values.get(self.check_name))

    @property
    def trigger(self) -> str:
        """Not every `change`: a text field has one as it loses the focus, and the list would be
        replaced under the click."""
        names = [*(one.name for one in self.choices), "since", "until", self.check_name]
        changes = [f"change from:#filter-{name}" for name in names if name]
        typed = "input changed delay:300ms from:#filter-q"
        return ", ".join([typed, *changes, "submit", "search"])


def choice(form: forms.Form, name: str, label: str, choices: Sequence[tuple[str, str]]) -> Choice:
    return Choice(name, label, choices, form.cleaned_data.get(name, ""))
