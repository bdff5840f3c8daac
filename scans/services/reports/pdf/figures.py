"""Figures of the PDF: an image with an annotation drawn over it as vectors."""

from dataclasses import dataclass, replace
from io import BytesIO
from math import atan2, cos, pi, sin
from typing import Any

from reportlab.lib.colors import HexColor
from reportlab.lib.units import mm
from reportlab.lib.utils import ImageReader
from reportlab.platypus import Flowable

from scans.geometry import Arrow, Geometry, Point, outline, read_geometry
from scans.models import Analysis, AnnotationVersion, Image
from scans.services.frames import shown_picture

LARGEST = 80 * mm  # of a figure, either side
_LINE, _HALO = HexColor("#ffd24a"), HexColor("#10151c")


@dataclass(frozen=True)
class Drawing:
    """What a figure shows: an encoded picture, its size in pixels, and the annotation or None.

    The picture is empty of an image that could not be shown.
    """

    picture: bytes
    width: int
    height: int
    geometry: Geometry | None


def plain_figure_of(image: Image, *, overlay: Analysis | None = None) -> Drawing:
    """Return the image, or the image with this analysis' heatmap over it, without an annotation."""
    stored = overlay.overlay if overlay is not None and overlay.overlay else image.rendition
    if not stored:
        return Drawing(b"", image.width, image.height, None)
    with stored.open("rb") as file:
        shown = shown_picture(image, file.read())
        return Drawing(shown, image.width, image.height, None)


def figure_of(version: AnnotationVersion, *, overlay: Analysis | None = None) -> Drawing:
    """Return the annotation on its image, or on the image with this analysis' heatmap over it."""
    image = version.annotation.image
    geometry = read_geometry(version.geometry, width=image.width, height=image.height)
    return replace(plain_figure_of(image, overlay=overlay), geometry=geometry)


class Figure(Flowable):
    """The drawing, as large as `LARGEST` allows."""

    def __init__(self, drawing: Drawing) -> None:
        super().__init__()
        self.drawing = drawing
        self.scale = LARGEST / max(drawing.width, drawing.height)
        self.width, self.height = drawing.width * self.scale, drawing.height * self.scale

    def draw(self) -> None:
        """Draw on the canvas; reportlab calls it."""
        canvas: Any = self.canv
        if self.drawing.picture:
            picture = ImageReader(BytesIO(self.drawing.picture))
            canvas.drawImage(picture, 0, 0, width=self.width, height=self.height)
        else:
            canvas.rect(0, 0, self.width, self.height)
            canvas.drawCentredString(self.width / 2, self.height / 2, "This image was not shown.")
        if self.drawing.geometry is None:
            return
        canvas.saveState()
        frame = canvas.beginPath()
        frame.rect(0, 0, self.width, self.height)
        canvas.clipPath(frame, stroke=0)
        lines = [*outline(self.drawing.geometry), *_arrow_head(self.drawing)]
        for color, width in ((_HALO, 2.4), (_LINE, 1.2)):  # visible on light and on dark
            canvas.setStrokeColor(color)
            canvas.setLineWidth(width)
            canvas.setLineJoin(1)
            for points in lines:
                path = canvas.beginPath()
                path.moveTo(*self._on_paper(points[0]))
                for point in points[1:]:
                    path.lineTo(*self._on_paper(point))
                canvas.drawPath(path)
        canvas.restoreState()

    def _on_paper(self, point: Point) -> Point:
        return point[0] * self.scale, self.height - point[1] * self.scale


def _arrow_head(drawing: Drawing) -> list[tuple[Point, ...]]:
    arrow = drawing.geometry
    if not isinstance(arrow, Arrow):
        return []
    (x, y), (from_x, from_y) = arrow.head, arrow.tail
    back = atan2(from_y - y, from_x - x)
    size = max(drawing.width, drawing.height) / 30
    sides = [
        (x + size * cos(back + angle), y + size * sin(back + angle)) for angle in (-pi / 7, pi / 7)
    ]
    return [(sides[0], arrow.head, sides[1])]
