"""NIfTI files without their free texts and what programs added (extensions)."""

import gzip
import struct
import zlib
from typing import Final

from ml.imaging.formats import Limits, Refusal

# Offset and length of what is text: data_type, db_name, descrip, aux_file, intent_name.
_TEXTS_1: Final = ((4, 10), (14, 18), (148, 80), (228, 24), (328, 16))
_TEXTS_2: Final = ((240, 80), (320, 24), (508, 16))
_GZIP: Final = b"\x1f\x8b"


def cleaned_nifti(content: bytes, *, limits: Limits) -> bytes:
    """The same volume, compressed if it was. Raises `Refusal` beyond the limit of bytes."""
    if content.startswith(_GZIP):
        inflate = zlib.decompressobj(wbits=31)
        plain = inflate.decompress(content, limits.max_bytes)
        if not inflate.eof and len(plain) >= limits.max_bytes:
            limits.check_bytes(limits.max_bytes + 1)
        return gzip.compress(_cleaned(plain), compresslevel=1, mtime=0)
    return _cleaned(content)


def _cleaned(content: bytes) -> bytes:
    made = bytearray(content)
    order = "<" if content[:1] in (b"\x5c", b"\x1c") else ">"
    (size,) = struct.unpack_from(f"{order}i", content.ljust(4, b"\0"), 0)
    if size not in (348, 540) or len(content) < size:
        raise Refusal(
            "truncated", "The NIfTI file is truncated or damaged.", "Export or copy it again."
        )
    for at, length in _TEXTS_1 if size == 348 else _TEXTS_2:
        made[at : at + length] = b"\0" * length
    if size == 348:
        begin = int(struct.unpack_from(f"{order}f", content, 108)[0])
    else:
        (begin,) = struct.unpack_from(f"{order}q", content, 168)
    if begin > size:  # extensions lie between header and voxels
        end = min(begin, len(made))
        made[size:end] = b"\0" * (end - size)
    return bytes(made)
