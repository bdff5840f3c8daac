"""Plots as SVG, drawn from numbers without any library.

The same text serves a page, where its classes take the page's colors, and a file of its own, where
`as_file` puts a style sheet beside them that follows the reader's light or dark theme.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from typing import Final, TypeAlias

Point: TypeAlias = tuple[float, float]

_WIDTH: Final = 360.0  # of every chart, in units of its own; a telephone shows them one to one
_SQUARE: Final = 316.0  # height of a chart with two axes
_LEFT, _RIGHT, _TOP, _BOTTOM = 54.0, 12.0, 12.0, 44.0
_ROW: Final = 34.0  # height of a row of an interval chart
_LETTER: Final = 7.0  # about the width of one in a legend
_TICKS: Final = (0.0, 0.25, 0.5, 0.75, 1.0)

STYLE: Final = """
  .nsc-text { fill: #14232c; font: 12px system-ui, sans-serif; }
  .nsc-muted { fill: #4d5f6b; font: 11px system-ui, sans-serif; }
  .nsc-grid { stroke: #d5dfe5; fill: none; }
  .nsc-guide { stroke: #7b8e9a; fill: none; stroke-dasharray: 4 4; }
  .nsc-a { stroke: #0b5f7a; fill: none; stroke-width: 2; }
  .nsc-b { stroke: #b35900; fill: none; stroke-width: 2; stroke-dasharray: 7 3; }
  .nsc-a-fill { fill: #0b5f7a; }
  .nsc-b-fill { fill: #b35900; }
  .nsc-back { fill: #ffffff; }
  @media (prefers-color-scheme: dark) {
    .nsc-text { fill: #e4ecf1; }
    .nsc-muted { fill: #a3b4bf; }
    .nsc-grid { stroke: #2b3943; }
    .nsc-guide { stroke: #6f8592; }
    .nsc-a { stroke: #6cc9e4; }
    .nsc-b { stroke: #f3c27a; }
    .nsc-a-fill { fill: #6cc9e4; }
    .nsc-b-fill { fill: #f3c27a; }
    .nsc-back { fill: #151d23; }
  }
"""


@dataclass(frozen=True, kw_only=True, slots=True)
class Chart:
    """A drawn plot.

    Attributes:
        name: a stable code, also the name of its file without the ending.
        title: a few words.
        text: what it shows, for who cannot see it; a full sentence or more.
        svg: an `svg` element without style of its own.
    """

    name: str
    title: str
    text: str
    svg: str

    def as_file(self) -> str:
        """A whole SVG file, with colors and a background."""
        return self.svg.replace(
            ">", f'><style>{STYLE}</style><rect class="nsc-back" width="100%" height="100%"/>', 1
        )


@dataclass(frozen=True, kw_only=True, slots=True)
class Line:
    """A series of points between 0 and 1 on both axes, rising in x.

    Attributes:
        name: for the legend.
        points: of the line.
        joined: whether the points are joined by a line; else each is a dot.
        intervals: of each point, low and high in y; empty for none.
    """

    name: str
    points: Sequence[Point]
    joined: bool = True
    intervals: Sequence[Point] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Interval:
    """A row: a figure with its interval, and perhaps a second figure to compare it with."""

    name: str
    value: float
    low: float | None = None
    high: float | None = None
    other: float | None = None


def line_chart(
    *,
    name: str,
    title: str,
    text: str,
    x_label: str,
    y_label: str,
    lines: Sequence[Line],
    diagonal: bool = False,
) -> Chart:
    """Lines or dots on a square from 0 to 1; the first series solid, the second dashed."""

    def x(value: float) -> float:
        return _LEFT + value * (_WIDTH - _LEFT - _RIGHT)

    def y(value: float) -> float:
        return _SQUARE - _BOTTOM - value * (_SQUARE - _TOP - _BOTTOM)

    parts = []
    for tick in _TICKS:
        parts.append(_path("nsc-grid", [(x(tick), y(0)), (x(tick), y(1))]))
        parts.append(_path("nsc-grid", [(x(0), y(tick)), (x(1), y(tick))]))
        parts.append(_text(x(tick), y(0) + 15, f"{tick:g}", anchor="middle"))
        parts.append(_text(x(0) - 6, y(tick) + 4, f"{tick:g}", anchor="end"))
    if diagonal:
        parts.append(_path("nsc-guide", [(x(0), y(0)), (x(1), y(1))]))
    for series, line in zip("ab", lines, strict=False):
        # Dots of the second series stand a little aside, so as not to hide those of the first.
        aside = 5.0 if series == "b" and not line.joined else 0.0
        placed = [(x(px) + aside, y(py)) for px, py in line.points]
        if line.joined and placed:
            parts.append(_path(f"nsc-{series}", placed))
        else:
            parts += [_dot(f"nsc-{series}-fill", point, shape=series) for point in placed]
        for (px, _), (low, high) in zip(placed, line.intervals, strict=False):
            parts.append(_path(f"nsc-{series}", [(px, y(low)), (px, y(high))]))
    parts.append(_text((x(0) + x(1)) / 2, _SQUARE - 8, x_label, anchor="middle", strong=True))
    middle = (y(0) + y(1)) / 2
    parts.append(
        f'<g transform="rotate(-90 11 {middle:.1f})">'
        f"{_text(11, middle, y_label, anchor='middle', strong=True)}</g>"
    )
    if len(lines) > 1:
        parts.append(_legend([line.name for line in lines], x=x(1) - 8, y=y(0) - 12))
    return _chart(name=name, title=title, text=text, height=_SQUARE, parts=parts)


def interval_chart(
    *,
    name: str,
    title: str,
    text: str,
    rows: Sequence[Interval],
    low: float = 0.0,
    legend: tuple[str, str] | None = None,
    guide: float | None = None,
) -> Chart:
    """Figures one under the other, each as a dot on its interval; from `low` to 1.

    Args:
        name, title, text: as in `Chart`.
        rows: from the top down.
        low: where the axis begins; what lies below is drawn at the beginning.
        legend: names of the dot and of the second figure, where there is one.
        guide: where to draw a dashed line, for what is aimed at.
    """
    left, right = 14.0, _WIDTH - 66.0
    above = 18.0 if legend else 6.0
    bottom = above + _ROW * len(rows)

    def x(value: float) -> float:
        return left + (max(value, low) - low) / (1.0 - low) * (right - left)

    parts = []
    for step in range(5):
        tick = low + step * (1.0 - low) / 4
        parts.append(_path("nsc-grid", [(x(tick), above), (x(tick), bottom)]))
        parts.append(_text(x(tick), bottom + 15, f"{tick * 100:.3g} %", anchor="middle"))
    if guide is not None:
        parts.append(_path("nsc-guide", [(x(guide), above), (x(guide), bottom)]))
    for index, row in enumerate(rows):
        middle = above + _ROW * index + 23
        parts.append(_text(left, middle - 10, row.name, strong=True))
        if row.low is not None and row.high is not None:
            parts.append(_path("nsc-a", [(x(row.low), middle), (x(row.high), middle)]))
        if row.other is not None:
            parts.append(_dot("nsc-b-fill", (x(row.other), middle), shape="b"))
        parts.append(_dot("nsc-a-fill", (x(row.value), middle), shape="a"))
        parts.append(_text(_WIDTH - 4, middle + 4, f"{row.value * 100:.1f} %", anchor="end"))
    if legend:
        parts.append(_legend(legend, x=_WIDTH - 4, y=above - 6, dots=True))
    return _chart(name=name, title=title, text=text, height=bottom + 24, parts=parts)


def histogram_chart(
    *, name: str, title: str, text: str, x_label: str, upper: Line, lower: Line
) -> Chart:
    """Two histograms on one axis from 0 to 1, the second upside down.

    The points of a `Line` are here (middle of the bin, share of its images).
    """

    def x(value: float) -> float:
        return _LEFT + value * (_WIDTH - _LEFT - _RIGHT)

    middle, reach = 130.0, 104.0
    parts = [_path("nsc-grid", [(x(tick), 20), (x(tick), 240)]) for tick in _TICKS]
    parts += [_text(x(tick), 256, f"{tick:g}", anchor="middle") for tick in _TICKS]
    width = (x(1) - x(0)) / max(1, len(upper.points)) - 1.0
    for series, line, sign in (("a", upper, -1.0), ("b", lower, 1.0)):
        for place, share in line.points:
            # The square root lets a bin of few images be seen beside one of many.
            height = reach * share**0.5
            top = middle - height if sign < 0 else middle
            parts.append(
                f'<rect class="nsc-{series}-fill" x="{x(place) - width / 2:.1f}" y="{top:.1f}"'
                f' width="{width:.1f}" height="{height:.1f}"/>'
            )
    parts.append(_path("nsc-guide", [(x(0), middle), (x(1), middle)]))
    parts.append(_text(x(0.5), 34, upper.name, anchor="middle", strong=True))
    parts.append(_text(x(0.5), 232, lower.name, anchor="middle", strong=True))
    parts.append(_text(x(0.5), 274, x_label, anchor="middle", strong=True))
    return _chart(name=name, title=title, text=text, height=282.0, parts=parts)


def _chart(*, name: str, title: str, text: str, height: float, parts: Sequence[str]) -> Chart:
    svg = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH:g} {height:g}" role="img"'
        f' aria-label="{escape(f"{title}. {text}")}">{"".join(parts)}</svg>'
    )
    return Chart(name=name, title=title, text=text, svg=svg)


def _path(style: str, points: Sequence[Point]) -> str:
    steps = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
    return f'<polyline class="{style}" points="{steps}"/>'


def _dot(style: str, point: Point, *, shape: str) -> str:
    """A circle for the first series, a diamond for the second: not told apart by color alone."""
    x, y = point
    if shape == "a":
        return f'<circle class="{style}" cx="{x:.1f}" cy="{y:.1f}" r="4"/>'
    corners = f"{x:.1f},{y - 5:.1f} {x + 5:.1f},{y:.1f} {x:.1f},{y + 5:.1f} {x - 5:.1f},{y:.1f}"
    return f'<polygon class="{style}" points="{corners}"/>'


def _text(x: float, y: float, words: str, *, anchor: str = "start", strong: bool = False) -> str:
    style = "nsc-text" if strong else "nsc-muted"
    place = f'x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}"'
    return f'<text class="{style}" {place}>{escape(words)}</text>'


def _legend(names: Sequence[str], *, x: float, y: float, dots: bool = False) -> str:
    """Names of the series, the last line at `y`, ending at `x`; side by side for dots."""
    parts = []
    for index, (series, name) in enumerate(zip("ab", names, strict=False)):
        wide = _LETTER * len(name)
        if dots:
            end = x - (len(names) - 1 - index) * (_LETTER * len(names[-1]) + 30)
            parts.append(_dot(f"nsc-{series}-fill", (end - wide - 9, y - 4), shape=series))
            parts.append(_text(end, y, name, anchor="end"))
        else:
            row = y - 16 * (len(names) - 1 - index)
            begin = x - wide - 28
            parts.append(_path(f"nsc-{series}", [(begin - 4, row - 4), (begin + 18, row - 4)]))
            parts.append(_text(x, row, name, anchor="end"))
    return "".join(parts)
