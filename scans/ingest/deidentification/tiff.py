"""TIFF files without what is written beside the pixels (TIFF 6.0).

Every entry of a directory that does not describe the pixels is overwritten where it lies; the file
keeps its size, its offsets and its pixels.
"""

import struct
from dataclasses import dataclass
from typing import Final

_SIZES: Final = {
    1: 1,
    2: 1,
    3: 2,
    4: 4,
    5: 8,
    6: 1,
    7: 1,
    8: 2,
    9: 4,
    10: 8,
    11: 4,
    12: 8,
    13: 4,
    16: 8,
    17: 8,
    18: 8,
}
# What describes the pixels: sizes, places, coding and colors of strips and tiles.
_KEPT: Final = {
    *(254, 255, 256, 257, 258, 259, 262, 263, 264, 265, 266, 273, 274, 277, 278, 279, 280, 281),
    *(282, 283, 284, 290, 291, 292, 293, 296, 297, 301, 317, 318, 319, 320, 321, 322, 323, 324),
    *(325, 330, 332, 334, 336, 338, 339, 340, 341, 347, 512, 513, 514, 515, 517, 518, 519, 520),
    *(521, 529, 530, 531, 532),
}
_SUB_DIRECTORIES: Final = 330
_ORIENTATION: Final = 274
_ENTRY: Final = 12  # bytes
_MOST: Final = 100_000  # entries of all directories


class MalformedError(Exception):
    """The file is not built as its format says."""


@dataclass(frozen=True)
class _Numbers:
    order: str

    def at(self, content: bytes, place: int, size: int) -> int:
        if place < 0 or place + size > len(content):
            raise MalformedError
        form = {2: "H", 4: "I"}[size]
        return int(struct.unpack_from(self.order + form, content, place)[0])


def cleaned_tiff(content: bytes) -> bytes:
    """The file with the entries that are kept. Raises `MalformedError`."""
    made = bytearray(content)
    numbers, first = _begin(content)
    waiting, seen, entries = [first], set(), 0
    while waiting:
        at = waiting.pop()
        if at == 0 or at in seen:
            continue
        seen.add(at)
        count = numbers.at(content, at, 2)
        entries += count
        if entries > _MOST:
            raise MalformedError
        for index in range(count):
            waiting += _clean_entry(made, content, numbers, at + 2 + index * _ENTRY)
        waiting.append(numbers.at(content, at + 2 + count * _ENTRY, 4))
    return bytes(made)


def orientation_of(exif: bytes) -> int:
    """1 to 8, as EXIF has it; 1 where it does not say."""
    try:
        numbers, at = _begin(exif)
        for index in range(numbers.at(exif, at, 2)):
            entry = at + 2 + index * _ENTRY
            if numbers.at(exif, entry, 2) == _ORIENTATION:
                found = numbers.at(exif, entry + 8, 2)
                return found if 1 <= found <= 8 else 1
    except MalformedError:
        pass
    return 1


def _begin(content: bytes) -> tuple[_Numbers, int]:
    order = {b"II": "<", b"MM": ">"}.get(content[:2])
    if order is None:
        raise MalformedError
    numbers = _Numbers(order)
    if numbers.at(content, 2, 2) != 42:
        raise MalformedError
    return numbers, numbers.at(content, 4, 4)


def _clean_entry(made: bytearray, content: bytes, numbers: _Numbers, at: int) -> list[int]:
    """Overwrite what an entry holds, where it is not kept; return the directories it leads to."""
    tag = numbers.at(content, at, 2)
    kind = numbers.at(content, at + 2, 2)
    count = numbers.at(content, at + 4, 4)
    value = at + 8
    size = _SIZES.get(kind, 1) * count
    place = value if size <= 4 else numbers.at(content, value, 4)
    if place + size > len(content):
        raise MalformedError
    if tag == _SUB_DIRECTORIES:
        if _SIZES.get(kind) != 4:
            raise MalformedError
        return [numbers.at(content, place + 4 * n, 4) for n in range(min(count, _MOST))]
    if tag not in _KEPT or kind == 2:
        made[place : place + size] = b"\0" * size
    return []
