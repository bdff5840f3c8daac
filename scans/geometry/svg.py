"""The shapes as SVG, for the W3C SVG selector: written, and read back strictly.

Only what `write_svg` writes is understood, so that nothing of a drawing is lost in silence.
"""

import re
from collections.abc import Callable
from math import dist
from typing import Any
from xml.etree.ElementTree import Element, ParseError, SubElement, fromstring, tostring

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
)

NAMESPACE = "http://www.w3.org/2000/svg"
CENTER_SLACK = 0.01  # pixels
LONGEST = 100_000  # 2,000 points with 20 characters each leave room
# Matched against short words only: on long text, alternatives like these take quadratic time.
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")
_LONGEST_NUMBER = 32
_TURN = re.compile(r"rotate\(([^()]*)\)")


class SvgError(ValueError):
    """The drawing cannot be taken; `str()` is a sentence."""


def write_svg(geometry: Geometry) -> str:
    """One `<svg>` with the shape, in pixels of the image."""
    root = Element("svg", {"xmlns": NAMESPACE})
    match geometry:
        case Rectangle(x=x, y=y, width=width, height=height):
            sides = {"x": x, "y": y, "width": width, "height": height}
            center = (x + width / 2, y + height / 2)
            _add(root, "rect", "rectangle", sides, geometry.rotation, center)
        case Ellipse(cx=cx, cy=cy, rx=rx, ry=ry):
            radii = {"cx": cx, "cy": cy, "rx": rx, "ry": ry}
            _add(root, "ellipse", "ellipse", radii, geometry.rotation, (cx, cy))
        case Polygon(points=points):
            pairs = " ".join(_pair(point) for point in points)
            SubElement(root, "polygon", {"class": "polygon", "points": pairs})
        case Freehand(points=points, closed=closed):
            path = "M " + " L ".join(_pair(point) for point in points) + " Z" * closed
            SubElement(root, "path", {"class": "freehand", "d": path})
        case Arrow(tail=tail, head=head, text=text):
            line = _line(root, tail, head, "arrow")
            if text:
                SubElement(line, "title").text = text
        case Length(start=start, end=end):
            _line(root, start, end, "length")
        case Bidirectional(long=longer, short=shorter):
            group = SubElement(root, "g", {"class": "bidirectional"})
            _line(group, *longer)
            _line(group, *shorter)
        case Angle(start=start, vertex=vertex, end=end):
            pairs = " ".join(_pair(point) for point in (start, vertex, end))
            SubElement(root, "polyline", {"class": "angle", "points": pairs})
    return tostring(root, encoding="unicode")


def read_svg(text: str) -> dict[str, Any]:
    """The geometry as JSON, not yet checked against an image. Raises `SvgError`."""
    if len(text) > LONGEST:
        raise SvgError(f"The drawing is longer than {LONGEST} characters. Use fewer points.")
    # Declarations and entities are where XML is dangerous, and no drawing needs them.
    if "<!" in text or "<?" in text:
        raise SvgError("The drawing holds a declaration or a comment. Leave it out.")
    try:
        root = fromstring(text)  # noqa: S314
    except (ParseError, ValueError) as error:
        raise SvgError("The drawing is not well-formed XML.") from error
    if _name(root) != "svg" or len(root) != 1:
        raise SvgError("Send one <svg> element with one shape in it.")
    reader = _READERS.get(_name(root[0]))
    if reader is None:
        raise SvgError(f"Send one of these elements: {', '.join(_READERS)}.")
    return reader(root[0])


def _rectangle(element: Element) -> dict[str, Any]:
    box = _numbers(element, "rectangle", "x", "y", "width", "height")
    center = (box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    return {"shape": "rectangle", **box, "rotation": _rotation(element, center)}


def _ellipse(element: Element) -> dict[str, Any]:
    axes = _numbers(element, "ellipse", "cx", "cy", "rx", "ry")
    center = (axes["cx"], axes["cy"])
    return {"shape": "ellipse", **axes, "rotation": _rotation(element, center)}


def _polygon(element: Element) -> dict[str, Any]:
    _only(element, {"points"}, "polygon")
    numbers = _all_numbers(element.get("points", ""))
    if not numbers or len(numbers) % 2:
        raise SvgError('Give the points of the polygon as "x,y x,y x,y".')
    return {"shape": "polygon", "points": _pairs(numbers)}


def _freehand(element: Element) -> dict[str, Any]:
    _only(element, {"d"}, "freehand")
    path = element.get("d", "").strip()
    closed = path.endswith("Z")
    start, *lines = path.removesuffix("Z").split("L")
    steps = [_all_numbers(step) for step in (start.removeprefix("M"), *lines)]
    if not start.startswith("M") or any(step is None or len(step) != 2 for step in steps):
        raise SvgError('Give the path as "M x,y L x,y L x,y", with " Z" where it is closed.')
    return {"shape": "freehand", "points": steps, "closed": closed}


def _line_or_arrow(element: Element) -> dict[str, Any]:
    kind = element.get("class", "length")
    title = element[0] if len(element) == 1 and _name(element[0]) == "title" else None
    if kind == "arrow":
        start, end = _ends(element, kind, children=0 if title is None else 1)
        text = "" if title is None else title.text or ""
        return {"shape": "arrow", "tail": start, "head": end, "text": text}
    start, end = _ends(element, "length")
    return {"shape": "length", "start": start, "end": end}


def _bidirectional(element: Element) -> dict[str, Any]:
    if [_name(child) for child in element] != ["line", "line"] or set(element.keys()) - {"class"}:
        raise SvgError("Give two <line> elements in the group: the long and the short diameter.")
    if element.get("class") != "bidirectional":
        raise SvgError('Give the group the class "bidirectional".')
    longer, shorter = (_ends(line, "") for line in element)
    return {"shape": "bidirectional", "long": longer, "short": shorter}


def _angle(element: Element) -> dict[str, Any]:
    _only(element, {"points"}, "angle")
    numbers = _all_numbers(element.get("points", ""))
    if numbers is None or len(numbers) != 6:
        raise SvgError('Give the three points of the angle as "x,y x,y x,y".')
    start, vertex, end = _pairs(numbers)
    return {"shape": "angle", "start": start, "vertex": vertex, "end": end}


_READERS: dict[str, Callable[[Element], dict[str, Any]]] = {
    "rect": _rectangle,
    "ellipse": _ellipse,
    "polygon": _polygon,
    "path": _freehand,
    "line": _line_or_arrow,
    "g": _bidirectional,
    "polyline": _angle,
}


def _add(
    root: Element,
    tag: str,
    kind: str,
    numbers: dict[str, float],
    rotation: float,
    center: Point,
) -> None:
    attributes = {"class": kind} | {name: _text(value) for name, value in numbers.items()}
    if rotation:
        attributes["transform"] = f"rotate({_text(rotation)} {_text(center[0])} {_text(center[1])})"
    SubElement(root, tag, attributes)


def _line(root: Element, start: Point, end: Point, kind: str = "") -> Element:
    ends = {"x1": start[0], "y1": start[1], "x2": end[0], "y2": end[1]}
    attributes = {"class": kind} if kind else {}
    return SubElement(root, "line", attributes | {key: _text(value) for key, value in ends.items()})


def _ends(element: Element, kind: str, children: int = 0) -> tuple[list[float], list[float]]:
    ends = _numbers(element, kind, "x1", "y1", "x2", "y2", children=children)
    return [ends["x1"], ends["y1"]], [ends["x2"], ends["y2"]]


def _numbers(element: Element, kind: str, *names: str, children: int = 0) -> dict[str, float]:
    extra = {"transform"} if kind in {"rectangle", "ellipse"} else set()
    _only(element, {*names, *extra}, kind, children=children)
    for name in names:
        if len(_all_numbers(element.get(name, "")) or ()) != 1:
            raise SvgError(f"Give {name} of the <{_name(element)}> as a number of pixels.")
    return {name: float(element.get(name, "")) for name in names}


def _only(element: Element, names: set[str], kind: str, *, children: int = 0) -> None:
    """Refuse what would be lost: other attributes (a transform!), other elements inside."""
    unknown = set(element.keys()) - names - {"class"}
    if unknown or len(element) != children:
        what = f"the attribute {min(unknown)}" if unknown else "elements inside"
        raise SvgError(f"Leave out {what}: it is not understood on a <{_name(element)}>.")
    if element.get("class", kind) != kind:
        raise SvgError(f'Give the <{_name(element)}> the class "{kind}", or none.')


def _rotation(element: Element, center: Point) -> float:
    transform = element.get("transform")
    if transform is None:
        return 0.0
    turn = _TURN.fullmatch(transform.strip())
    numbers = _all_numbers(turn[1]) if turn else None
    if numbers is None or len(numbers) != 3 or dist(numbers[1:], center) > CENTER_SLACK:
        raise SvgError('Give the transform as "rotate(degrees x y)" about the center of the shape.')
    return numbers[0]


def _all_numbers(text: str) -> list[float] | None:
    """The numbers between commas and spaces; None where something else is among them."""
    parts = text.replace(",", " ").split()
    if all(len(part) <= _LONGEST_NUMBER and _NUMBER.fullmatch(part) for part in parts):
        return [float(part) for part in parts]
    return None


def _pairs(numbers: list[float]) -> list[list[float]]:
    return [list(pair) for pair in zip(numbers[::2], numbers[1::2], strict=True)]


def _pair(point: Point) -> str:
    return f"{_text(point[0])},{_text(point[1])}"


def _text(value: float) -> str:
    """To a thousandth, as coordinates are kept; half thousandths of a center are kept too."""
    return f"{value:.4f}".rstrip("0").rstrip(".")


def _name(element: Element) -> str:
    return str(element.tag).removeprefix(f"{{{NAMESPACE}}}")
