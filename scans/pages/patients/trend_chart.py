"""The trend as a drawing 100 wide and 100 high; pages lay text and table around it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from scans.models import ModelRelease
from scans.services.statistics.trend import Line, Point

_EDGE = 3.0  # so that the dots at the ends are whole


@dataclass(frozen=True)
class Chart:
    """One release's line. Places are in hundredths of the drawing, y downwards."""

    release: ModelRelease
    points: Sequence[Point]  # oldest first
    places: Sequence[tuple[str, str]]
    threshold: str  # the height of the line at which the release calls a tumor

    @property
    def line(self) -> str:
        return " ".join(",".join(place) for place in self.places)

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
    """Studies stand where their dates are; of one day, side by side at equal distances."""
    first, last = line.points[0].day, line.points[-1].day
    days = (last - first).days
    places = []
    for number, point in enumerate(line.points):
        share = (point.day - first).days / days if days else number / (len(line.points) - 1)
        places.append((f"{_EDGE + share * (100 - 2 * _EDGE):.2f}", _height(point.probability)))
    return Chart(line.release, line.points, places, _height(line.release.threshold))


def _height(probability: float) -> str:
    return f"{100 - _EDGE - probability * (100 - 2 * _EDGE):.2f}"
