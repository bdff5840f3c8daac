"""Whether bytes are a DICOM file: with the preamble of PS3.10, without it, or without file meta."""

from __future__ import annotations

from typing import Final

HEAD_BYTES: Final = 132
_PREAMBLE: Final = 128  # bytes, before the prefix DICM (PS3.10, 7.1)
# Groups that a data set can begin with where the file has no preamble: file meta, or the
# identification that precedes everything else in an image.
_FIRST_GROUPS: Final = {0x0002, 0x0008}
_LONGEST_FIRST_VALUE: Final = 1024  # a group length, a UID, a character set: all are short
_EXPLICIT: Final = frozenset(
    b"".join(
        (
            b"AE AS AT CS DA DS DT FD FL IS LO LT OB OD OF OL OV OW PN ",
            b"SH SL SQ SS ST SV TM UC UI UL UN UR US UT UV",
        )
    ).split()
)


def recognizes(head: bytes) -> bool:
    """Whether a file that begins with these bytes is DICOM.

    Args:
        head: the first `HEAD_BYTES` or more; fewer only of a shorter file.
    """
    if head[_PREAMBLE : _PREAMBLE + 4] == b"DICM":
        return True
    return any(_begins_data_set(head[:8], order) for order in ("little", "big"))


def _begins_data_set(head: bytes, order: str) -> bool:
    """Whether the bytes are the first element of a data set: its tag, then a short value.

    An explicit VR is two known letters; an implicit length is even and short (PS3.5, 7.1).
    """
    if len(head) < 8:
        return False
    group = int.from_bytes(head[:2], order)  # type: ignore[arg-type]
    element = int.from_bytes(head[2:4], order)  # type: ignore[arg-type]
    if group not in _FIRST_GROUPS or element > 0x0100:
        return False
    if head[4:6] in _EXPLICIT:
        return True
    length = int.from_bytes(head[4:8], "little")
    return order == "little" and length <= _LONGEST_FIRST_VALUE and length % 2 == 0
