"""Measurements of a shape, by the names that fit it: in pixels, and in mm where they are known."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from math import atan2, cos, degrees, hypot, pi, radians, sin, sqrt
from typing import Any

import numpy as np

from scans.geometry.crossing import crosses_itself
from scans.geometry.shapes import (
    Angle,
    Arrow,
    Bidirectional,
    Ellipse,
    Freehand,
    Geometry,
    Length,
    Point,
    Polygon,
    Rectangle,
    rectangle_corners,
)

DECIMALS = 3
FILE_SCALE, MANUAL_SCALE = "file", "manual"


@dataclass(frozen=True)
class Spacing:
    """Millimeters between the centers of rows and of columns, as DICOM's Pixel Spacing."""

    row: float
    column: float


@dataclass(frozen=True)
class Measurements:
    """In px and px², or in mm and mm²; None where the shape has no such thing.

    A rectangle has width and height, an ellipse two axes. The long diameter is the longest distance
    across an outline, or that of a bidirectional measurement; never the diagonal of a rectangle.
    """

    length: float | None = None
    area: float | None = None
    perimeter: float | None = None
    width: float | None = None
    height: float | None = None
    long_axis: float | None = None
    short_axis: float | None = None
    long_diameter: float | None = None
    short_diameter: float | None = None
    angle: float | None = None  # degrees, in both

    def as_json(self) -> dict[str, float | None]:
        return {
            name: None if value is None else round(value, DECIMALS)
            for name, value in asdict(self).items()
        }


PIXELS = Spacing(row=1.0, column=1.0)


def measure(geometry: Geometry, *, spacing: Spacing = PIXELS) -> Measurements:
    """The measurements of a shape whose pixels have this size."""
    match geometry:
        case Rectangle():
            return _of_rectangle(geometry, spacing)
        case Ellipse():
            return _of_ellipse(geometry, spacing)
        case Polygon(points=points):
            return _of_outline(points, spacing, simple=True)
        case Freehand(points=points, closed=True):
            return _of_outline(points, spacing, simple=not crosses_itself(points))
        case Freehand(points=points):
            scaled = _scaled(points, spacing)
            return Measurements(length=float(np.hypot(*np.diff(scaled, axis=0).T).sum()))
        case Length(start=start, end=end):
            return Measurements(length=distance(start, end, spacing))
        case Bidirectional(long=longer, short=shorter):
            # Pixels that are not square can make the shorter one in pixels the longer one in mm.
            lengths = sorted((distance(*longer, spacing), distance(*shorter, spacing)))
            return Measurements(long_diameter=lengths[1], short_diameter=lengths[0])
        case Angle(start=start, vertex=vertex, end=end):
            return Measurements(angle=_angle(start, vertex, end, spacing))
        case Arrow():
            return Measurements()


def distance(first: Point, second: Point, spacing: Spacing = PIXELS) -> float:
    """The distance of two points of the image."""
    return hypot((second[0] - first[0]) * spacing.column, (second[1] - first[1]) * spacing.row)


def measurements_json(
    geometry: Geometry, *, spacing: Spacing | None, scale: str = FILE_SCALE
) -> dict[str, Any]:
    """Return the measurements as a version of an annotation stores them; `mm` is None without.

    `scale` says who states the spacing: the file, or a reader's manual calibration.
    """
    return {
        "px": measure(geometry).as_json(),
        "mm": measure(geometry, spacing=spacing).as_json() if spacing is not None else None,
        "scale": scale if spacing is not None else None,
    }


def _angle(start: Point, vertex: Point, end: Point, spacing: Spacing) -> float:
    """From 0 to 180 degrees, as it is on the patient where pixels are not square."""
    (ax, ay), (bx, by) = (
        ((x - vertex[0]) * spacing.column, (y - vertex[1]) * spacing.row) for x, y in (start, end)
    )
    return degrees(atan2(abs(ax * by - ay * bx), ax * bx + ay * by))


def _of_rectangle(rectangle: Rectangle, spacing: Spacing) -> Measurements:
    corners = rectangle_corners(rectangle)
    return replace(
        _of_outline(corners, spacing, simple=True),
        width=distance(corners[0], corners[1], spacing),
        height=distance(corners[1], corners[2], spacing),
        long_diameter=None,
    )


def _of_outline(points: Sequence[Point], spacing: Spacing, *, simple: bool) -> Measurements:
    scaled = _scaled(points, spacing)
    following = np.roll(scaled, -1, axis=0)
    perimeter = float(np.hypot(*(following - scaled).T).sum())
    # About the first point, so that an outline far from the corner loses no digits.
    (x, y), (next_x, next_y) = (scaled - scaled[0]).T, (following - scaled[0]).T
    area = abs(float((x * next_y - next_x * y).sum())) / 2
    widest = max(float(np.hypot(*(scaled - point).T).max()) for point in scaled)
    return Measurements(area=area if simple else None, perimeter=perimeter, long_diameter=widest)


def _of_ellipse(ellipse: Ellipse, spacing: Spacing) -> Measurements:
    """The axes after scaling are the singular values of what maps the unit circle onto it."""
    angle = radians(ellipse.rotation)
    rotation = np.array([[cos(angle), -sin(angle)], [sin(angle), cos(angle)]])
    scale = np.diag([spacing.column, spacing.row])
    a, b = np.linalg.svd(scale @ rotation @ np.diag([ellipse.rx, ellipse.ry]), compute_uv=False)
    # Ramanujan's second approximation of the perimeter (1914): right to 1e-4 even where b << a.
    h = ((a - b) / (a + b)) ** 2
    perimeter = pi * (a + b) * (1 + 3 * h / (10 + sqrt(4 - 3 * h)))
    return Measurements(
        area=float(pi * a * b),
        perimeter=float(perimeter),
        long_axis=float(2 * a),
        short_axis=float(2 * b),
    )


def _scaled(points: Sequence[Point], spacing: Spacing) -> np.ndarray:
    return np.asarray(points, float) * (spacing.column, spacing.row)
