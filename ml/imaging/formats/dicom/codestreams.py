"""What a compressed frame declares of itself, before a decoder makes room for it."""

from __future__ import annotations

from typing import Final

from pydicom import Dataset
from pydicom.encaps import get_frame

from ml.imaging.formats.dicom import values
from ml.imaging.formats.strict import codestreams

_JPEG_2000: Final = b"\xff\x4f\xff\x51"  # start of codestream, image and tile size (SIZ)
_SEARCHED: Final = 4096  # bytes: a codestream may stand in a JP2 file
# Start of frame in JPEG and JPEG-LS, all but the markers that are none (T.81, table B.1).
_FRAMES: Final = (set(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}) | {0xF7}


def is_larger_than_declared(dataset: Dataset, *, index: int) -> bool:
    """Whether the codestream of frame `index` has more pixels than the header says.

    A small one may declare an image that fills the memory, and decoders believe it.
    """
    if not dataset.file_meta.TransferSyntaxUID.is_encapsulated:
        return False
    size = size_of(_frame(dataset, index))
    return size is not None and size[0] * size[1] > _pixels(dataset)


def check_whole(dataset: Dataset, *, index: int) -> None:
    """Raise `strict.DamagedError` where frame `index` is compressed and cut or damaged."""
    syntax = dataset.file_meta.TransferSyntaxUID
    if syntax.is_encapsulated:
        codestreams.check(
            _frame(dataset, index), syntax=str.__str__(syntax), values=_pixels(dataset)
        )


def _frame(dataset: Dataset, index: int) -> bytes:
    count = max(1, values.whole(dataset, "NumberOfFrames") or 1)
    return get_frame(dataset.PixelData, index, number_of_frames=count)


def _pixels(dataset: Dataset) -> int:
    return (values.whole(dataset, "Rows") or 0) * (values.whole(dataset, "Columns") or 0)


def size_of(codestream: bytes) -> tuple[int, int] | None:
    """Columns and rows that a JPEG, JPEG-LS or JPEG 2000 codestream declares; None for others."""
    start = codestream[:_SEARCHED].find(_JPEG_2000)
    if start >= 0:
        return _jpeg_2000(codestream[start : start + 24])
    return _jpeg(codestream) if codestream.startswith(b"\xff\xd8") else None


def _jpeg_2000(head: bytes) -> tuple[int, int]:
    """T.800, A.5.1: the reference grid less the image's offset in it."""
    right, bottom, left, top = (int.from_bytes(head[at : at + 4], "big") for at in (8, 12, 16, 20))
    return max(0, right - left), max(0, bottom - top)


def _jpeg(codestream: bytes) -> tuple[int, int] | None:
    at = 2
    while at + 9 <= len(codestream):
        if codestream[at] != 0xFF:
            at += 1
            continue
        marker = codestream[at + 1]
        if marker in _FRAMES:
            rows = int.from_bytes(codestream[at + 5 : at + 7], "big")
            return int.from_bytes(codestream[at + 7 : at + 9], "big"), rows
        if marker == 0xFF or marker in range(0xD0, 0xDA) or marker in (0x00, 0x01):
            at += 1 if marker == 0xFF else 2
            continue
        at += 2 + int.from_bytes(codestream[at + 2 : at + 4], "big")
    return None
