"""Lists that are sorted by the head of a column; a second press sorts in reverse."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from django.db.models import QuerySet

from scans.pages.core.addresses import ListAddress
from scans.services.core.filters import WrongFiltersError


@dataclass(frozen=True)
class SortOrder:
    """A column to sort by: its heading and the fields, as in `order_by`, the last one unique.

    `computed` has expressions for those that are no fields of the model, or may be null.
    """

    label: str
    fields: tuple[str, ...]
    computed: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Column:
    """What `core/_sort.html` draws."""

    name: str
    label: str
    address: ListAddress
    sort: str  # `ascending`, `descending`, or "" where the list is not sorted by it


@dataclass(frozen=True)
class Sorting:
    """The columns of one list, and what an address asks for."""

    orders: Mapping[str, SortOrder]
    asked: str  # the name of a column, reversed with a minus in front; anything else is the first

    @property
    def name(self) -> str:
        """The column that the list is sorted by."""
        name = self.asked.removeprefix("-")
        return name if name in self.orders else next(iter(self.orders))

    @property
    def is_reversed(self) -> bool:
        """Whether it is sorted in reverse."""
        return self.asked.startswith("-") and self.asked[1:] in self.orders

    @property
    def computed(self) -> Mapping[str, Any]:
        """The expressions of the column."""
        return self.orders[self.name].computed

    @property
    def fields(self) -> tuple[str, ...]:
        """The fields to order by."""
        fields = self.orders[self.name].fields
        return tuple(_flipped(one) for one in fields) if self.is_reversed else fields

    def sorted(self, rows: QuerySet[Any]) -> QuerySet[Any]:
        """Return all rows in this order, for a file."""
        return rows.alias(**self.computed).order_by(*self.fields)

    def require_understood(self) -> None:
        """Raise `WrongFiltersError` for a column that the list does not have."""
        if self.asked and self.asked.removeprefix("-") not in self.orders:
            raise WrongFiltersError(["order"], self.orders)

    @property
    def parameter(self) -> dict[str, str]:
        """The parameter of an address; none for the order that the list has by itself."""
        order = f"-{self.name}" if self.is_reversed else self.name
        return {} if order == next(iter(self.orders)) else {"order": order}

    def columns(self, address: str, filters: Mapping[str, Any]) -> dict[str, Column]:
        """Return the head of each column by name, with the address that sorts by it."""
        direction = "descending" if self.fields[0].startswith("-") else "ascending"
        return {
            name: Column(
                name,
                order.label,
                ListAddress(address, {**filters, **self._then(name)}),
                direction if name == self.name else "",
            )
            for name, order in self.orders.items()
        }

    def _then(self, name: str) -> dict[str, str]:
        reverses = name == self.name and not self.is_reversed
        return Sorting(self.orders, f"-{name}" if reverses else name).parameter


def _flipped(name: str) -> str:
    return name[1:] if name.startswith("-") else f"-{name}"
