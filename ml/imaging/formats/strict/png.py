"""PNG (ISO/IEC 15948) and APNG: every chunk with its checksum, in place, from IHDR to IEND."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from typing import Final

from ml.imaging.formats.strict import DamagedError

_START: Final = 8  # after the signature
_PIECE: Final = 1 << 18  # bytes that are inflated at once
_CHANNELS: Final = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}
# Of each pass of Adam7: x and y of the first pixel, steps in x and in y (8.2).
_ADAM7: Final = (
    (0, 0, 8, 8),
    (4, 0, 8, 8),
    (0, 4, 4, 8),
    (2, 0, 4, 4),
    (0, 2, 2, 4),
    (1, 0, 2, 2),
    (0, 1, 1, 2),
)


def check(content: bytes) -> None:
    """Raise `DamagedError` unless the file has every chunk with its right checksum, up to IEND."""
    names = [name for name, _ in chunks(content)]
    if names[0] != b"IHDR" or b"IDAT" not in names:
        raise DamagedError("no header or no pixels")


def chunks(content: bytes) -> Iterator[tuple[bytes, memoryview]]:
    """The name and the bytes of each chunk, the last one IEND; what follows is none of the file.

    Raises `DamagedError` at the first that is cut or has a wrong checksum.
    """
    view, at = memoryview(content), _START
    while True:
        if at + 12 > len(view):
            raise DamagedError("the file ends before its end chunk")
        length, name = struct.unpack_from(">I4s", view, at)
        end = at + 12 + length
        if end > len(view):
            raise DamagedError("a chunk is cut")
        if zlib.crc32(view[at + 4 : end - 4]) != struct.unpack_from(">I", view, end - 4)[0]:
            raise DamagedError("a chunk has a wrong checksum")
        yield name, view[at + 8 : end - 4]
        if name == b"IEND":
            return
        at = end


def check_pixels(content: bytes) -> None:
    """Raise `DamagedError` unless the compressed pixels of the first image are all there.

    For a decoder that fills the rest with black. Inflates without keeping anything.
    """
    inflate, count, wanted = zlib.decompressobj(), 0, None
    for name, body in chunks(content):
        if name == b"IHDR":
            wanted = _bytes_of_pixels(body)
        elif name == b"IDAT":
            rest: bytes | memoryview = body
            while rest and not inflate.eof:
                try:
                    count += len(inflate.decompress(rest, _PIECE))
                except zlib.error as error:
                    raise DamagedError("the compressed pixels are damaged") from error
                rest = inflate.unconsumed_tail
    if wanted is None or not inflate.eof or count < wanted:
        raise DamagedError("pixels are missing")


def _bytes_of_pixels(header: memoryview) -> int:
    width, height, depth, color, _, _, interlaced = struct.unpack(">IIBBBBB", header)
    bits = depth * _CHANNELS.get(color, 4)
    total = 0
    for x, y, step_x, step_y in _ADAM7 if interlaced else ((0, 0, 1, 1),):
        columns, rows = -(-(width - x) // step_x), -(-(height - y) // step_y)
        if columns > 0 and rows > 0:
            total += rows * (1 + (columns * bits + 7) // 8)
    return total
