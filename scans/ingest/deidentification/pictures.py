"""Pictures without what is written in them beside the pixels: EXIF, comments, texts, what follows.

Nothing is decoded or encoded again: the pixels stay the same bytes. Of EXIF only the orientation
stays, since without it a picture lies on its side.
"""

import struct
import zlib
from typing import Final

from scans.ingest.deidentification.tiff import MalformedError, cleaned_tiff, orientation_of

__all__ = ["MalformedError", "cleaned_gif", "cleaned_jpeg", "cleaned_png", "cleaned_tiff"]

_PNG: Final = b"\x89PNG\r\n\x1a\n"
# Pixels, colors, transparency, size in the world, animation; no text, no time, no color profile.
_PNG_KEPT: Final = {
    *(b"IHDR", b"PLTE", b"IDAT", b"IEND", b"tRNS", b"cHRM", b"gAMA", b"sBIT", b"sRGB", b"bKGD"),
    *(b"hIST", b"pHYs", b"acTL", b"fcTL", b"fdAT", b"cICP"),
}
_GIF_LOOPS: Final = (b"NETSCAPE2.0", b"ANIMEXTS1.0")


def cleaned_png(content: bytes) -> bytes:
    """Keep the chunks that make the picture. Raises `MalformedError`."""
    if not content.startswith(_PNG):
        raise MalformedError
    parts, at = [_PNG], len(_PNG)
    while at + 12 <= len(content):
        (length,) = struct.unpack_from(">I", content, at)
        kind, end = content[at + 4 : at + 8], at + 12 + length
        if end > len(content):
            break  # a file cut short, as it came
        if kind in _PNG_KEPT:
            parts.append(content[at:end])
        elif kind == b"eXIf":
            parts.append(_png_chunk(kind, _exif_of(orientation_of(content[at + 8 : end - 4]))))
        if kind == b"IEND":
            return b"".join(parts)
        at = end
    parts.append(content[at:] if content[at + 4 : at + 8] in (b"IDAT", b"fdAT") else b"")
    return b"".join(parts)


def cleaned_jpeg(content: bytes) -> bytes:
    """Overwrite what the segments of applications and comments say. Raises `MalformedError`.

    Each keeps its length: where the pictures of a file of several (MPO) begin is written in it.
    """
    made, at = bytearray(content), 0
    while content[at : at + 2] == b"\xff\xd8":
        at = _cleaned_picture(made, at)
        while content[at : at + 1] == b"\0":  # between the pictures of an MPO
            at += 1
    if at == 0:
        raise MalformedError
    return bytes(made[:at])  # what follows the last picture is none


def cleaned_gif(content: bytes) -> bytes:
    """Leave out comments, texts and what applications added. Raises `MalformedError`."""
    if len(content) < 13:
        raise MalformedError
    at = 13 + _color_table(content[10])
    parts = [content[:at]]
    while at < len(content):
        kind = content[at]
        if kind == 0x3B:
            parts.append(b";")
            break
        begin = at
        if kind == 0x2C and at + 10 <= len(content):
            at = _after_blocks(content, at + 11 + _color_table(content[at + 9]))
        elif kind == 0x21 and at + 2 <= len(content):
            at = _after_blocks(content, at + 2)
        else:
            raise MalformedError
        if kind == 0x2C or content[begin + 1] == 0xF9:  # a picture; how it is shown
            parts.append(content[begin:at])
        elif content[begin + 1] == 0xFF and content[begin + 3 : begin + 14] in _GIF_LOOPS:
            parts.append(content[begin : begin + 14] + b"\x03\x01\x00\x00\x00")
    return b"".join(parts)


def _cleaned_picture(made: bytearray, at: int) -> int:
    """Clean one JPEG picture in place; return where it ends."""
    at += 2
    while at + 4 <= len(made):
        if made[at] != 0xFF:
            raise MalformedError
        marker = made[at + 1]
        if marker == 0xFF:  # a fill byte
            at += 1
            continue
        if marker == 0xD9:
            return at + 2
        if 0xD0 <= marker <= 0xD8 or marker == 0x01:
            at += 2
            continue
        end = at + 2 + int.from_bytes(made[at + 2 : at + 4], "big")
        if end > len(made):
            raise MalformedError
        if 0xE0 <= marker <= 0xEF or marker == 0xFE:
            made[at + 4 : end] = _segment(marker, bytes(made[at + 4 : end]))
        at = _after_scan(made, end) if marker == 0xDA else end
    if made[at:] == b"\xff\xd9":
        return at + 2
    return len(made)  # cut short, as it came


def _after_scan(made: bytearray, at: int) -> int:
    """Where the next marker stands that ends the pixels."""
    while (at := made.find(b"\xff", at)) >= 0 and at + 1 < len(made):
        if made[at + 1] != 0 and not 0xD0 <= made[at + 1] <= 0xD7:
            return at
        at += 2
    return len(made)


def _segment(marker: int, payload: bytes) -> bytes:
    """What stays of a segment, in its length."""
    kept = b""
    if marker == 0xE0 and payload.startswith(b"JFIF\0"):
        kept = payload[:12]  # without the thumbnail
    elif marker == 0xEE and payload.startswith(b"Adobe"):
        kept = payload[:12]  # how the colors are coded
    elif marker == 0xE2 and payload.startswith(b"MPF\0"):
        kept = payload
    elif marker == 0xE1 and payload.startswith(b"Exif\0\0"):
        kept = b"Exif\0\0" + _exif_of(orientation_of(payload[6:]))
    return (kept + b"\0" * len(payload))[: len(payload)]


def _exif_of(orientation: int) -> bytes:
    """EXIF that says how the picture lies, and nothing else."""
    entry = struct.pack("<HHIHH", 0x0112, 3, 1, orientation, 0)
    return b"II*\0" + struct.pack("<IH", 8, 1) + entry + struct.pack("<I", 0)


def _png_chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def _color_table(flags: int) -> int:
    return 3 * 2 ** ((flags & 7) + 1) if flags & 0x80 else 0


def _after_blocks(content: bytes, at: int) -> int:
    while at < len(content):
        length = content[at]
        at += 1 + length
        if length == 0:
            return at
    return len(content)
