"""TIFF 6.0: strips and tiles inside the file, as many as the page needs, each decoding in full.

Uncompressed pixels have no checksum: what is inside the file counts as whole.
"""

from __future__ import annotations

import itertools
import struct
import zlib
from dataclasses import dataclass
from typing import Final

from ml.imaging.formats.strict import DamagedError, jpeg, lzw

_WIDTH, _LENGTH, _BITS, _COMPRESSION, _PHOTOMETRIC = 256, 257, 258, 259, 262
_SAMPLES, _ROWS, _PLANAR = 277, 278, 284
_TILE_WIDTH, _TILE_LENGTH, _JPEG_TABLES = 322, 323, 347
_PLACES: Final = ((273, 279), (324, 325))  # offsets and byte counts of strips, of tiles
_SIZES: Final = {1: "B", 2: "B", 3: "H", 4: "I", 6: "b", 7: "B", 8: "h", 9: "i", 13: "I"}
# What is unpacked of a page, and no more: many tags may point at the same bytes.
_USED: Final = frozenset(
    (
        *(_WIDTH, _LENGTH, _BITS, _COMPRESSION, _PHOTOMETRIC, _SAMPLES, _ROWS, _PLANAR),
        *(_TILE_WIDTH, _TILE_LENGTH, _JPEG_TABLES),
        *itertools.chain(*_PLACES),
    )
)
_OTHER_SIZES: Final = {5: 8, 10: 8, 11: 4, 12: 8}
_NONE, _LZW, _JPEG, _PACK_BITS = 1, 5, 7, 32773
_DEFLATE: Final = {8, 32946}
_YCBCR: Final = 6
_PIECE: Final = 1 << 18
_MOST_TAGS: Final = 1000

_Tags = dict[int, tuple[int, ...]]


@dataclass(frozen=True, slots=True)
class _Part:
    """A strip or tile: its bytes, and the rows and bytes a row that it decodes to."""

    data: bytes
    rows: int
    columns: int
    bits_of_pixel: int

    @property
    def size(self) -> int:
        return self.rows * ((self.columns * self.bits_of_pixel + 7) // 8)


def check(content: bytes, *, pages: set[int]) -> None:
    """Raise `DamagedError` unless the pages of these numbers, from 0, are whole.

    `pages` are those whose sizes were allowed.
    """
    order = "<" if content[:2] == b"II" else ">"
    at, number = _number(content, 4, f"{order}I"), 0
    seen: set[int] = set()
    while at and at not in seen:
        seen.add(at)
        is_wanted = number in pages
        tags, at = _directory(content, at, order, used=_USED if is_wanted else frozenset())
        if is_wanted:
            _check_page(content, tags)
        number += 1


def _check_page(content: bytes, tags: _Tags) -> None:
    compression = _one(tags, _COMPRESSION, 1)
    if _one(tags, _PHOTOMETRIC, 1) == _YCBCR and compression != _JPEG:
        compression = -1  # fewer values of color than pixels: only the places are looked at
    tables = bytes(tags.get(_JPEG_TABLES, ()))
    for part in _parts(content, tags):
        if compression == _NONE and len(part.data) < part.size:
            raise DamagedError("pixels are missing")
        if compression in _DEFLATE:
            _check_deflated(part)
        elif compression == _LZW and not part.data.startswith(b"\0\1"):  # older than TIFF 5
            lzw.check(part.data, values=part.size, literals=8, is_gif=False)
        elif compression == _PACK_BITS:
            _check_packed(part)
        elif compression == _JPEG:
            jpeg.check(tables[:-2] + part.data[2:] if tables else part.data)


def _parts(content: bytes, tags: _Tags) -> list[_Part]:
    width, length = _one(tags, _WIDTH, 0), _one(tags, _LENGTH, 0)
    bits = tags.get(_BITS, (1,))
    samples = _one(tags, _SAMPLES, 1)
    is_planar = _one(tags, _PLANAR, 1) == 2
    bits_of_pixel = bits[0] * (1 if is_planar else samples)
    is_tiled = _PLACES[1][0] in tags
    if is_tiled:
        columns, rows = _one(tags, _TILE_WIDTH, 0), _one(tags, _TILE_LENGTH, 0)
    else:
        columns, rows = width, min(length, _one(tags, _ROWS, length))
    if not (columns and rows and width and length):
        raise DamagedError("a page without a size")
    across, down = -(-width // columns), -(-length // rows)
    count = across * down * (samples if is_planar else 1)
    offsets, counts = (tags.get(tag, ()) for tag in _PLACES[is_tiled])
    if len(offsets) < count or (counts and len(counts) < count):
        raise DamagedError("strips are missing")
    parts = []
    for index in range(count):
        row = index // across % down
        here = rows if is_tiled else min(rows, length - row * rows)
        part = _Part(b"", here, columns, bits_of_pixel)
        size = counts[index] if counts else part.size
        data = content[offsets[index] : offsets[index] + size]
        if len(data) < size or not size:
            raise DamagedError("a strip is cut")
        parts.append(_Part(data, here, columns, bits_of_pixel))
    return parts


def _check_deflated(part: _Part) -> None:
    inflate, count, rest = zlib.decompressobj(), 0, part.data
    while rest and not inflate.eof:
        try:
            count += len(inflate.decompress(rest, _PIECE))
        except zlib.error as error:
            raise DamagedError("a strip is damaged") from error
        rest = inflate.unconsumed_tail
    if not inflate.eof or count != part.size:
        raise DamagedError("a strip is damaged")


def _check_packed(part: _Part) -> None:
    """TIFF 6.0, section 9: a count, and as many bytes, or one byte that often."""
    at, count = 0, 0
    while at < len(part.data) and count < part.size:
        head = part.data[at]
        if head < 128:
            at, count = at + 2 + head, count + 1 + head
        else:
            at, count = (at + 1, count) if head == 128 else (at + 2, count + 257 - head)
    if count != part.size or at > len(part.data):
        raise DamagedError("a strip is damaged")


def _directory(content: bytes, at: int, order: str, *, used: frozenset[int]) -> tuple[_Tags, int]:
    """The numbers of the used tags of a page, and where the next page is described."""
    count = _number(content, at, f"{order}H")
    if not 0 < count <= _MOST_TAGS:
        raise DamagedError("a page without tags, or too many")
    tags: _Tags = {}
    unpacked = 0
    for entry in range(at + 2, at + 2 + 12 * count, 12):
        tag, kind = _number(content, entry, f"{order}H"), _number(content, entry + 2, f"{order}H")
        values = _number(content, entry + 4, f"{order}I")
        if kind not in _SIZES and kind not in _OTHER_SIZES:
            raise DamagedError("a tag of no known type")
        letter = _SIZES.get(kind, "")
        size = values * (struct.calcsize(letter) if letter else _OTHER_SIZES[kind])
        place = entry + 8 if size <= 4 else _number(content, entry + 8, f"{order}I")
        if place + size > len(content):
            raise DamagedError("a value is outside the file")
        if letter and tag in used:
            unpacked += size
            if unpacked > len(content):
                raise DamagedError("values that share their bytes")
            tags[tag] = struct.unpack_from(f"{order}{values}{letter}", content, place)
    return tags, _number(content, at + 2 + 12 * count, f"{order}I")


def _number(content: bytes, at: int, kind: str) -> int:
    try:
        return int(struct.unpack_from(kind, content, at)[0])
    except struct.error as error:
        raise DamagedError("the file is cut") from error


def _one(tags: _Tags, tag: int, default: int) -> int:
    return next(iter(tags.get(tag, ())), default)
