"""Addresses of a list. A search text or a birth date, which may name a patient, stays out of it.

The bar, the history and a shared link hold state and dates only; the script sends the rest. The
worklist is the exception: its filters are a person's own list of work, and live in the address.
A form that is sent without JavaScript carries the text as well: its response is a page of its
own, and the next pages of it could not be found otherwise.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from django.urls import reverse
from django.utils.http import urlencode

_OF_A_PATIENT = ("q", "born")  # what names a patient, or nearly does


@dataclass(frozen=True)
class ListAddress:
    """One page of a list with these filters; `page` is a token, "" for the first."""

    name: str
    filters: Mapping[str, Any]
    page: str = ""
    shows_search: bool = False

    @property
    def full(self) -> str:
        """With all that the response depends on."""
        return self._with(dict(self.filters), self.page)

    @property
    def shown(self) -> str:
        """For the address bar: without a search text, and then at the first page."""
        if not self.hides_search:
            return self.full
        public = {name: v for name, v in self.filters.items() if name not in _OF_A_PATIENT}
        return self._with(public, "")

    @property
    def hides_search(self) -> bool:
        """Whether a search text or a birth date is kept out of the address bar."""
        return any(self.filters.get(name) for name in _OF_A_PATIENT) and not self.shows_search

    def of_page(self, token: str) -> "ListAddress | None":
        """Return the same list at another page; None for an empty token."""
        return replace(self, page=token) if token else None

    def _with(self, query: dict[str, Any], page: str) -> str:
        values = {name: 1 if value is True else value for name, value in query.items()}
        text = urlencode(values | ({"page": page} if page else {}))
        return reverse(self.name) + (f"?{text}" if text else "")
