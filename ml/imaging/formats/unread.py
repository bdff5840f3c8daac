"""Formats that are known by their first bytes and not read: the refusal names them."""

from __future__ import annotations

from typing import Final

# Of each: its name, and what stands where. Before a file is called one of these, every format that
# is read has been asked. DICOM comes first: its first 128 bytes may be those of another format.
UNREAD: Final[tuple[tuple[str, tuple[tuple[int, bytes], ...]], ...]] = (
    ("DICOM", ((128, b"DICM"),)),
    ("WebP", ((0, b"RIFF"), (8, b"WEBP"))),
    ("GIF", ((0, b"GIF8"),)),
    ("BMP", ((0, b"BM"),)),
    ("TIFF", ((0, b"II*\x00"),)),
    ("TIFF", ((0, b"MM\x00*"),)),
    ("PDF", ((0, b"%PDF"),)),
)
HEAD_BYTES: Final = max(start + len(signature) for _, parts in UNREAD for start, signature in parts)


def name_of(head: bytes) -> str | None:
    """The name of the format of a file that is not read, None where it is unknown.

    Args:
        head: the file's first `HEAD_BYTES` bytes, fewer only of a shorter file.
    """
    for name, parts in UNREAD:
        if all(head.startswith(signature, start) for start, signature in parts):
            return name
    return None
