"""The shapes, as frozen values in pixels of the image."""

from dataclasses import asdict, dataclass
from enum import StrEnum
from math import cos, pi, radians, sin
from typing import Any, ClassVar

Point = tuple[float, float]
ELLIPSE_STEPS = 90  # sides of the polygon that stands for an ellipse where one is drawn or checked


class Shape(StrEnum):
    RECTANGLE = "rectangle"
    ELLIPSE = "ellipse"
    POLYGON = "polygon"
    FREEHAND = "freehand"
    ARROW = "arrow"
    LENGTH = "length"
    BIDIRECTIONAL = "bidirectional"
    ANGLE = "angle"


@dataclass(frozen=True)
class Rectangle:
    """Upper left corner and sides before the rotation (degrees, clockwise, about the center)."""

    shape: ClassVar[Shape] = Shape.RECTANGLE
    x: float
    y: float
    width: float
    height: float
    rotation: float


@dataclass(frozen=True)
class Ellipse:
    """Center, radii, and a rotation as in `Rectangle`."""

    shape: ClassVar[Shape] = Shape.ELLIPSE
    cx: float
    cy: float
    rx: float
    ry: float
    rotation: float


@dataclass(frozen=True)
class Polygon:
    """An outline that neither crosses nor touches itself."""

    shape: ClassVar[Shape] = Shape.POLYGON
    points: tuple[Point, ...]


@dataclass(frozen=True)
class Freehand:
    """A line as it was drawn; where it is closed it may cross itself."""

    shape: ClassVar[Shape] = Shape.FREEHAND
    points: tuple[Point, ...]
    closed: bool


@dataclass(frozen=True)
class Arrow:
    shape: ClassVar[Shape] = Shape.ARROW
    tail: Point
    head: Point
    text: str


@dataclass(frozen=True)
class Length:
    shape: ClassVar[Shape] = Shape.LENGTH
    start: Point
    end: Point


@dataclass(frozen=True)
class Bidirectional:
    """The long and the short diameter, each from its start to its end."""

    shape: ClassVar[Shape] = Shape.BIDIRECTIONAL
    long: tuple[Point, Point]
    short: tuple[Point, Point]


@dataclass(frozen=True)
class Angle:
    """The angle at the vertex, between the lines to its two ends."""

    shape: ClassVar[Shape] = Shape.ANGLE
    start: Point
    vertex: Point
    end: Point


Geometry = Rectangle | Ellipse | Polygon | Freehand | Arrow | Length | Bidirectional | Angle


def write_geometry(geometry: Geometry) -> dict[str, Any]:
    """As JSON: what `read_geometry` reads back to an equal value."""
    return {"shape": geometry.shape.value} | {
        name: _as_lists(value) for name, value in asdict(geometry).items()
    }


def outline(geometry: Geometry) -> tuple[tuple[Point, ...], ...]:
    """The lines that draw the shape; a closed one ends where it began. Pixels."""
    match geometry:
        case Rectangle():
            corners = rectangle_corners(geometry)
            return ((*corners, corners[0]),)
        case Ellipse():
            return (ellipse_points(geometry),)
        case Polygon(points=points) | Freehand(points=points, closed=True):
            return ((*points, points[0]),)
        case Freehand(points=points):
            return (points,)
        case Arrow(tail=first, head=last) | Length(start=first, end=last):
            return ((first, last),)
        case Bidirectional(long=longer, short=shorter):
            return (longer, shorter)
        case Angle(start=start, vertex=vertex, end=end):
            return ((start, vertex, end),)


def rectangle_corners(rectangle: Rectangle) -> tuple[Point, ...]:
    """The four corners after the rotation, clockwise from the upper left one."""
    cx, cy = rectangle.x + rectangle.width / 2, rectangle.y + rectangle.height / 2
    right, down = rectangle.width / 2, rectangle.height / 2
    corners = ((-right, -down), (right, -down), (right, down), (-right, down))
    return tuple(_turned(cx, cy, dx, dy, rectangle.rotation) for dx, dy in corners)


def ellipse_points(ellipse: Ellipse) -> tuple[Point, ...]:
    """A closed polygon with its corners on the ellipse."""
    angles = [2 * pi * step / ELLIPSE_STEPS for step in range(ELLIPSE_STEPS)]
    points = [
        _turned(
            ellipse.cx,
            ellipse.cy,
            ellipse.rx * cos(angle),
            ellipse.ry * sin(angle),
            ellipse.rotation,
        )
        for angle in angles
    ]
    return (*points, points[0])


def bounds(geometry: Geometry) -> tuple[float, float, float, float]:
    """The smallest upright box around the shape: left, top, right, bottom. Pixels."""
    if isinstance(geometry, Ellipse):
        turn = radians(geometry.rotation)
        half_width = ((geometry.rx * cos(turn)) ** 2 + (geometry.ry * sin(turn)) ** 2) ** 0.5
        half_height = ((geometry.rx * sin(turn)) ** 2 + (geometry.ry * cos(turn)) ** 2) ** 0.5
        return (
            geometry.cx - half_width,
            geometry.cy - half_height,
            geometry.cx + half_width,
            geometry.cy + half_height,
        )
    points = [point for line in outline(geometry) for point in line]
    xs, ys = [x for x, _ in points], [y for _, y in points]
    return min(xs), min(ys), max(xs), max(ys)


def _turned(cx: float, cy: float, dx: float, dy: float, degrees: float) -> Point:
    turn = radians(degrees)  # y points down, so this turns clockwise on the screen
    return cx + dx * cos(turn) - dy * sin(turn), cy + dx * sin(turn) + dy * cos(turn)


def _as_lists(value: Any) -> Any:
    return [_as_lists(item) for item in value] if isinstance(value, tuple) else value
