"""NIfTI files without their free texts, what programs added (extensions), and what follows."""

import gzip
import math
import struct
import zlib
from typing import Final

from ml.imaging.formats import Limits, Refusal

# Offset and length of what is text: data_type, db_name, descrip, aux_file, intent_name.
_TEXTS_1: Final = ((4, 10), (14, 18), (148, 80), (228, 24), (328, 16))
_TEXTS_2: Final = ((240, 80), (320, 24), (508, 16))
_GZIP: Final = b"\x1f\x8b"
_FLAG: Final = 4  # bytes after the header that say whether extensions follow
# Bytes of a voxel, by the code of its type (datatype).
_CODES: Final = {
    1: (2, 256),
    2: (4, 512),
    3: (128,),
    4: (8, 16, 768, 2304),
    8: (32, 64, 1024, 1280),
    16: (1536, 1792),
    32: (2048,),
}
_BYTES: Final = {code: size for size, codes in _CODES.items() for code in codes}


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
        raise _damaged()
    for at, length in _TEXTS_1 if size == 348 else _TEXTS_2:
        made[at : at + length] = b"\0" * length
    begin, voxels = _voxels(content, size, order)
    if begin > size:  # extensions lie between header and voxels
        end = min(begin, len(made))
        made[size:end] = b"\0" * (end - size)
    return bytes(made[: max(begin, size + _FLAG) + voxels])


def _voxels(content: bytes, size: int, order: str) -> tuple[int, int]:
    """Where the voxels begin, and how many bytes they are."""
    if size == 348:
        (begin,) = struct.unpack_from(f"{order}f", content, 108)
        sides = struct.unpack_from(f"{order}8h", content, 40)
        (code,) = struct.unpack_from(f"{order}h", content, 70)
    else:
        (begin,) = struct.unpack_from(f"{order}q", content, 168)
        sides = struct.unpack_from(f"{order}8q", content, 16)
        (code,) = struct.unpack_from(f"{order}h", content, 12)
    shape = sides[1 : sides[0] + 1] if 1 <= sides[0] <= 7 else ()
    if not shape or min(shape) < 1 or code not in _BYTES or not 0 <= begin < math.inf:
        raise _damaged()
    return int(begin), math.prod(shape) * _BYTES[code]


def _damaged() -> Refusal:
    return Refusal(
        "truncated", "The NIfTI file is truncated or damaged.", "Export or copy it again."
    )
