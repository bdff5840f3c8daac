"""Read a shape from JSON, strictly; what is wrong with it is reported by member."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeGuard

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
    Shape,
    bounds,
)
from scans.written_text import has_control_characters

MOST_POINTS = {Shape.POLYGON: 500, Shape.FREEHAND: 2000}
LONGEST_TEXT = 200
NEAR = 0.1  # how far outside a point may lie, as a share of the image's width or height
DECIMALS = 3
LARGEST = 1e6  # beyond any image, and small enough to be reckoned with in 64 bits
_SLACK = 10**-DECIMALS
_MEMBERS = {
    Shape.RECTANGLE: ({"x", "y", "width", "height"}, {"rotation"}),
    Shape.ELLIPSE: ({"cx", "cy", "rx", "ry"}, {"rotation"}),
    Shape.POLYGON: ({"points"}, set()),
    Shape.FREEHAND: ({"points"}, {"closed"}),
    Shape.ARROW: ({"tail", "head"}, {"text"}),
    Shape.LENGTH: ({"start", "end"}, set()),
    Shape.BIDIRECTIONAL: ({"long", "short"}, set()),
    Shape.ANGLE: ({"start", "vertex", "end"}, set()),
}


class GeometryError(ValueError):
    """The shape cannot be taken; `errors` holds sentences by member ("" for the whole)."""

    def __init__(self, errors: Mapping[str, str]) -> None:
        super().__init__(" ".join(errors.values()))
        self.errors = dict(errors)


def read_geometry(raw: object, *, width: int, height: int) -> Geometry:
    """The shape that this JSON describes on an image of so many pixels.

    Coordinates are kept to a thousandth of a pixel. Raises `GeometryError`.
    """
    if not isinstance(raw, Mapping):
        raise GeometryError({"": "Send the geometry as an object with a `shape`."})
    shape = raw.get("shape")
    if not isinstance(shape, str) or shape not in list(Shape):
        raise GeometryError({"shape": f"Give one of these shapes: {', '.join(Shape)}."})
    reader = _Reader(raw, Shape(shape))
    geometry = _READERS[Shape(shape)](reader)
    reader.finish()
    left, top, right, bottom = bounds(geometry)
    beside, above = NEAR * width + _SLACK, NEAR * height + _SLACK
    if left < -beside or top < -above or right > width + beside or bottom > height + above:
        raise GeometryError(
            {
                "": f"The shape lies outside of the image, which is {width} x {height} pixels. "
                "Draw it on the image."
            }
        )
    if isinstance(geometry, Polygon) and crosses_itself(geometry.points):
        raise GeometryError(
            {
                "points": "The outline crosses or touches itself. "
                "Move its corners so that it does not."
            }
        )
    return geometry


class _Reader:
    """Reads members one by one and gathers what is wrong with them."""

    def __init__(self, raw: Mapping[str, object], shape: Shape) -> None:
        self.raw = raw
        self.shape = shape
        self.errors: dict[str, str] = {}
        required, optional = _MEMBERS[shape]
        for name in sorted(required - set(raw)):
            self.errors[name] = f"Give `{name}`: a {shape} needs it."
        for name in sorted(str(name) for name in set(raw) - required - optional - {"shape"}):
            self.errors[name] = f"Leave out `{name}`: a {shape} has no such member."

    def finish(self) -> None:
        if self.errors:
            raise GeometryError(self.errors)

    def number(self, name: str, default: float | None = None) -> float:
        if name not in self.raw:
            return 0.0 if default is None else default
        value = _number(self.raw[name])
        if value is None:
            self.errors[name] = f"Give `{name}` as a number of pixels."
            return 0.0
        return value

    def positive(self, name: str) -> float:
        value = self.number(name)
        if name not in self.errors and value <= 0:
            self.errors[name] = f"Give `{name}` as a number above 0."
        return value

    def rotation(self) -> float:
        value = self.number("rotation", default=0.0)
        return round(value % 360, DECIMALS) % 360

    def point(self, name: str) -> Point:
        point = _point(self.raw.get(name))
        if point is None:
            self.errors.setdefault(name, f"Give `{name}` as a point: [x, y], in pixels.")
        return point or (0.0, 0.0)

    def segment(self, name: str) -> tuple[Point, Point]:
        raw = self.raw.get(name)
        points = [_point(item) for item in raw] if _is_list(raw) and len(raw) == 2 else []
        if len(points) != 2 or points[0] is None or points[1] is None:
            self.errors.setdefault(name, f"Give `{name}` as two points: [[x, y], [x, y]].")
            return (0.0, 0.0), (0.0, 0.0)
        self.differ(name, points[0], points[1])
        return points[0], points[1]

    def differ(self, name: str, first: Point, second: Point) -> None:
        if first == second and not self.errors:
            self.errors[name] = "The two ends are the same point. Draw it longer."

    def points(self, *, fewest: int, closed: bool) -> tuple[Point, ...]:
        raw, most = self.raw.get("points"), MOST_POINTS[self.shape]
        if not _is_list(raw) or len(raw) > most:
            self.errors.setdefault(
                "points", f"Give `points` as a list of {fewest} to {most} points."
            )
            return ()
        points: list[Point] = []
        for number, item in enumerate(raw):
            point = _point(item)
            if point is None:
                self.errors[f"points.{number}"] = "Give each point as [x, y], in pixels."
                return ()
            if not points or point != points[-1]:
                points.append(point)
        while closed and len(points) > 1 and points[-1] == points[0]:
            points.pop()
        if len(points) < fewest:
            self.errors["points"] = f"Draw at least {fewest} different points."
        return tuple(points)


def _rectangle(read: _Reader) -> Geometry:
    x, y = read.number("x"), read.number("y")
    width, height = read.positive("width"), read.positive("height")
    return Rectangle(x, y, width, height, read.rotation())


def _ellipse(read: _Reader) -> Geometry:
    cx, cy = read.number("cx"), read.number("cy")
    return Ellipse(cx, cy, read.positive("rx"), read.positive("ry"), read.rotation())


def _polygon(read: _Reader) -> Geometry:
    return Polygon(read.points(fewest=3, closed=True))


def _freehand(read: _Reader) -> Geometry:
    closed = read.raw.get("closed", True)
    if not isinstance(closed, bool):
        read.errors["closed"] = "Give `closed` as true or false."
        closed = True
    return Freehand(read.points(fewest=3 if closed else 2, closed=closed), closed)


def _arrow(read: _Reader) -> Geometry:
    text = read.raw.get("text", "")
    if not isinstance(text, str) or len(text) > LONGEST_TEXT or has_control_characters(text):
        read.errors["text"] = (
            f"Give `text` as one line of at most {LONGEST_TEXT} characters, "
            "without control characters."
        )
        text = ""
    tail, head = read.point("tail"), read.point("head")
    read.differ("head", tail, head)
    return Arrow(tail, head, text.strip())


def _length(read: _Reader) -> Geometry:
    start, end = read.point("start"), read.point("end")
    read.differ("end", start, end)
    return Length(start, end)


def _bidirectional(read: _Reader) -> Geometry:
    longer, shorter = read.segment("long"), read.segment("short")
    return Bidirectional(longer, shorter)


def _angle(read: _Reader) -> Geometry:
    start, vertex, end = read.point("start"), read.point("vertex"), read.point("end")
    if vertex in (start, end) and not read.errors:
        read.errors["vertex"] = "The vertex is one of the ends. Draw both sides longer."
    return Angle(start, vertex, end)


_READERS: dict[Shape, Callable[[_Reader], Geometry]] = {
    Shape.RECTANGLE: _rectangle,
    Shape.ELLIPSE: _ellipse,
    Shape.POLYGON: _polygon,
    Shape.FREEHAND: _freehand,
    Shape.ARROW: _arrow,
    Shape.LENGTH: _length,
    Shape.BIDIRECTIONAL: _bidirectional,
    Shape.ANGLE: _angle,
}


def _is_list(raw: object) -> TypeGuard[Sequence[Any]]:
    return isinstance(raw, Sequence) and not isinstance(raw, str | bytes)


def _point(raw: object) -> Point | None:
    if not _is_list(raw) or len(raw) != 2:
        return None
    x, y = _number(raw[0]), _number(raw[1])
    return None if x is None or y is None else (x, y)


def _number(raw: object) -> float | None:
    """A number to a thousandth; JSON's true and false are none, and so are NaN and Infinity."""
    if isinstance(raw, bool) or not isinstance(raw, int | float):
        return None
    if not -LARGEST <= raw <= LARGEST:  # not so for NaN either
        return None
    return round(float(raw), DECIMALS) + 0.0  # + 0.0: no minus zero
