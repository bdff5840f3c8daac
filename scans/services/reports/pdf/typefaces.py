"""The typefaces of the PDF: DejaVu, and Noto's for the scripts and signs that it lacks.

Noto's files come with packages (SIL Open Font License 1.1); `docs/decisions.md` names them.
"""

from functools import cache, cached_property
from pathlib import Path
from typing import Any

import manimgx_fonts
import manimgx_fonts_cjk
import uharfbuzz as hb

DEJAVU = Path(__file__).resolve().parent / "fonts"
_NOTO = Path(manimgx_fonts.__file__).parent
_CJK = Path(manimgx_fonts_cjk.__file__).parent / "NotoSansCJK-VF.otf.ttc"
_SIMPLIFIED, _JAPANESE, _KOREAN = 2, 0, 1  # faces of the collection
_SCRIPTS = (
    *("Arabic", "Hebrew", "Devanagari", "Bengali", "Gurmukhi", "Gujarati", "Oriya", "Tamil"),
    *("Telugu", "Kannada", "Malayalam", "Sinhala", "Thai", "Lao", "Myanmar", "Khmer"),
    *("Ethiopic", "Georgian", "Armenian", "Symbols"),
)
Path_ = list[tuple[str, tuple[tuple[float, float], ...]]]


class Typeface:
    """One face in one weight: which characters it has, and the outlines of its glyphs."""

    def __init__(self, path: Path, *, index: int = 0, weight: int = 400) -> None:
        self.path, self.index, self.weight = path, index, weight
        self._outlines: dict[int, Path_] = {}

    @cached_property
    def font(self) -> Any:
        """HarfBuzz's font, loaded when it is first needed."""
        face = hb.Face(hb.Blob.from_file_path(str(self.path)), self.index)
        font = hb.Font(face)
        if "wght" in {axis.tag for axis in face.axis_infos}:
            font.set_variations({"wght": self.weight})
        return font

    @cached_property
    def units(self) -> int:
        """Units of the em square."""
        return int(self.font.face.upem)

    def has(self, text: str) -> bool:
        """Whether it has a glyph for every character."""
        return all(self.font.get_nominal_glyph(ord(letter)) for letter in text)

    def outline(self, glyph: int) -> Path_:
        """Return the outline of a glyph as moves, lines and cubic curves."""
        if glyph not in self._outlines:
            pen = _Pen()
            self.font.draw_glyph_with_pen(glyph, pen)
            self._outlines[glyph] = pen.path
        return self._outlines[glyph]


class _Pen:
    """Collects an outline; a curve with one control point becomes one with two."""

    def __init__(self) -> None:
        self.path: Path_ = []
        self._at = (0.0, 0.0)

    def moveTo(self, point: tuple[float, float]) -> None:  # noqa: N802
        self._add("move", point)

    def lineTo(self, point: tuple[float, float]) -> None:  # noqa: N802
        self._add("line", point)

    def curveTo(self, *points: tuple[float, float]) -> None:  # noqa: N802
        self._add("curve", *points)

    def qCurveTo(self, control: tuple[float, float], end: tuple[float, float]) -> None:  # noqa: N802
        (x, y), (cx, cy), (ex, ey) = self._at, control, end
        first = (x + 2 * (cx - x) / 3, y + 2 * (cy - y) / 3)
        second = (ex + 2 * (cx - ex) / 3, ey + 2 * (cy - ey) / 3)
        self._add("curve", first, second, end)

    def closePath(self) -> None:  # noqa: N802
        self.path.append(("close", ()))

    def endPath(self) -> None:  # noqa: N802
        pass

    def _add(self, what: str, *points: tuple[float, float]) -> None:
        self.path.append((what, points))
        self._at = points[-1]


@cache
def dejavu(*, bold: bool) -> Typeface:
    """The face of Latin, Greek, Cyrillic and many signs."""
    return Typeface(DEJAVU / ("DejaVuSans-Bold.ttf" if bold else "DejaVuSans.ttf"))


@cache
def of_scripts(*, bold: bool) -> tuple[Typeface, ...]:
    """The faces of single scripts and of symbols."""
    weight = 700 if bold else 400
    return tuple(Typeface(_NOTO / f"NotoSans{one}[wght].ttf", weight=weight) for one in _SCRIPTS)


@cache
def emoji(*, bold: bool) -> Typeface:
    """The face of emoji, drawn in one color as paper needs it."""
    return Typeface(_NOTO / "NotoEmoji[wght].ttf", weight=700 if bold else 400)


@cache
def east_asian(*, bold: bool, language: str) -> Typeface:
    """The face of Chinese, Japanese (`ja`) and Korean (`ko`), whose characters look different."""
    index = {"ja": _JAPANESE, "ko": _KOREAN}.get(language, _SIMPLIFIED)
    return Typeface(_CJK, index=index, weight=700 if bold else 400)
