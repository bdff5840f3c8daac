"""The frames of DICOM's compressed transfer syntaxes: JPEG, JPEG-LS, JPEG 2000 and HTJ2K, RLE.

Their decoders show what is left of a cut frame, and one of them ends its process for some.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Callable
from typing import Final

from ml.imaging.formats.strict import DamagedError, jpeg

_SIZ, _COD, _SOT, _SOD, _EOC = 0xFF51, 0xFF52, 0xFF90, 0xFF93, 0xFFD9
_MARKER: Final = re.compile(rb"\xff[\x90-\xff]")
_EMPTY: Final = 256  # half a sector of a disk
_JP2: Final = b"\0\0\0\x0cjP  "  # a codestream may stand in a JP2 file (T.800, I.5.1)
_SEGMENTS: Final = 15  # of an RLE frame, at most


def check(frame: bytes, *, syntax: str, values: int) -> None:
    """Raise `DamagedError` unless the frame is whole, as far as its kind can tell.

    Args:
        frame: the fragments of one frame together; zeros may follow.
        syntax: the UID of the transfer syntax. Of one that is not compressed nothing is checked.
        values: pixels of the frame.
    """
    if (kind := _KINDS.get(syntax)) is not None:
        kind(frame, values)


def _jpeg(frame: bytes, values: int) -> None:
    jpeg.check(frame)


def _jpeg_ls(frame: bytes, values: int) -> None:
    """T.87, C.1: CharLS checks the data; that it ends where it should is left to us."""
    if not frame.startswith(b"\xff\xd8") or not frame.rstrip(b"\0").endswith(b"\xff\xd9"):
        raise DamagedError("no start or end of image")


def _jpeg_2000(frame: bytes, values: int) -> None:
    """T.800, A.3: the main header, tile-parts that follow each other, the end of codestream."""
    if frame.startswith(_JP2):
        start = frame.find(b"\xff\x4f\xff\x51")
        frame = frame[max(0, start) :]
    at = 2
    if not frame.startswith(b"\xff\x4f\xff\x51"):
        raise DamagedError("no start of codestream")
    components, packets, has_marks = 0, 0, True
    while (marker := _word(frame, at)) != _SOT:
        if not 0xFF50 <= marker <= 0xFF6F:
            raise DamagedError("the main header is damaged")
        if marker == _SIZ:
            components = _word(frame, at + 38)
        elif marker == _COD:  # A.6.1
            style, layers, levels = frame[at + 4], _word(frame, at + 6), _word(frame, at + 9) >> 8
            has_marks = bool(style & 6)
            packets = _EMPTY if style & 1 else layers * (levels + 1) * components
        at += 2 + max(2, _word(frame, at + 2))
    while (marker := _word(frame, at)) == _SOT:
        if _word(frame, at + 2) != 10:
            raise DamagedError("a tile-part is damaged")
        length = struct.unpack_from(">I", frame, at + 6)[0]
        if not length:  # up to the end
            if not frame.rstrip(b"\0").endswith(b"\xff\xd9"):
                raise DamagedError("no end of codestream")
            return
        if length < 14 or at + length > len(frame) or _SOD not in _markers(frame, at, length):
            raise DamagedError("a tile-part is cut")
        body = frame[frame.index(b"\xff\x93", at) + 2 : at + length]
        # No code has a marker in it (B.10.1, C.2.1); an empty packet is one zero.
        if not has_marks and _MARKER.search(body):
            raise DamagedError("a marker where none can stand")
        if packets < _EMPTY and bytes(_EMPTY) in body:
            raise DamagedError("a part of the codestream is empty")
        at += length
    if marker != _EOC:
        raise DamagedError("no end of codestream")


def _markers(frame: bytes, at: int, length: int) -> list[int]:
    """The markers of a tile-part's header, up to the start of its data."""
    found, end = [], at + length
    at += 12
    while at + 2 <= end:
        found.append(_word(frame, at))
        if found[-1] == _SOD or not 0xFF50 <= found[-1] <= 0xFF6F:
            break
        at += 2 + max(2, _word(frame, at + 2))
    return found


def _rle(frame: bytes, values: int) -> None:
    """PS3.5, annex G: segments of PackBits, each of exactly one byte of every pixel."""
    if len(frame) < 64:
        raise DamagedError("the header is cut")
    count, *starts = struct.unpack_from("<16I", frame)
    if not 1 <= count <= _SEGMENTS or starts[0] != 64 or any(starts[count:]):
        raise DamagedError("the header is damaged")
    ends = [*starts[1:count], len(frame)]
    for start, end in zip(starts[:count], ends, strict=True):
        if not start < end <= len(frame):
            raise DamagedError("a segment is cut")
        _segment(frame, start, end, values)


def _segment(frame: bytes, at: int, end: int, values: int) -> None:
    made = 0
    while at < end and made < values:
        head = frame[at]
        if head < 128:
            at, made = at + 2 + head, made + 1 + head
        else:
            at, made = (at + 1, made) if head == 128 else (at + 2, made + 257 - head)
    # A zero makes its length even, some pad with codes that stand for nothing (128); encoders that
    # pack across the end of a row stay within it.
    if at > end or made != values or frame[at:end].strip(b"\0\x80"):
        raise DamagedError("a segment does not fill the image")


def _word(frame: bytes, at: int) -> int:
    if at + 2 > len(frame):
        raise DamagedError("the codestream is cut")
    return int.from_bytes(frame[at : at + 2], "big")


_OF_UIDS: Final = "1.2.840.10008.1.2."
_KINDS: Final[dict[str, Callable[[bytes, int], None]]] = {
    _OF_UIDS + "4.50": _jpeg,
    _OF_UIDS + "4.51": _jpeg,
    _OF_UIDS + "4.57": _jpeg,
    _OF_UIDS + "4.70": _jpeg,
    _OF_UIDS + "4.80": _jpeg_ls,
    _OF_UIDS + "4.81": _jpeg_ls,
    _OF_UIDS + "4.90": _jpeg_2000,
    _OF_UIDS + "4.91": _jpeg_2000,
    _OF_UIDS + "4.201": _jpeg_2000,
    _OF_UIDS + "4.202": _jpeg_2000,
    _OF_UIDS + "4.203": _jpeg_2000,
    _OF_UIDS + "5": _rle,
}
