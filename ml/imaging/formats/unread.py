"""Formats that are known by their first bytes and not read: the refusal names them."""

from __future__ import annotations

import zlib
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import Final

HEAD_BYTES: Final = 4096  # enough of a compressed file to see what it holds
_NIFTI_1, _NIFTI_2 = 348, 540  # bytes of the header, which begins with its own size
_VIDEO_BRANDS: Final = {b"isom", b"iso2", b"mp41", b"mp42", b"qt  ", b"avc1", b"M4V "}
# Brands of ISO base media files (ISO/IEC 14496-12) that hold still images.
_STILL_BRANDS: Final = {
    b"heic": "a HEIC file",
    b"heix": "a HEIC file",
    b"heim": "a HEIC file",
    b"heis": "a HEIC file",
    b"hevc": "a HEIC file",
    b"hevx": "a HEIC file",
    b"avif": "an AVIF file",
    b"avis": "an AVIF file",
}


class Kind(Enum):
    """What a file is, as far as what to do about it goes."""

    IMAGE = "image"
    VOLUME = "volume"
    ARCHIVE = "archive"
    DOCUMENT = "document"
    VIDEO = "video"


@dataclass(frozen=True)
class Unread:
    """A format that is not read: what a file of it is called, with its article, and its kind."""

    name: str
    kind: Kind


Part = tuple[int, bytes]  # where the bytes stand, and the bytes
# Asked in this order. Before a file is called one of these, every format that is read has been
# asked.
UNREAD: Final[tuple[tuple[str, Kind, tuple[Part, ...]], ...]] = (
    ("a WebP file", Kind.IMAGE, ((0, b"RIFF"), (8, b"WEBP"))),
    ("an AVI video", Kind.VIDEO, ((0, b"RIFF"), (8, b"AVI "))),
    ("a BMP file", Kind.IMAGE, ((0, b"BM"),)),
    ("a BigTIFF file", Kind.IMAGE, ((0, b"II+\x00"),)),
    ("a BigTIFF file", Kind.IMAGE, ((0, b"MM\x00+"),)),
    ("a JPEG 2000 file", Kind.IMAGE, ((0, b"\x00\x00\x00\x0cjP  \r\n\x87\n"),)),
    ("a JPEG 2000 file", Kind.IMAGE, ((0, b"\xff\x4f\xff\x51"),)),
    ("a JPEG XL file", Kind.IMAGE, ((0, b"\xff\x0a"),)),
    ("a JPEG XL file", Kind.IMAGE, ((0, b"\x00\x00\x00\x0cJXL \r\n\x87\n"),)),
    ("a Photoshop file", Kind.IMAGE, ((0, b"8BPS"),)),
    ("an NRRD file", Kind.VOLUME, ((0, b"NRRD000"),)),
    ("a MINC or NetCDF file", Kind.VOLUME, ((0, b"CDF\x01"),)),
    ("an HDF5 file", Kind.VOLUME, ((0, b"\x89HDF\r\n\x1a\n"),)),
    ("a RAR archive", Kind.ARCHIVE, ((0, b"Rar!\x1a\x07"),)),
    ("a 7z archive", Kind.ARCHIVE, ((0, b"7z\xbc\xaf\x27\x1c"),)),
    ("a tar archive", Kind.ARCHIVE, ((257, b"ustar"),)),
    ("a bzip2 archive", Kind.ARCHIVE, ((0, b"BZh"),)),
    ("an xz archive", Kind.ARCHIVE, ((0, b"\xfd7zXZ\x00"),)),
    ("a PDF file", Kind.DOCUMENT, ((0, b"%PDF"),)),
    ("an RTF document", Kind.DOCUMENT, ((0, b"{\\rtf"),)),
    # Word, Excel and PowerPoint until 2003 share one container.
    ("an older Word, Excel or PowerPoint file", Kind.DOCUMENT, ((0, b"\xd0\xcf\x11\xe0\xa1\xb1"),)),
)


def unread_format_of(head: bytes) -> Unread | None:
    """What a file is that is of no format that is read; None where that is unknown.

    Args:
        head: the file's first `HEAD_BYTES` bytes, fewer only of a shorter file.
    """
    for name, kind, parts in UNREAD:
        if all(head.startswith(signature, start) for start, signature in parts):
            return Unread(name, kind)
    for ask in _OTHERS:
        found = ask(head)
        if found is not None:
            return found
    return None


def _iso_media(head: bytes) -> Unread | None:
    if head[4:8] != b"ftyp":
        return None
    size = min(int.from_bytes(head[:4], "big"), len(head))
    brands = [head[8:12], *(head[at : at + 4] for at in range(16, size - 3, 4))]
    for brand in brands:
        if brand in _STILL_BRANDS:
            return Unread(_STILL_BRANDS[brand], Kind.IMAGE)
    if brands[0] in (b"mif1", b"msf1"):
        return Unread("a HEIF file", Kind.IMAGE)
    if _VIDEO_BRANDS & set(brands):
        return Unread("an MP4 or QuickTime video", Kind.VIDEO)
    return None


def _nifti(head: bytes) -> Unread | None:
    """The header of a volume whose numbers are in a second file."""
    for order in ("little", "big"):
        size = int.from_bytes(head[:4], order)
        if size == _NIFTI_1 and head[344:348] == b"ni1\0":
            return Unread("the header of a NIfTI file in two parts", Kind.VOLUME)
        if size == _NIFTI_2 and head[4:8] == b"ni2\0":
            return Unread("the header of a NIfTI file in two parts", Kind.VOLUME)
        if size == _NIFTI_1 and len(head) >= _NIFTI_1:
            return Unread("an Analyze header", Kind.VOLUME)
    return None


def _gzip(head: bytes) -> Unread | None:
    if not head.startswith(b"\x1f\x8b"):
        return None
    try:
        content = zlib.decompressobj(wbits=31).decompress(head, _NIFTI_2)
    except zlib.error:
        content = b""
    return _nifti(content) or Unread("a gzip archive", Kind.ARCHIVE)


def _web_page(head: bytes) -> Unread | None:
    start = head[:512].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if start.startswith((b"<!doctype html", b"<html")):
        return Unread("a web page", Kind.DOCUMENT)
    if start.startswith(b"<svg") or (start.startswith(b"<?xml") and b"<svg" in start):
        return Unread("an SVG drawing", Kind.IMAGE)
    return None


_OTHERS: Final[tuple[Callable[[bytes], Unread | None], ...]] = (
    _iso_media,
    _nifti,
    _gzip,
    _web_page,
)
