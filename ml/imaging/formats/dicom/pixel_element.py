"""Where the pixels of a DICOM file begin, and how many bytes of them there are; none is decoded."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import BinaryIO, Final

PIXEL_DATA: Final = 0x7FE00010
_FLOAT, _DOUBLE = 0x7FE00008, 0x7FE00009
_PIXELS: Final = {PIXEL_DATA, _FLOAT, _DOUBLE}
_UNDEFINED: Final = 0xFFFFFFFF
_ITEM: Final = b"\xfe\xff\x00\xe0"  # encapsulated pixels are little endian (PS3.5, A.4)


@dataclass(frozen=True, kw_only=True, slots=True)
class PixelElement:
    """The element that holds the pixels.

    Attributes:
        is_fractions: Float or Double Float Pixel Data.
        available: bytes of its value that are in the file; of encapsulated pixels all that follows.
        has_fragments: whether encapsulated pixels have at least one fragment; False for others.
    """

    is_fractions: bool
    available: int
    has_fragments: bool


class PixelElementFinder:
    """pydicom's `stop_when`: reading stops at the pixels, and `found` says what stands there.

    `stream` is what pydicom reads from.
    """

    def __init__(self) -> None:
        self.stream: BinaryIO | None = None
        self.found: PixelElement | None = None

    def __call__(self, tag: int, vr: str | None, length: int) -> bool:
        """Whether this is the element of the pixels."""
        if tag not in _PIXELS:
            return False
        assert self.stream is not None
        at = self.stream.tell()
        there = self.stream.seek(0, 2) - at
        self.stream.seek(at)
        is_undefined = length == _UNDEFINED
        self.found = PixelElement(
            is_fractions=tag != PIXEL_DATA,
            available=there if is_undefined else min(length, there),
            has_fragments=is_undefined and self._has_fragment(self.stream),
        )
        self.stream.seek(at)  # pydicom goes on from where it was
        return True

    @staticmethod
    def _has_fragment(stream: BinaryIO) -> bool:
        """The first item is the table of offsets; a fragment is an item after it."""
        head = stream.read(8)
        if len(head) < 8 or head[:4] != _ITEM:
            return False
        (table,) = struct.unpack("<L", head[4:])
        stream.seek(table, 1)
        return stream.read(4) == _ITEM
