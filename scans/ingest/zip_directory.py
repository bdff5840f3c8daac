"""The central directory of a ZIP archive, counted before `zipfile` makes an object of each entry.

APPNOTE 6.3.10: 4.3.12 (entries), 4.3.14 and 4.3.15 (ZIP64), 4.3.16 (the end record).
"""

import struct
from typing import IO

_END = b"PK\x05\x06"
_END_BYTES = 22
_COMMENT_BYTES = 1 << 16  # where zipfile looks; a comment has one less at most
_ENTRY = b"PK\x01\x02"
_ENTRY_BYTES = 46
_END_64 = b"PK\x06\x06"
_LOCATOR_64 = b"PK\x06\x07"
_LOCATOR_64_BYTES, _END_64_BYTES = 20, 56
MOST_BYTES_AN_ENTRY = 1024  # on average: its name, and what programs add


class DamagedDirectoryError(ValueError):
    """There is no end record, or the directory is not where it says."""


def entries_in(file: IO[bytes], *, at_most: int) -> int:
    """Count the entries in the bytes that `zipfile` would read, up to one more than `at_most`.

    What the end record says their number is counts for nothing, since `zipfile` goes by the size.
    A directory of more than 1 kB an allowed entry counts as one of too many.

    Raises:
        DamagedDirectoryError: there is none.
    """
    size, start = _place(file)
    if size > at_most * MOST_BYTES_AN_ENTRY:
        return at_most + 1
    file.seek(start)
    directory = file.read(size)
    at, count = 0, 0
    while at < len(directory) and count <= at_most:
        if directory[at : at + 4] != _ENTRY or at + _ENTRY_BYTES > len(directory):
            raise DamagedDirectoryError("an entry is damaged")
        at += _ENTRY_BYTES + sum(struct.unpack_from("<HHH", directory, at + 28))
        count += 1
    return count


def _place(file: IO[bytes]) -> tuple[int, int]:
    """How many bytes the directory has, and where it begins, words before the archive counted."""
    length = file.seek(0, 2)
    file.seek(max(0, length - _END_BYTES - _COMMENT_BYTES))
    tail_start = file.tell()
    tail = file.read()
    # As zipfile looks for it: at the very end without a comment, else the last one that there is.
    last = tail[-_END_BYTES:]
    at = len(tail) - _END_BYTES
    if not (last.startswith(_END) and last.endswith(b"\0\0")):
        at = tail.rfind(_END)
    if at < 0 or at + _END_BYTES > len(tail):
        raise DamagedDirectoryError("no end record")
    (size,) = struct.unpack_from("<I", tail, at + 12)
    end = tail_start + at
    found = _zip64(file, end)
    if found is not None:
        size, end = found
    place = end - size
    if place < 0:
        raise DamagedDirectoryError("a directory larger than the file")
    return size, place


def _zip64(file: IO[bytes], end: int) -> tuple[int, int] | None:
    """The size of the directory by ZIP64's end record, and where that record begins."""
    if end < _LOCATOR_64_BYTES + _END_64_BYTES:
        return None
    file.seek(end - _LOCATOR_64_BYTES)
    if file.read(4) != _LOCATOR_64:
        return None
    start = end - _LOCATOR_64_BYTES - _END_64_BYTES  # where zipfile looks for it
    file.seek(start)
    record = file.read(_END_64_BYTES)
    if not record.startswith(_END_64):
        return None
    return int(struct.unpack_from("<Q", record, 40)[0]), start
