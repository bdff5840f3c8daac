"""Addresses of a list. What somebody typed to find a person stays out of the address bar.

The bar, the history and a shared link show state and dates only; the script asks for the rest. The
worklist is the exception: its filters are somebody's own list of work, and live in the address.
A form that is sent without JavaScript carries the text as well: its answer is a page of its own,
and the next pages of it could not be found otherwise.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from django.urls import reverse
from django.utils.http import urlencode

TYPED = "q"


@dataclass(frozen=True)
class ListAddress:
    """One page of a list with these filters; `page` is a token, "" for the first."""

    name: str
    filters: Mapping[str, Any]
    page: str = ""
    shows_typed: bool = False

    @property
    def asked(self) -> str:
        """With all that the answer depends on."""
        return self._with(dict(self.filters), self.page)

    @property
    def shown(self) -> str:
        """For the address bar; the first page, where the bar does not tell which list it is."""
        if not self.hides_typed:
            return self.asked
        kept = {name: value for name, value in self.filters.items() if name != TYPED}
        return self._with(kept, "")

    @property
    def hides_typed(self) -> bool:
        return bool(self.filters.get(TYPED)) and not self.shows_typed

    def of_page(self, token: str) -> "ListAddress | None":
        """The same list at another page; None for none."""
        return replace(self, page=token) if token else None

    def _with(self, query: dict[str, Any], page: str) -> str:
        told = {name: 1 if value is True else value for name, value in query.items()}
        text = urlencode(told | ({"page": page} if page else {}))
        return reverse(self.name) + (f"?{text}" if text else "")
