"""The trend of a patient as the points of an SVG 100 wide and 100 high."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from scans.models import ModelRelease
from scans.services.statistics.trend import Line, Point

_EDGE = 3.0  # so that the dots at the ends are whole


@dataclass(frozen=True)
class Chart:
    """The line of one release. Coordinates are hundredths of the drawing, y downwards."""

    release: ModelRelease
    points: Sequence[Point]  # oldest first
    points_xy: Sequence[tuple[str, str]]
    threshold: str  # the height of the line at which the release calls a tumor

    @property
    def line(self) -> str:
        return " ".join(",".join(point) for point in self.points_xy)

    @property
    def first(self) -> date:
        return self.points[0].day

    @property
    def last(self) -> date:
        return self.points[-1].day

    @property
    def newest_first(self) -> list[Point]:
        return list(reversed(self.points))


def chart_of(line: Line) -> Chart:
    """Place the studies by their dates; where all are of one day, at equal distances."""
    first, last = line.points[0].day, line.points[-1].day
    days = (last - first).days
    points_xy = []
    for number, point in enumerate(line.points):
        share = (point.day - first).days / days if days else number / (len(line.points) - 1)
        points_xy.append((f"{_EDGE + share * (100 - 2 * _EDGE):.2f}", _height(point.probability)))
    return Chart(line.release, line.points, points_xy, _height(line.release.threshold))


def _height(probability: float) -> str:
    return f"{100 - _EDGE - probability * (100 - 2 * _EDGE):.2f}"
