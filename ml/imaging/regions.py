"""Suspected regions: outlines in the image's own pixels, from the lesion decoder's map.

A region is a connected set of the decoder's 56 x 56 cells whose score, the sigmoid of the decoder's
logit, reaches the release's threshold. The map is interpolated bilinearly to the image's pixels,
so that the outline is finer than the cells. The decoder is not calibrated: a score orders regions,
and says nothing of how often such a region is a lesion.

Coordinates are those of `heatmap_peak`: whole pixels, (0, 0) the top left one, and a polygon runs
through the centers of a region's border pixels, which belong to it.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, TypeAlias

import cv2
import numpy as np
import numpy.typing as npt

from ml.imaging.heatmap import interpolation
from ml.imaging.pixels import Float32Array
from ml.imaging.preprocessing import Geometry
from ml.metrics.calibration import logit_of

Polygon: TypeAlias = tuple[tuple[int, int], ...]
Cells: TypeAlias = npt.NDArray[np.bool_]

_STRAIGHT: Final = 0.1  # of a cell: how far a polygon may run beside the outline it simplifies
_NEIGHBORS: Final = 4  # cells that touch at a corner only are apart, as they are once interpolated
_FAR_BELOW: Final = 4.0  # logits below the threshold, for cells that belong to another region


@dataclass(frozen=True, kw_only=True, slots=True)
class Region:
    """One suspected region.

    Attributes:
        polygon: its outline as (x, y) in whole pixels of the image; at least 3 corners, not closed
            by repeating the first.
        score: mean of the decoder's scores over the region's cells, 0 to 1, from the release's
            threshold on; not calibrated.
        area_px: how many pixels of the image lie inside the polygon or on it.
    """

    polygon: Polygon
    score: float
    area_px: float


def find_regions(
    logits: Float32Array, *, geometry: Geometry, threshold: float, least_cells: int
) -> tuple[Region, ...]:
    """Outline the suspected regions of one image, the highest score first.

    Args:
        logits: the decoder's, float32, shape (n, n) over the whole input square.
        geometry: how the input square lies in the image.
        threshold: the score from which on a cell belongs to a region, above 0 and below 1.
        least_cells: how many cells a region has at least.
    """
    level = logit_of(threshold)
    found = []
    for own, alone in apart(logits, level=level):
        if int(np.count_nonzero(own)) < least_cells:
            continue
        polygon = _outline(alone, own=own, level=level, geometry=geometry)
        if len(polygon) >= 3:
            score = float((1.0 / (1.0 + np.exp(-logits[own].astype(np.float64)))).mean())
            found.append(Region(polygon=polygon, score=score, area_px=_pixels_in(polygon)))
    return tuple(sorted(found, key=lambda region: -region.score))


def apart(logits: Float32Array, *, level: float) -> Iterator[tuple[Cells, Float32Array]]:
    """The connected sets of cells from `level` on, one by one.

    Args:
        logits: float32, shape (n, n).
        level: a logit.

    Yields:
        The set's cells, bool, shape (n, n); and the map with every other set pressed below the
        level, whose interpolation reaches the level around this set alone.
    """
    count, cells = cv2.connectedComponents(
        (logits >= level).astype(np.uint8), connectivity=_NEIGHBORS
    )
    for number in range(1, count):
        own: Cells = np.equal(cells, number)
        others = np.greater(cells, 0) & ~own
        yield own, np.where(others, np.float32(level - _FAR_BELOW), logits)


def _outline(alone: Float32Array, *, own: Cells, level: float, geometry: Geometry) -> Polygon:
    """The outline of one region, clipped to the crop that the network saw; empty where too thin."""
    top, rows, high = _span(
        np.any(own, axis=1),
        canvas=geometry.canvas_height,
        pad=geometry.pad_top,
        length=geometry.crop_height,
    )
    left, columns, wide = _span(
        np.any(own, axis=0),
        canvas=geometry.canvas_width,
        pad=geometry.pad_left,
        length=geometry.crop_width,
    )
    if not rows.size or not columns.size:
        return ()
    inside = (rows @ alone[high, wide] @ columns.T >= level).astype(np.uint8)
    contours, _ = cv2.findContours(inside, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    if not contours:
        return ()
    largest = max(contours, key=cv2.contourArea)
    cell = min(geometry.canvas_height / alone.shape[0], geometry.canvas_width / alone.shape[1])
    corners = cv2.approxPolyDP(largest, _STRAIGHT * cell, closed=True).reshape(-1, 2)
    x, y = geometry.left + left, geometry.top + top
    return tuple((x + int(column), y + int(row)) for column, row in corners)


def _span(cells: Cells, *, canvas: int, pad: int, length: int) -> tuple[int, Float32Array, slice]:
    """The image's pixels around some cells, along one axis.

    One cell more on each side, since an outline lies between a cell inside and one outside.

    Returns:
        The first pixel, counted from the crop's first; the interpolation from cells to each pixel
        from there on; and the cells it needs.
    """
    where = np.flatnonzero(cells)
    size = canvas / len(cells)
    first = max(0, math.floor((int(where[0]) - 1) * size) - pad)
    last = min(length, math.ceil((int(where[-1]) + 2) * size) - pad)
    needed = slice(max(0, int(where[0]) - 3), int(where[-1]) + 4)
    matrix = interpolation(
        cells=len(cells), canvas=canvas, offset=pad + first, length=max(0, last - first)
    )
    return first, matrix[:, needed], needed


def _pixels_in(polygon: Polygon) -> float:
    """Whole pixels inside a polygon or on it, by Pick's theorem."""
    corners = np.array(polygon, dtype=np.int64)
    steps = np.abs(np.roll(corners, -1, axis=0) - corners)
    on_it = int(np.gcd(steps[:, 0], steps[:, 1]).sum())
    area = float(cv2.contourArea(corners.astype(np.int32)))
    return area + on_it / 2.0 + 1.0
