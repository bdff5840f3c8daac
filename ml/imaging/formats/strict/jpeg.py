"""JPEG (ITU-T T.81): the markers, and every warning of the decoder.

libjpeg goes on after damage and only warns; Pillow and OpenCV do not pass the warnings on.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Final

import simplejpeg

from ml.imaging.formats.strict import DamagedError

_SOI, _EOI, _SOS, _DQT, _DHT, _DRI, _DAC = 0xD8, 0xD9, 0xDA, 0xDB, 0xC4, 0xDD, 0xCC
_FRAMES: Final = set(range(0xC0, 0xD0)) - {_DHT, 0xC8, _DAC}
_PROGRESSIVE: Final = {0xC2, 0xCA}
_ARITHMETIC: Final = set(range(0xC9, 0xD0)) - {_DAC}
_LOSSLESS: Final = {0xC3, 0xC7, 0xCB, 0xCF}
_OF_LIBJPEG: Final = {0xC0, 0xC1, 0xC2, 0xC9, 0xCA}
_AFTER_DATA: Final = re.compile(rb"\xff+([\x01-\xfe])")  # FF 00 is a byte of the data (B.1.1.5)
_SCANS: Final = 500  # more are made to take the time of a decoder
_EMPTY: Final = bytes(256)  # half a sector of a disk


@dataclass(slots=True)
class _Read:
    """What was said of the picture up to here."""

    frame: int = 0
    bits: int = 0
    components: int = 0
    scans: int = 0
    # Of each Huffman table, class and number in one byte, the symbol of the code of only zeros.
    of_zeros: dict[int, int] = field(default_factory=dict)


def check(content: bytes | memoryview, *, warnings: bool = True) -> None:
    """Raise `DamagedError` unless the bytes begin with one whole JPEG picture; others may follow.

    Args:
        content: a JPEG file, or a frame of a DICOM or TIFF file, its tables with it.
        warnings: decode 8-bit pictures, at an eighth of their size, for libjpeg's warnings.
    """
    data = bytes(content)
    read, end = _markers(data)
    if warnings and read.frame in _OF_LIBJPEG and read.bits == 8:
        _ask_decoder(data[:end])


def _ask_decoder(data: bytes) -> None:
    try:
        simplejpeg.decode_jpeg(
            data, colorspace="GRAY", min_height=1, min_width=1, min_factor=8, strict=True
        )
    except ValueError as error:
        raise DamagedError(str(error)) from error


def _markers(data: bytes) -> tuple[_Read, int]:
    """Walk from SOI to EOI; what was read, and where the picture ends."""
    if not data.startswith(b"\xff\xd8"):
        raise DamagedError("no start of image")
    read, at = _Read(), 2
    while True:
        marker, at = _marker(data, at)
        if marker == _EOI:
            break
        size = int.from_bytes(data[at : at + 2], "big")
        body = data[at + 2 : at + size]
        if size < 2 or at + size > len(data):
            raise DamagedError("a segment is cut")
        at += size
        if marker == _SOS:
            at = _scan(data, body, at, read)
        else:
            _segment(marker, body, read)
    if not read.scans:
        raise DamagedError("no scan")
    return read, at


def _marker(data: bytes, at: int) -> tuple[int, int]:
    """The marker at this place (fill bytes may stand before it) and where its segment begins."""
    start = at
    while data[at : at + 1] == b"\xff":
        at += 1
    if at == start or at >= len(data):
        raise DamagedError("no marker where one is due, or no end of image")
    if data[at] in {0x00, 0x01, _SOI} or 0xD0 <= data[at] <= 0xD7 or 0x02 <= data[at] < 0xC0:
        raise DamagedError("a marker that cannot stand here")
    return data[at], at + 1


def _segment(marker: int, body: bytes, read: _Read) -> None:
    if marker in _FRAMES:
        if read.frame or len(body) < 9 or len(body) != 6 + 3 * body[5]:
            raise DamagedError("a frame header is damaged")
        if marker in _OF_LIBJPEG and body[0] not in (8, 12):
            raise DamagedError("values of no valid width")
        read.frame, read.bits, read.components = marker, body[0], body[5]
    elif marker == _DQT:
        _quantization(body)
    elif marker == _DHT:
        _huffman(body, read)
    elif marker == _DRI and len(body) != 2:
        raise DamagedError("a restart interval is damaged")


def _quantization(body: bytes) -> None:
    at = 0
    while at < len(body):
        wide = body[at] >> 4
        table = body[at + 1 : at + 1 + 64 * (1 + wide)]
        values = [
            table[i] | (table[i + wide] if wide else 0) for i in range(0, len(table), 1 + wide)
        ]
        if wide > 1 or body[at] & 15 > 3 or len(values) != 64 or 0 in values:
            raise DamagedError("a quantization table is damaged")
        at += 1 + 64 * (1 + wide)


def _huffman(body: bytes, read: _Read) -> None:
    at = 0
    while at < len(body):
        counts = body[at + 1 : at + 17]
        symbols = body[at + 17 : at + 17 + sum(counts)]
        used = sum(count << (15 - length) for length, count in enumerate(counts))
        is_whole = len(counts) == 16 and len(symbols) == sum(counts)
        if not is_whole or len(symbols) != len(set(symbols)) or used > 1 << 16 or not symbols:
            raise DamagedError("a Huffman table is damaged")
        if body[at] & 15 > 3 or body[at] >> 4 > 1:
            raise DamagedError("a Huffman table is damaged")
        read.of_zeros[body[at]] = symbols[0]
        at += 17 + len(symbols)


def _scan(data: bytes, header: bytes, at: int, read: _Read) -> int:
    """Where the marker after the entropy-coded data of a scan stands."""
    count = header[0] if header else 0
    if not read.frame or len(header) != 4 + 2 * count or not 1 <= count <= read.components:
        raise DamagedError("a scan header is damaged")
    if any(table not in read.of_zeros for table in _tables_of(header, read)):
        raise DamagedError("a Huffman table is missing")
    read.scans += 1
    if read.scans > _SCANS:
        raise DamagedError("too many scans")
    start = at
    for restarts, found in enumerate(_AFTER_DATA.finditer(data, at)):
        marker = found[1][0]
        if not 0xD0 <= marker <= 0xD7:
            _refuse_emptied(data[start : found.start()], header, read)
            return found.start()
        if marker != 0xD0 + restarts % 8:
            raise DamagedError("restart markers out of order")
    raise DamagedError("no end of image")


def _refuse_emptied(scan: bytes, header: bytes, read: _Read) -> None:
    """A run of zeros that no encoder wrote: an emptied sector of a disk.

    Zeros can only be written where they are the code of "as before": of a flat area.
    """
    if _EMPTY not in scan or read.frame in _ARITHMETIC:
        return
    is_dc_alone = read.frame in _PROGRESSIVE and header[-3] == 0
    tables = [key for key in _tables_of(header, read) if read.of_zeros[key] != 0]
    if not is_dc_alone and (tables or read.frame in _PROGRESSIVE):
        raise DamagedError("a part of the file is empty")


def _tables_of(header: bytes, read: _Read) -> list[int]:
    """Which Huffman tables a scan decodes with: class and number in one byte, as in `of_zeros`."""
    if read.frame in _ARITHMETIC:
        return []
    first, is_refined = header[-3], header[-1] >> 4
    is_progressive = read.frame in _PROGRESSIVE
    found = []
    for at in range(2, 2 + 2 * header[0], 2):
        if not is_progressive or (first == 0 and not is_refined):
            found.append(header[at] >> 4)
        if read.frame not in _LOSSLESS and (first > 0 or not is_progressive):
            found.append(0x10 | header[at] & 15)
    return found
