"""A paragraph of any script as outlines of its glyphs, with the text itself unseen below them.

So what is printed needs no font of the reader's, and can be searched and copied all the same.
"""

from functools import cache
from typing import Any

from reportlab.lib.styles import ParagraphStyle
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.platypus import Flowable

from scans.services.reports.pdf.shaping import Line, Run, shaped_lines
from scans.services.reports.pdf.typefaces import DEJAVU

_UNSEEN = "NeuroScan-Unseen"
_INVISIBLE = 3  # PDF's text rendering mode


class ShapedParagraph(Flowable):
    """One paragraph; its base direction decides where it begins, unless it is `flush_left`."""

    def __init__(
        self, text: str, style: ParagraphStyle, *, bold: bool, flush_left: bool = False
    ) -> None:
        super().__init__()
        self.text, self.style, self.bold, self.flush_left = text, style, bold, flush_left
        self.lines: list[Line] = []

    def wrap(self, available_width: float, available_height: float) -> tuple[float, float]:
        """Break it into lines; reportlab calls it."""
        self.width = available_width
        if not self.lines:
            size = self.style.fontSize
            self.lines = shaped_lines(self.text, width=available_width / size, bold=self.bold)
        self.height = len(self.lines) * self.style.leading
        return available_width, self.height

    def split(self, available_width: float, available_height: float) -> list[Flowable]:
        """Divide it where the page ends; reportlab calls it."""
        self.wrap(available_width, available_height)
        fitting = int(available_height // self.style.leading)
        if not 0 < fitting < len(self.lines):
            return []
        parts: list[Flowable] = []
        for lines in (self.lines[:fitting], self.lines[fitting:]):
            part = ShapedParagraph(
                self.text, self.style, bold=self.bold, flush_left=self.flush_left
            )
            part.lines = lines
            parts.append(part)
        return parts

    def getSpaceBefore(self) -> float:  # noqa: N802
        """The room above it; reportlab calls it."""
        return float(self.style.spaceBefore)

    def getSpaceAfter(self) -> float:  # noqa: N802
        """The room below it; reportlab calls it."""
        return float(self.style.spaceAfter)

    def draw(self) -> None:
        """Draw the lines; reportlab calls it."""
        size, y = self.style.fontSize, self.height - self.style.fontSize
        self.canv.setFillColor(self.style.textColor)
        for line in self.lines:
            is_right = line.is_right_to_left and not self.flush_left
            x = self.width - line.width * size if is_right else 0
            draw_line(self.canv, line, x, y, size)
            y -= self.style.leading


def draw_line(canvas: Any, line: Line, x: float, y: float, size: float) -> None:
    """Draw a line in the canvas' color."""
    for run in line.runs:
        _draw_text(canvas, run, x, y, size)
        _draw_glyphs(canvas, run, x, y, size)
        x += run.width * size


def _draw_glyphs(canvas: Any, run: Run, x: float, y: float, size: float) -> None:
    scale = size / run.face.units
    path = canvas.beginPath()
    for glyph, glyph_x, glyph_y, _ in run.glyphs:
        left, base = x + glyph_x * size, y + glyph_y * size
        for what, points in run.face.outline(glyph):
            placed = [at for px, py in points for at in (left + px * scale, base + py * scale)]
            match what:
                case "move":
                    path.moveTo(*placed)
                case "line":
                    path.lineTo(*placed)
                case "curve":
                    path.curveTo(*placed)
                case _:
                    path.close()
    canvas.drawPath(path, stroke=0, fill=1, fillMode=1)  # of outlines that overlap, all is filled


def _draw_text(canvas: Any, run: Run, x: float, y: float, size: float) -> None:
    letters = reversed(run.text) if run.level % 2 else run.text
    # reportlab would have a wrong character copied for one beyond the basic plane: a blank instead.
    seen = "".join(letter if ord(letter) < 0x10000 else " " for letter in letters)
    _know(seen)
    natural = pdfmetrics.stringWidth(seen, _UNSEEN, size)
    if not natural or not run.width:
        return
    text = canvas.beginText(x, y)
    text.setFont(_UNSEEN, size)
    text.setTextRenderMode(_INVISIBLE)
    text.setHorizScale(100 * run.width * size / natural)
    text.textOut(seen)
    canvas.saveState()
    canvas.drawText(text)
    canvas.restoreState()


@cache
def _unseen() -> TTFont:
    font = TTFont(_UNSEEN, DEJAVU / "DejaVuSans.ttf")
    font.face.name = _UNSEEN.encode()  # else it shares what is embedded with the font that is seen
    pdfmetrics.registerFont(font)
    return font


def _know(text: str) -> None:
    """Give the unseen font a blank for each character that it lacks."""
    face = _unseen().face
    for letter in text:
        if ord(letter) not in face.charToGlyph:
            face.charToGlyph[ord(letter)] = face.charToGlyph[0x20]
            face.charWidths[ord(letter)] = face.charWidths[0x20]
