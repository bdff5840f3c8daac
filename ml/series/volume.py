"""The maps of a series laid upon one another, and what hangs together in them in 3-D."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

import cv2
import numpy as np
import numpy.typing as npt

from ml.imaging.pixels import Float32Array
from ml.series.evidence import LOWEST, SliceEvidence

IntArray: TypeAlias = npt.NDArray[np.int32]

_HEAD_QUANTILE: Final = 0.75  # of the squares' sizes: heads are smaller at the vertex
_MOST_CELLS: Final = 112  # a side of the common grid, in cells
_NEIGHBORS: Final = 4  # within a slice, as suspected regions are connected (`ml.imaging.regions`)


class SizesDifferError(ValueError):
    """The images are not of one size, so that they have no common grid."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Volume:
    """The decoder's maps of the slices of a series, on one grid over the head.

    Attributes:
        logits: float32, shape (D, h, w), above the threshold of regions; `LOWEST` where a slice
            saw nothing.
        cell_share: how much of the head's square a cell covers, 0 to 1.
    """

    logits: Float32Array
    cell_share: float


def lay(slices: Sequence[SliceEvidence]) -> Volume:
    """Lay the maps of slices upon one another, in the pixel grid that their images share.

    The cells of the common grid are as large as those of the upper quartile of the slices, and it
    covers all that any of them saw.

    Args:
        slices: with maps; at least one.

    Raises:
        SizesDifferError: the images are not of one size.
        ValueError: a map is missing or broken.
    """
    if len({one.size for one in slices}) > 1:
        raise SizesDifferError("The images of the series differ in size.")
    squares = np.array([one.square for one in slices], dtype=np.float64)
    sides = np.sqrt(squares[:, 2] * squares[:, 3])
    head = float(np.quantile(sides, _HEAD_QUANTILE))
    cell = head / slices[0].side
    top, left = squares[:, 0].min(), squares[:, 1].min()
    high = float((squares[:, 0] + squares[:, 2]).max() - top)
    wide = float((squares[:, 1] + squares[:, 3]).max() - left)
    cell = max(cell, high / _MOST_CELLS, wide / _MOST_CELLS)
    rows = top + cell * (np.arange(int(np.ceil(high / cell))) + 0.5)
    columns = left + cell * (np.arange(int(np.ceil(wide / cell))) + 0.5)
    logits = np.stack([_resampled(one, rows=rows, columns=columns) for one in slices])
    return Volume(logits=logits, cell_share=(cell / head) ** 2)


def smoothed(values: Float32Array, positions: Sequence[float], *, width: float) -> Float32Array:
    """Each slice averaged with its neighbors, weighed by distance: exp(-(distance / width)^2).

    Only the slices next to each other on the axis count, and only those that are there.

    Args:
        values: shape (D, ...), in order of the positions.
        positions: of the slices on their axis, ascending, in any unit.
        width: in that unit.
    """
    place = np.asarray(positions, dtype=np.float64)
    apart = np.abs(place[:, np.newaxis] - place[np.newaxis, :])
    near = np.abs(np.subtract.outer(np.arange(len(place)), np.arange(len(place)))) <= 1
    weights = np.where(near, np.exp(-((apart / width) ** 2)), 0.0)
    weights /= weights.sum(axis=1, keepdims=True)
    return np.tensordot(weights.astype(np.float32), values, axes=1).astype(np.float32)


def connected(inside: npt.NDArray[np.bool_], places: Sequence[int]) -> IntArray:
    """Label what hangs together: side by side in a slice, or one over the other in the next.

    Args:
        inside: shape (D, h, w).
        places: of the slices in the series, ascending: only those that follow one another touch.

    Returns:
        Shape (D, h, w): 0 outside, else the number of the part, from 1 on.
    """
    labels = np.zeros(inside.shape, dtype=np.int32)
    parents = [0]
    for index in range(len(inside)):
        count, own = cv2.connectedComponents(
            inside[index].astype(np.uint8), connectivity=_NEIGHBORS
        )
        labels[index] = np.where(own > 0, own + len(parents) - 1, 0)
        parents += range(len(parents), len(parents) + count - 1)
        if index and places[index] == places[index - 1] + 1:
            both = inside[index] & inside[index - 1]
            pairs = np.stack([labels[index - 1][both], labels[index][both]], axis=1)
            for below, above in np.unique(pairs, axis=0):
                first, second = sorted((_root(parents, int(below)), _root(parents, int(above))))
                parents[second] = first
    roots = np.array([_root(parents, label) for label in range(len(parents))])
    _, numbers = np.unique(roots, return_inverse=True)
    return numbers.astype(np.int32)[labels]


def _root(parents: Sequence[int] | Mapping[int, int], label: int) -> int:
    while parents[label] != label:
        label = parents[label]
    return label


def _resampled(
    one: SliceEvidence, *, rows: npt.NDArray[np.float64], columns: npt.NDArray[np.float64]
) -> Float32Array:
    """A slice's map at the centers of the common grid's cells, bilinearly."""
    top, left, height, width = one.square
    above = one.map() - np.float32(LOWEST)
    down = _interpolation(rows, start=top, length=height, cells=one.side)
    across = _interpolation(columns, start=left, length=width, cells=one.side)
    return (down @ above @ across.T + np.float32(LOWEST)).astype(np.float32)


def _interpolation(
    centers: npt.NDArray[np.float64], *, start: int, length: int, cells: int
) -> Float32Array:
    """Linear interpolation as a matrix, shape (len(centers), cells); 0 beyond the map."""
    place = (centers - start) * (cells / length) - 0.5
    within = (place >= -0.5) & (place <= cells - 0.5)
    held = np.clip(place, 0.0, cells - 1.0)
    first = np.minimum(np.floor(held).astype(np.intp), max(0, cells - 2))
    share = held - first
    matrix = np.zeros((len(centers), cells), dtype=np.float32)
    index = np.arange(len(centers))
    matrix[index, first] = np.where(within, 1.0 - share, 0.0)
    if cells > 1:
        matrix[index, first + 1] = np.where(within, share, 0.0)
    return matrix
