"""Shapes drawn on an image, in its pixels: read strictly, measured, and written as SVG.

No Django in here. (0, 0) is the upper left corner of the first pixel; see docs/annotations.md.
"""

from scans.geometry.measures import (
    FILE_SCALE,
    MANUAL_SCALE,
    Measurements,
    Spacing,
    measure,
    measurements_json,
)
from scans.geometry.reading import MOST_POINTS, GeometryError, read_geometry
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
    outline,
    write_geometry,
)

__all__ = [
    "FILE_SCALE",
    "MANUAL_SCALE",
    "MOST_POINTS",
    "Angle",
    "Arrow",
    "Bidirectional",
    "Ellipse",
    "Freehand",
    "Geometry",
    "GeometryError",
    "Length",
    "Measurements",
    "Point",
    "Polygon",
    "Rectangle",
    "Shape",
    "Spacing",
    "bounds",
    "measure",
    "measurements_json",
    "outline",
    "read_geometry",
    "write_geometry",
]
