"""Shapes drawn on an image, in its pixels: read strictly, measured, and written as SVG.

No Django in here. (0, 0) is the upper left corner of the first pixel; see docs/annotations.md.
"""

from scans.geometry.measures import Measurements, Spacing, measure
from scans.geometry.reading import MOST_POINTS, GeometryError, read_geometry
from scans.geometry.shapes import (
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
    outline,
    write_geometry,
)

__all__ = [
    "MOST_POINTS",
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
    "measure",
    "outline",
    "read_geometry",
    "write_geometry",
]
