"""GIF89a: every block in place up to the trailer, and codes that fill each image."""

from __future__ import annotations

import struct
from typing import Final

from ml.imaging.formats.strict import DamagedError, lzw

_EXTENSION, _IMAGE, _TRAILER = 0x21, 0x2C, 0x3B
_SIZES: Final = {0xF9: 4, 0xFF: 11, 0x01: 12}  # of the first block of an extension, by label
_COMMENT: Final = 0xFE
_LABELS: Final = {*_SIZES, _COMMENT}


def check(content: bytes) -> None:
    """Raise `DamagedError` unless the file is whole; words after its trailer do no harm."""
    if len(content) < 13:
        raise DamagedError("the file ends in its header")
    at = 13 + _color_table(content[10])
    while True:
        kind = content[at] if at < len(content) else None
        if kind == _TRAILER:
            return
        if kind == _EXTENSION:
            at = _extension(content, at + 1)
        elif kind == _IMAGE:
            at = _image(content, at + 1)
        else:
            raise DamagedError("no block where one is due, or no trailer")


def _extension(content: bytes, at: int) -> int:
    label, size = _bytes(content, at, 2)
    if label not in _LABELS or _SIZES.get(label, size) != size:
        raise DamagedError("an extension is damaged")
    return _blocks(content, at + 1)[1]


def _image(content: bytes, at: int) -> int:
    _, _, width, height, packed = struct.unpack("<HHHHB", _bytes(content, at, 9))
    at += 9 + _color_table(packed)
    (literals,) = _bytes(content, at, 1)
    if not 2 <= literals <= 8:
        raise DamagedError("codes of no valid size")
    codes, at = _blocks(content, at + 1)
    lzw.check(codes, values=width * height, literals=literals, is_gif=True)
    return at


def _blocks(content: bytes, at: int) -> tuple[bytes, int]:
    """The data of the sub-blocks from here, and where the next block stands."""
    found = []
    while size := _bytes(content, at, 1)[0]:
        found.append(_bytes(content, at + 1, size))
        at += 1 + size
    return b"".join(found), at + 1


def _bytes(content: bytes, at: int, count: int) -> bytes:
    found = content[at : at + count]
    if len(found) < count:
        raise DamagedError("the file is cut")
    return found


def _color_table(packed: int) -> int:
    return 3 << ((packed & 7) + 1) if packed & 0x80 else 0
