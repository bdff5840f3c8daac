"""What the card is made of: sections, tables, and figures written with their intervals."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

_NONE: Final = "–"


@dataclass(frozen=True, kw_only=True, slots=True)
class Table:
    """Rows of text under a head; the first cell of a row names it.

    Attributes:
        words: the columns, counted from 0, that hold words; the others but the first hold figures.
    """

    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    words: tuple[int, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Section:
    """A part of the card.

    Attributes:
        name: a stable code.
        title: its heading.
        tables: figures, shown first.
        text: sentences below them; empty for none.
        points: a list below those; empty for none.
        charts: names of the plots (`ml.card.metric_charts`) that belong here.
    """

    name: str
    title: str
    tables: tuple[Table, ...] = ()
    text: str = ""
    points: tuple[str, ...] = ()
    charts: tuple[str, ...] = ()


def figure(value: Mapping[str, Any] | None, *, percent: bool = False) -> str:
    """A figure with its interval, for example "0.991 (0.985 to 0.996)"."""
    if value is None or value.get("value") is None:
        return _NONE
    text = written(value["value"], percent=percent)
    if value.get("low") is None or value.get("high") is None:
        return text
    if percent:
        low, high = (f"{value[end] * 100:.1f}" for end in ("low", "high"))
        return f"{text} ({low} to {high})"
    low, high = (written(value[end], percent=False) for end in ("low", "high"))
    return f"{text} ({low} to {high})"


def written(value: float, *, percent: bool) -> str:
    """A figure without its interval: three digits, or a share in percent with one."""
    return f"{value * 100:.1f} %" if percent else f"{value:.3f}"


def table(
    head: Sequence[str], rows: Iterable[Sequence[object]], *, words: tuple[int, ...] = ()
) -> Table:
    """A table whose cells are written as text; `words` as in `Table`."""
    cells = tuple(tuple(str(cell) for cell in row) for row in rows)
    return Table(head=tuple(head), rows=cells, words=words)
