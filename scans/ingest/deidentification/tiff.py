"""TIFF files without what is written beside the pixels (TIFF 6.0).

Each directory is written anew with the entries that describe the pixels. What is kept stays where
it lies, and every byte that no such entry leads to becomes zero: texts, EXIF, places on the globe,
directories left over, and what follows.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

import numpy as np
import numpy.typing as npt

# What describes the pixels: sizes, places, coding and colors of strips and tiles.
_KEPT: Final = {
    *(254, 255, 256, 257, 258, 259, 262, 263, 264, 265, 266, 273, 274, 277, 278, 279, 280, 281),
    *(282, 283, 284, 290, 291, 292, 293, 296, 297, 301, 317, 318, 319, 320, 321, 322, 323, 324),
    *(325, 330, 332, 334, 336, 338, 339, 340, 341, 347, 512, 513, 514, 515, 517, 518, 519, 520),
    *(521, 529, 530, 531, 532),
}
# Bytes of one value, by its type; texts (2) are never kept.
_KINDS: Final = {1: (1, 6, 7), 2: (3, 8), 4: (4, 9, 11, 13), 8: (5, 10, 12, 16, 17, 18)}
_SIZES: Final = {kind: size for size, kinds in _KINDS.items() for kind in kinds}
_WHOLE: Final = {1: "u1", 3: "u2", 4: "u4", 13: "u4"}
_SUB_DIRECTORIES: Final = 330
# Where pixels lie, and how many bytes each part of them has: strips, tiles, one JPEG stream.
_PARTS: Final = ((273, 279), (324, 325), (513, 514))
_QUANTIZATION, _HUFFMAN = 519, (520, 521)  # tables of JPEG as TIFF 6.0 had it
_ORIENTATION: Final = 274
_ENTRY: Final = 12  # bytes
_MOST: Final = 100_000  # entries of all directories, and pointers to directories
_MOST_PARTS: Final = 1_000_000  # strips and tiles

_Numbers64 = npt.NDArray[np.int64]


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


@dataclass(frozen=True, slots=True)
class _Entry:
    """A kept entry of a directory: where it stands, and where its values do."""

    at: int
    kind: int
    count: int
    place: int
    size: int


@dataclass
class _Kept:
    """The ranges of bytes that stay, of the whole file; where they overlap, each is kept once."""

    content: bytes
    starts: list[_Numbers64] = field(default_factory=list)
    sizes: list[_Numbers64] = field(default_factory=list)
    parts: int = 0

    def add(self, starts: _Numbers64, sizes: _Numbers64) -> None:
        """Keep these ranges. Raises `MalformedError` for one outside the file, or too many."""
        self.parts += len(starts)
        if self.parts > _MOST_PARTS or bool((starts + sizes > len(self.content)).any()):
            raise MalformedError
        self.starts.append(starts)
        self.sizes.append(sizes)

    def merged(self) -> Iterator[tuple[int, int]]:
        """Begin and end of each, in order, none of which touches another."""
        none = np.empty(0, np.int64)
        starts, sizes = (np.concatenate([*all_of, none]) for all_of in (self.starts, self.sizes))
        order = np.argsort(starts, kind="stable")
        starts, ends = starts[order], np.maximum.accumulate((starts + sizes)[order])
        firsts = np.flatnonzero(starts > np.concatenate([[-1], ends])[:-1])
        lasts = np.concatenate([firsts[1:], [len(starts)]])[: len(firsts)] - 1
        for first, last in zip(firsts.tolist(), lasts.tolist(), strict=True):
            yield int(starts[first]), int(ends[last])


def cleaned_tiff(content: bytes) -> bytes:
    """The file with the entries that are kept. Raises `MalformedError`."""
    numbers, first = _begin(content)
    kept = _Kept(content)
    directories: list[tuple[int, bytes]] = []
    waiting, seen, entries = [first], {0}, 0
    while waiting:
        at = waiting.pop()
        if at in seen:
            continue
        seen.add(at)
        count = numbers.at(content, at, 2)
        after = numbers.at(content, at + 2 + count * _ENTRY, 4)
        found = _entries(content, numbers, at, count)
        pointers = _sub_directories(content, numbers, found)
        entries += count + len(pointers)
        if entries > _MOST:
            raise MalformedError
        waiting += [after, *(set(pointers) - seen)]
        _keep(kept, numbers, found)
        directories.append((at, _written(content, numbers, found, after)))
    made = bytearray(len(content))
    made[:8] = content[:8]
    end = 8
    for begin, end_of_range in kept.merged():
        made[begin:end_of_range] = content[begin:end_of_range]
        end = max(end, end_of_range)
    for at, directory in directories:
        made[at : at + len(directory)] = directory
        end = max(end, at + len(directory))
    return bytes(made[:end])


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


def _entries(content: bytes, numbers: _Numbers, at: int, count: int) -> dict[int, _Entry]:
    """The entries of a directory that are kept, by tag; of two of one tag the last counts."""
    found: dict[int, _Entry] = {}
    for entry in range(at + 2, at + 2 + count * _ENTRY, _ENTRY):
        tag, kind = numbers.at(content, entry, 2), numbers.at(content, entry + 2, 2)
        if tag not in _KEPT or kind not in _SIZES:
            continue
        values = numbers.at(content, entry + 4, 4)
        size = _SIZES[kind] * values
        place = entry + 8 if size <= 4 else numbers.at(content, entry + 8, 4)
        if place + size > len(content):
            raise MalformedError
        found[tag] = _Entry(entry, kind, values, place, size)
    return found


def _sub_directories(content: bytes, numbers: _Numbers, found: dict[int, _Entry]) -> list[int]:
    entry = found.get(_SUB_DIRECTORIES)
    if entry is None:
        return []
    if _SIZES[entry.kind] != 4 or entry.count > _MOST:
        raise MalformedError
    return [int(place) for place in _values(content, numbers, entry)]


def _values(content: bytes, numbers: _Numbers, entry: _Entry) -> _Numbers64:
    """The whole numbers of an entry; looked at only as many as a file may have."""
    if entry.kind not in _WHOLE or entry.count > _MOST_PARTS:
        raise MalformedError
    kind = np.dtype(f"{numbers.order}{_WHOLE[entry.kind]}")
    return np.frombuffer(content, kind, entry.count, entry.place).astype(np.int64)


def _keep(kept: _Kept, numbers: _Numbers, found: dict[int, _Entry]) -> None:
    """Keep what the entries of a directory lead to: values, and the pixels."""
    content = kept.content
    elsewhere = [entry for entry in found.values() if entry.size > 4]
    kept.add(_array(entry.place for entry in elsewhere), _array(entry.size for entry in elsewhere))
    for places, sizes in _PARTS:
        if places not in found:
            continue
        starts = _values(content, numbers, found[places])
        counts = _values(content, numbers, found[sizes]) if sizes in found else starts[:0]
        if len(counts) < len(starts):
            raise MalformedError  # nobody knows where such a strip ends
        kept.add(starts, counts[: len(starts)])
    if _QUANTIZATION in found:
        starts = _values(content, numbers, found[_QUANTIZATION])
        kept.add(starts, np.full_like(starts, 64))
    for tag in _HUFFMAN:
        if tag in found:
            starts = _values(content, numbers, found[tag])
            kept.add(starts, _array(16 + sum(content[at : at + 16]) for at in starts.tolist()))


def _written(content: bytes, numbers: _Numbers, found: dict[int, _Entry], after: int) -> bytes:
    """A directory of the entries that are kept: never longer than the one that was there."""
    parts = [struct.pack(f"{numbers.order}H", len(found))]
    for entry in sorted(found.values(), key=lambda one: one.at):
        whole = content[entry.at : entry.at + _ENTRY]
        # Beside a value that is shorter than its field, nothing.
        parts.append(whole if entry.size > 4 else whole[: 8 + entry.size].ljust(_ENTRY, b"\0"))
    return b"".join((*parts, struct.pack(f"{numbers.order}I", after)))


def _array(numbers: Iterator[int]) -> _Numbers64:
    return np.fromiter(numbers, np.int64)
