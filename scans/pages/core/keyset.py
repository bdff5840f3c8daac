"""Pages of a list by keyset: the thousandth page costs what the first one does.

A page is found by the values of its first or last row, never by counting (no OFFSET), so rows
that arrive meanwhile shift nothing. Its token holds that row's id and none of the values, which
may be a name and would stand in the address; it is signed, so nobody can make one.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Generic, TypeVar
from uuid import UUID

from django.core import signing
from django.db.models import Model, Q, QuerySet

Row = TypeVar("Row", bound=Model)
FORWARD, BACK = "f", "b"
# Part of every token: addresses of pages that people keep go on working wherever this file lies.
_SALT = "scans.pages.keyset"


@dataclass(frozen=True)
class KeysetPage(Generic[Row]):
    """Some rows in their order, and the tokens of the pages beside them ("" where none)."""

    rows: list[Row]
    previous: str
    next: str


def keyset_page(
    rows: QuerySet[Row],
    *,
    order: tuple[str, ...],
    token: str,
    size: int,
    computed: Mapping[str, Any] | None = None,
) -> KeysetPage[Row]:
    """The page that the token names; the first one for "" or a token that makes no sense.

    `order` is as in `order_by`, must end in a unique field and must not hold nullable ones;
    `computed` has the expressions that it names.
    """
    direction, values = _read(rows.model, order, token, computed or {})
    rows = rows.alias(**(computed or {}))
    backwards = direction == BACK
    walk = tuple(_flipped(name) for name in order) if backwards else order
    found = list(_beyond(rows, walk, values).order_by(*walk)[: size + 1])
    more, found = len(found) > size, found[:size]
    if backwards:
        found.reverse()
        return KeysetPage(
            found,
            previous=_token(BACK, order, found[0]) if more else "",
            next=_token(FORWARD, order, found[-1]) if found else "",
        )
    return KeysetPage(
        found,
        previous=_token(BACK, order, found[0]) if values and found else "",
        next=_token(FORWARD, order, found[-1]) if more else "",
    )


def _beyond(rows: QuerySet[Row], walk: tuple[str, ...], values: list[Any]) -> QuerySet[Row]:
    """The rows after these values: (a, b, c) > (x, y, z), each field in its own direction."""
    if not values:
        return rows
    condition, equal = Q(), Q()
    for name, value in zip(walk, values, strict=True):
        field, comparison = name.lstrip("-"), "lt" if name.startswith("-") else "gt"
        condition |= equal & Q(**{f"{field}__{comparison}": value})
        equal &= Q(**{field: value})
    # Implied by the condition; it lets the database start at the right place of its index.
    first, comparison = walk[0].lstrip("-"), "lte" if walk[0].startswith("-") else "gte"
    return rows.filter(condition, **{f"{first}__{comparison}": values[0]})


def _flipped(name: str) -> str:
    return name[1:] if name.startswith("-") else f"-{name}"


def _token(direction: str, order: tuple[str, ...], row: Model) -> str:
    return _signer(type(row), order).sign(f"{direction}{row.pk.hex}")


def _read(
    model: type[Model], order: tuple[str, ...], token: str, computed: Mapping[str, Any]
) -> tuple[str, list[Any]]:
    try:
        named = _signer(model, order).unsign(token)
    except (signing.BadSignature, UnicodeError):
        return FORWARD, []
    fields = [name.lstrip("-") for name in order]
    rows = model._default_manager.filter(pk=UUID(named[1:])).order_by().annotate(**computed)
    return named[0], list(rows.values_list(*fields).first() or [])


def _signer(model: type[Model], order: tuple[str, ...]) -> signing.Signer:
    return signing.Signer(sep=".", salt=f"{_SALT}:{model._meta.label}:{order}")
