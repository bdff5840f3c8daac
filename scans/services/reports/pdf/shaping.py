"""Text of any script as lines of placed glyphs: faces chosen, shaped, broken and put in order.

HarfBuzz shapes; the order of right-to-left text is that of Unicode's bidirectional algorithm.
"""

import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass

import uharfbuzz as hb

from scans.services.reports.pdf import typefaces
from scans.services.reports.pdf.typefaces import Typeface
from scans.services.reports.pdf.writing_direction import base_level, levels_of

_JOINERS = "\u200c\u200d"
_VARIATIONS = range(0xFE00, 0xFE10)
_SKIN_TONES = range(0x1F3FB, 0x1F400)
_FLAGS = range(0x1F1E6, 0x1F200)
_RIGHT_TO_LEFT = ("R", "AL")
_NOT_AT_THE_START = "、。，．,.;:!?！？；：）)」』】〉》〕］}ーゝゞ々"


@dataclass(frozen=True)
class Run:
    """Characters of one face in one direction, with its glyphs from left to right."""

    text: str
    face: Typeface
    level: int
    glyphs: tuple[tuple[int, float, float, float], ...]  # glyph, x, y, advance in ems
    width: float  # in ems


@dataclass(frozen=True)
class Line:
    """The runs of a line from left to right."""

    runs: tuple[Run, ...]
    is_right_to_left: bool

    @property
    def width(self) -> float:
        """In ems."""
        return sum(run.width for run in self.runs)


@dataclass(frozen=True)
class _Cluster:
    """What a reader takes for one character, with its face and its level."""

    text: str
    face: Typeface
    level: int


def needs_shaping(text: str, *, plain: frozenset[int]) -> bool:
    """Whether the text is more than letters of `plain` one after another."""
    return any(
        letter not in "\n\t"
        and (
            ord(letter) not in plain
            or letter in _JOINERS
            or unicodedata.bidirectional(letter) in (*_RIGHT_TO_LEFT, "AN")
            or unicodedata.category(letter) in ("Mn", "Mc")
        )
        for letter in text
    )


def shaped_lines(text: str, *, width: float, bold: bool = False) -> list[Line]:
    """Return one paragraph as lines that are at most `width` ems wide."""
    clusters = list(_clusters(text, bold=bold))
    base = base_level(text)
    lines: list[Line] = []
    line: list[_Cluster] = []
    room = width
    for piece in _pieces(clusters):
        needed = _width(piece)
        if line and needed - _width(_trailing_space(piece)) > room:
            lines.append(_line(line, base))
            line, room = [], width
        for part in _fitting(piece, width) if needed > width else [piece]:
            if line and needed > width and _width(part) > room:
                lines.append(_line(line, base))
                line, room = [], width
            line += part
            room -= _width(part)
    return [*lines, _line(line, base)]


def _clusters(text: str, *, bold: bool) -> Iterator[_Cluster]:
    whole = "".join(_kept(unicodedata.normalize("NFC", text)))
    levels = levels_of(whole)
    language = _language(whole)
    at = 0
    while at < len(whole):
        end = _end_of_cluster(whole, at)
        cluster = whole[at:end]
        face = _face(cluster, bold=bold, language=language)
        if face is not None:
            yield _Cluster(cluster, face, levels[at])
        else:
            named = "".join(_named(letter) for letter in cluster)
            yield from (_Cluster(x, typefaces.dejavu(bold=bold), levels[at] & ~1) for x in named)
        at = end


def _kept(text: str) -> Iterator[str]:
    """Leave out what only directs other characters; the algorithm finds the order by itself."""
    for letter in text:
        if letter in _JOINERS or unicodedata.category(letter) != "Cf":
            yield " " if letter in "\n\t" else letter


def _named(letter: str) -> str:
    if letter in _JOINERS or ord(letter) in _VARIATIONS:
        return ""
    code = f"U+{ord(letter):04X}"
    name = unicodedata.name(letter, code)
    return f"[{code if name.endswith(f'-{ord(letter):04X}') else name}]"


def _end_of_cluster(text: str, at: int) -> int:
    end = at + 1
    if ord(text[at]) in _FLAGS and end < len(text) and ord(text[end]) in _FLAGS:
        end += 1
    while end < len(text):
        code, joined = ord(text[end]), text[end - 1] == "\u200d" and _is_sign(text[end])
        extends = unicodedata.category(text[end]) in ("Mn", "Mc", "Me") or text[end] in _JOINERS
        if not (extends or code in _VARIATIONS or code in _SKIN_TONES or joined):
            break
        end += 1
    return end


def _is_sign(letter: str) -> bool:
    return unicodedata.category(letter) in ("So", "Sk", "Sm")


def _face(cluster: str, *, bold: bool, language: str) -> Typeface | None:
    """The first face that has all of the cluster but what need not show."""
    seen = "".join(x for x in cluster if x not in _JOINERS and ord(x) not in _VARIATIONS)
    is_emoji = "\ufe0f" in cluster or (len(seen) > 1 and _is_sign(seen[0]))
    is_turned = unicodedata.bidirectional(cluster[0]) in _RIGHT_TO_LEFT
    first: list[Typeface] = [typefaces.emoji(bold=bold)] if is_emoji else []
    plain = typefaces.dejavu(bold=bold)
    faces = [*first, *([] if is_turned else [plain]), *typefaces.of_scripts(bold=bold)]
    faces += [
        typefaces.east_asian(bold=bold, language=language),
        typefaces.emoji(bold=bold),
        plain,
    ]
    return next((face for face in faces if face.has(seen)), None)


def _language(text: str) -> str:
    names = {unicodedata.name(letter, "").partition(" ")[0] for letter in text}
    if names & {"HIRAGANA", "KATAKANA"}:
        return "ja"
    return "ko" if "HANGUL" in names else "zh"


def _pieces(clusters: list[_Cluster]) -> Iterator[list[_Cluster]]:
    """Between any two of these a line may end: behind a space, and around East Asian letters."""
    piece: list[_Cluster] = []
    for at, cluster in enumerate(clusters):
        piece.append(cluster)
        following = clusters[at + 1].text if at + 1 < len(clusters) else " "
        ends = cluster.text.isspace() and not following.isspace()
        around = _is_wide(cluster.text) or (_is_wide(following) and not cluster.text.isspace())
        if ends or (around and following[0] not in _NOT_AT_THE_START and not following.isspace()):
            yield piece
            piece = []
    if piece:
        yield piece


def _is_wide(cluster: str) -> bool:
    return unicodedata.east_asian_width(cluster[0]) in ("W", "F")


def _trailing_space(piece: list[_Cluster]) -> list[_Cluster]:
    words = len(piece)
    while words and piece[words - 1].text.isspace():
        words -= 1
    return piece[words:]


def _fitting(piece: list[_Cluster], width: float) -> Iterator[list[_Cluster]]:
    """Break a piece that is wider than a line anywhere."""
    part: list[_Cluster] = []
    used = 0.0
    for cluster in piece:
        own = _width([cluster])
        if part and used + own > width:
            yield part
            part, used = [], 0.0
        part.append(cluster)
        used += own
    yield part


def _width(clusters: list[_Cluster]) -> float:
    return sum(run.width for run in _runs(clusters))


def _line(clusters: list[_Cluster], base: int) -> Line:
    clusters = clusters[: len(clusters) - len(_trailing_space(clusters))]
    runs = list(_runs(clusters))
    highest = max((run.level for run in runs), default=0)
    for level in range(highest, 0, -1):  # rule L2
        at = 0
        while at < len(runs):
            end = at
            while end < len(runs) and runs[end].level >= level:
                end += 1
            runs[at:end] = reversed(runs[at:end])
            at = max(end, at + 1)
    return Line(tuple(runs), base == 1)


def _runs(clusters: list[_Cluster]) -> Iterator[Run]:
    """Runs in the order of the text."""
    at = 0
    while at < len(clusters):
        first, end = clusters[at], at
        while end < len(clusters) and (clusters[end].face, clusters[end].level) == (
            first.face,
            first.level,
        ):
            end += 1
        yield _shaped("".join(one.text for one in clusters[at:end]), first.face, first.level)
        at = end


def _shaped(text: str, face: Typeface, level: int) -> Run:
    buffer = hb.Buffer()
    buffer.add_str(text)
    buffer.guess_segment_properties()
    buffer.direction = "rtl" if level % 2 else "ltr"
    hb.shape(face.font, buffer)
    glyphs, x = [], 0.0
    for info, place in zip(buffer.glyph_infos, buffer.glyph_positions, strict=True):
        advance = place.x_advance / face.units
        glyphs.append(
            (info.codepoint, x + place.x_offset / face.units, place.y_offset / face.units, advance)
        )
        x += advance
    return Run(text, face, level, tuple(glyphs), x)
