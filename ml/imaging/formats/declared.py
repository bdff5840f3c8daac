"""How many pictures a GIF or TIFF file declares, and how large, before any is decoded.

Counted only as far as allowed: a small file may list millions of them.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import BinaryIO, Final

# TIFF 6.0: the tags that are looked at, and the types that their values are written in.
_SUBFILE, _WIDTH, _LENGTH, _BITS, _PHOTOMETRIC, _ORIENTATION, _SAMPLES, _KIND = (
    254,
    256,
    257,
    258,
    262,
    274,
    277,
    339,
)
_TAGS: Final = {_SUBFILE, _WIDTH, _LENGTH, _BITS, _PHOTOMETRIC, _ORIENTATION, _SAMPLES, _KIND}
_SIZES: Final = {1: "B", 3: "H", 4: "I"}
_NO_PICTURE: Final = 1 | 4  # a smaller copy of another page, a mask (New Subfile Type)
_MOST_TAGS: Final = 1000


@dataclass(frozen=True, kw_only=True, slots=True)
class Declared:
    """One picture of a file.

    Attributes:
        index: where it stands in the file, from 0.
        width, height: pixels, of what is decoded for it.
        bits: of one value.
        samples: values a pixel.
        kind: how values are written, as TIFF's Sample Format: 1 whole, 2 signed, 3 fractions.
        is_inverted: 0 is white.
        orientation: as EXIF's, from 1 to 8.
    """

    index: int
    width: int
    height: int
    bits: int = 8
    samples: int = 1
    kind: int = 1
    is_inverted: bool = False
    orientation: int = 1


def gif_pictures(file: BinaryIO, *, at_most: int) -> list[Declared]:
    """The images of a GIF, each as large as all of them together need; up to `at_most`."""
    file.seek(6)
    screen = file.read(7)
    if len(screen) < 7:
        return []
    width, height = struct.unpack("<HH", screen[:4])
    _skip_color_table(file, screen[4])
    count = 0
    while count < at_most:
        match file.read(1):
            case b"\x21":  # an extension: its label, then blocks
                file.read(1)
            case b"\x2c":  # an image: its place, its colors, the size of its codes, then blocks
                place = file.read(9)
                if len(place) < 9:
                    break
                count += 1
                left, top, columns, rows = struct.unpack("<HHHH", place[:8])
                width, height = max(width, left + columns), max(height, top + rows)
                _skip_color_table(file, place[8])
                file.read(1)
            case _:
                break
        while size := file.read(1):
            if size == b"\0":
                break
            file.seek(size[0], 1)
    return [Declared(index=index, width=width, height=height) for index in range(count)]


def tiff_pictures(file: BinaryIO, *, at_most: int) -> list[Declared]:
    """The pages of a TIFF file, without smaller copies and masks of other pages; up to `at_most`.

    Raises:
        ValueError: for a file of more pages of any kind, or a damaged one.
    """
    file.seek(0)
    head = file.read(8)
    order = "<" if head[:2] == b"II" else ">"
    (offset,) = struct.unpack(f"{order}I", head[4:])
    found: list[Declared] = []
    seen: set[int] = set()
    while offset and len(found) < at_most:
        if offset in seen or len(seen) > 2 * at_most:
            raise ValueError("the pages of this TIFF file go round in a circle")
        index = len(seen)
        seen.add(offset)
        tags, offset = _directory(file, offset, order)
        if tags.get(_SUBFILE, 0) & _NO_PICTURE:
            continue
        found.append(
            Declared(
                index=index,
                width=tags.get(_WIDTH, 0),
                height=tags.get(_LENGTH, 0),
                bits=tags.get(_BITS, 1),
                samples=tags.get(_SAMPLES, 1),
                kind=tags.get(_KIND, 1),
                is_inverted=tags.get(_PHOTOMETRIC) == 0,
                orientation=tags.get(_ORIENTATION, 1),
            )
        )
    return found


def _directory(file: BinaryIO, offset: int, order: str) -> tuple[dict[int, int], int]:
    """The first value of each tag that is looked at, and where the next page is described."""
    file.seek(offset)
    (count,) = struct.unpack(f"{order}H", file.read(2))
    if count > _MOST_TAGS:
        raise ValueError("a page with too many tags")
    entries = file.read(12 * count)
    (after,) = struct.unpack(f"{order}I", file.read(4).ljust(4, b"\0"))
    tags: dict[int, int] = {}
    for at in range(0, len(entries) - 11, 12):
        tag, kind, values = struct.unpack(f"{order}HHI", entries[at : at + 8])
        letter = _SIZES.get(kind)
        if tag not in _TAGS or letter is None or not values:
            continue
        value = entries[at + 8 : at + 12]
        size = struct.calcsize(letter)
        if size * values > 4:  # they stand elsewhere
            file.seek(struct.unpack(f"{order}I", value)[0])
            value = file.read(size)
        (tags[tag],) = struct.unpack(f"{order}{letter}", value[:size])
    return tags, after


def _skip_color_table(file: BinaryIO, packed: int) -> None:
    if packed & 0x80:
        file.seek(3 << ((packed & 7) + 1), 1)
