"""Bytes in, pixels out, or a clear refusal for that one file.

A format is a plug-in: a module with `recognizes(head)` and `decode(content, limits)`.
"""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import IO

from scans.ingest import archive, raster
from scans.ingest.contents import Decoded, Limits, Refusal

FORMATS = (raster,)
_HEAD = 16
_OTHER_FORMATS = {
    b"GIF8": "GIF",
    b"BM": "BMP",
    b"II*\x00": "TIFF",
    b"MM\x00*": "TIFF",
    b"%PDF": "PDF",
}

__all__ = ["Decoded", "Limits", "Offered", "Refusal", "decode", "offered"]


@dataclass(frozen=True)
class Offered:
    """One file as it was offered: its bytes and their SHA-256 (hex), or why it is refused."""

    filename: str
    content: bytes | Refusal

    @property
    def sha256(self) -> str:
        return "" if isinstance(self.content, Refusal) else hashlib.sha256(self.content).hexdigest()


def offered(filename: str, file: IO[bytes], size: int, limits: Limits) -> Iterator[Offered]:
    """The files that one upload brings: itself, or what its ZIP archive holds."""
    head = file.read(_HEAD)
    file.seek(0)
    if archive.recognizes(head):
        try:
            for entry in archive.entries(file, limits):
                yield Offered(f"{filename}/{entry.filename}", entry.content)
        except Refusal as refusal:
            yield Offered(filename, refusal)
        return
    if size > limits.max_bytes:
        yield Offered(
            filename,
            Refusal(
                "too_large",
                f"The file is larger than {limits.max_bytes // 1024**2} MB. Upload a smaller one.",
            ),
        )
        return
    yield Offered(filename, file.read())


def decode(content: bytes, limits: Limits) -> Decoded:
    """The pixels of one image file. Raises `Refusal`."""
    if not content:
        raise Refusal("empty", "The file is empty. Export or copy it again.")
    head = content[:_HEAD]
    for plugin in FORMATS:
        if plugin.recognizes(head):
            return plugin.decode(content, limits)
    known = next((name for start, name in _OTHER_FORMATS.items() if head.startswith(start)), None)
    if head.startswith(b"RIFF") and head[8:12] == b"WEBP":
        known = "WebP"
    if content[128:132] == b"DICM":
        known = "DICOM"
    if known:
        raise Refusal(
            "unsupported_format",
            f"This is a {known} file. Upload the image as JPEG or PNG, or several in a ZIP.",
        )
    raise Refusal(
        "not_an_image", "This is not an image. Upload JPEG or PNG files, or a ZIP of them."
    )
