"""The codes of LZW, as GIF and TIFF pack them: whether they are those of so many values.

Only lengths are computed, a few thousand codes at a time: how wide a code is depends on how many
stand before it since the table was cleared, and how long a string is on which code it continues.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import numpy.typing as npt

from ml.imaging.formats.strict import DamagedError

_WIDEST: Final = 12  # bits of a code
_ENTRIES: Final = 1 << _WIDEST
_AT_ONCE: Final = 1 << 16  # codes after the table is full
_CLEARED: Final = 20_000  # times: enough for 50 megapixels, and some seconds
_Codes = npt.NDArray[np.int64]


def check(data: bytes, *, values: int, literals: int, is_gif: bool) -> None:
    """Raise `DamagedError` unless the codes are valid and give exactly so many values.

    One that clears its table without need, more than 20,000 times, is let pass.

    Args:
        data: the packed codes.
        values: how many the image or strip has.
        literals: bits of one value, 2 to 8.
        is_gif: lowest bit first, widening when the table needs it; else as TIFF 6.0, section 13:
            highest bit first, widening one entry early.
    """
    padded = np.frombuffer(data + bytes(4), np.uint8).astype(np.int64)
    clear = 1 << literals
    reader = _Reader(padded, 8 * len(data), clear, is_gif=is_gif)
    total = 0
    for _ in range(_CLEARED):
        found, is_end = reader.until_clear(clear)
        total += found
        if total > values or (is_end and total != values):
            raise DamagedError("the compressed pixels do not fill the image")
        if is_end:
            return


class _Reader:
    def __init__(self, padded: _Codes, bits: int, clear: int, *, is_gif: bool) -> None:
        self._data, self._end, self._is_gif, self._at = padded, bits, is_gif, 0
        self._growing = self._widths(clear)
        self._full = np.full(_AT_ONCE, _WIDEST)

    def until_clear(self, clear: int) -> tuple[int, bool]:
        """Values given by the codes up to the next clear code, and whether it all ends there."""
        codes, is_end = self._codes(self._growing, clear)
        lengths = _lengths(codes, clear)
        total = int(lengths.sum())
        entries = lengths + 1  # of the entry that begins with each code
        while is_end is None:
            codes, is_end = self._codes(self._full, clear)
            at = codes - clear - 2
            if (at >= len(entries)).any():
                raise DamagedError("a code that stands for nothing")
            total += int(np.where(codes < clear, 1, entries[np.maximum(at, 0)]).sum())
        return total, is_end

    def _widths(self, clear: int) -> _Codes:
        """Bits of each code after the table was cleared, until it is full."""
        number = np.arange(_ENTRIES - (clear + 2) + 1)
        entries = clear + 2 + np.maximum(0, number - 1) + (0 if self._is_gif else 1)
        widths = np.floor(np.log2(entries)).astype(np.int64) + 1
        bounded: _Codes = np.minimum(_WIDEST, np.maximum(widths, clear.bit_length()))
        return bounded

    def _codes(self, widths: _Codes, clear: int) -> tuple[_Codes, bool | None]:
        """The codes before the next clear or end code; True at the end, None where neither is."""
        ends = self._at + np.cumsum(widths)
        number = len(widths)
        fit = int(np.searchsorted(ends, self._end, side="right"))
        ends, widths = ends[:fit], widths[:fit]
        starts = ends - widths
        at, shift = starts >> 3, starts & 7
        one, two, three = (self._data[at + step] for step in range(3))
        if self._is_gif:
            codes = (one | two << 8 | three << 16) >> shift
        else:
            codes = (one << 16 | two << 8 | three) >> (24 - shift - widths)
        codes &= (1 << widths) - 1
        special = np.flatnonzero((codes == clear) | (codes == clear + 1))
        if special.size:
            first = int(special[0])
            self._at = int(ends[first])
            return codes[:first], bool(codes[first] == clear + 1)
        self._at = int(ends[-1]) if fit else self._at
        is_read = fit < number or self._end - self._at < _WIDEST
        return codes, True if is_read else None


def _lengths(codes: _Codes, clear: int) -> npt.NDArray[Any]:
    """How many values each code gives; each continues one that stands before it, or is a value."""
    at = codes - clear - 2
    is_value = codes < clear
    if (~is_value & (at >= np.arange(len(codes)))).any():
        raise DamagedError("a code that stands for nothing")
    lengths = np.where(is_value, 0, 1)
    continued = np.where(is_value, np.arange(len(codes)), at)
    while (lengths[continued] > 0).any():  # as many rounds as the logarithm of the longest
        lengths, continued = lengths + lengths[continued], continued[continued]
    return lengths + 1
