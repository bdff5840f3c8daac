"""Whether an outline crosses or touches itself, decided in whole numbers."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from scans.geometry.shapes import Point

STEPS_A_PIXEL = 1000  # coordinates are kept to a thousandth of a pixel
_EDGES_AT_ONCE = 64  # bounds the memory that a long outline takes


def crosses_itself(points: Sequence[Point]) -> bool:
    """Whether the closed outline through these points crosses or touches itself.

    No two points in a row are equal, the last and the first included. Coordinates are multiples
    of a thousandth of a pixel below a million pixels, so that 64 bits hold every product.
    """
    starts = np.rint(np.asarray(points, float) * STEPS_A_PIXEL).astype(np.int64)
    ends = np.roll(starts, -1, axis=0)
    if _turns_back(starts, ends):
        return True
    low, high = np.minimum(starts, ends), np.maximum(starts, ends)
    count = len(starts)
    for begin in range(0, count, _EDGES_AT_ONCE):
        some = slice(begin, begin + _EDGES_AT_ONCE)
        overlap = (low[some, None] <= high[None]) & (low[None] <= high[some, None])
        first, second = np.nonzero(overlap.all(axis=-1))
        first += begin
        apart = (second - first) % count
        pairs = (apart > 1) & (apart < count - 1)
        i, j = first[pairs], second[pairs]
        if _straddle(starts[i], ends[i], starts[j], ends[j]):
            return True
    return False


def _turns_back(starts: NDArray[np.int64], ends: NDArray[np.int64]) -> bool:
    """Whether some edge runs back along the one before it."""
    edges = ends - starts
    following = np.roll(edges, -1, axis=0)
    along = (edges * following).sum(axis=1)
    return bool(((_cross(edges, following) == 0) & (along < 0)).any())


def _straddle(
    a: NDArray[np.int64], b: NDArray[np.int64], c: NDArray[np.int64], d: NDArray[np.int64]
) -> bool:
    """Whether any of the segments ab, whose box overlaps that of its cd, meets that cd."""
    # Signs, because the product of two cross products would not fit into 64 bits.
    astride = np.sign(_cross(b - a, c - a)) * np.sign(_cross(b - a, d - a)) <= 0
    also = np.sign(_cross(d - c, a - c)) * np.sign(_cross(d - c, b - c)) <= 0
    return bool((astride & also).any())


def _cross(first: NDArray[np.int64], second: NDArray[np.int64]) -> NDArray[np.int64]:
    return np.asarray(first[..., 0] * second[..., 1] - first[..., 1] * second[..., 0])
