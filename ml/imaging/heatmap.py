"""A map of the network's input put back over the image, in the image's own pixels."""

from __future__ import annotations

from typing import Final

import cv2
import numpy as np

from ml.imaging.pixels import Float32Array, Uint8Array
from ml.imaging.preprocessing import Geometry

_MOST_PADDED: Final = 4  # times the crop's area: how large a canvas may be to be drawn whole


def heatmap_in_image_grid(
    cam: Float32Array, *, geometry: Geometry
) -> tuple[Uint8Array, tuple[int, int] | None]:
    """Put a map of the network's input back over the image it was made from.

    Bilinear between the centers of the cells, constant outside them. What lies outside the crop
    never reached the network and is 0; what lies in the padding is left out before scaling, so the
    hottest pixel of the image is 255.

    Args:
        cam: float32, shape (h, w) of any size, 0 and up, over the whole input square.
        geometry: how the input square lies in the image.

    Returns:
        The heatmap, uint8, shape (height, width) of the image; and the (x, y) of its hottest pixel
        in whole pixels, or None where the map is 0 all over the image.
    """
    inside = _inside_the_crop(np.ascontiguousarray(cam, dtype=np.float32), geometry=geometry)
    heatmap = np.zeros((geometry.height, geometry.width), dtype=np.uint8)
    # The peak from the unrounded map: rounding to 8 bits turns it into a plateau.
    _, hottest, _, (column, row) = cv2.minMaxLoc(inside)
    if hottest <= 0.0:
        return heatmap, None
    heatmap[
        geometry.top : geometry.top + geometry.crop_height,
        geometry.left : geometry.left + geometry.crop_width,
    ] = cv2.convertScaleAbs(inside, alpha=255.0 / hottest)
    return heatmap, (geometry.left + int(column), geometry.top + int(row))


def _inside_the_crop(cam: Float32Array, *, geometry: Geometry) -> Float32Array:
    """The map over the crop: float32, (crop_height, crop_width)."""
    canvas_area = geometry.canvas_height * geometry.canvas_width
    if canvas_area > _MOST_PADDED * geometry.crop_height * geometry.crop_width:
        # A strip of 64 x 60,000 pixels would be drawn on a canvas of 14 GB.
        rows = interpolation(
            cells=cam.shape[0],
            canvas=geometry.canvas_height,
            offset=geometry.pad_top,
            length=geometry.crop_height,
        )
        columns = interpolation(
            cells=cam.shape[1],
            canvas=geometry.canvas_width,
            offset=geometry.pad_left,
            length=geometry.crop_width,
        )
        return (rows @ cam @ columns.T).astype(np.float32, copy=False)
    # OpenCV's linear interpolation is the same, and faster.
    canvas = cv2.resize(
        cam, (geometry.canvas_width, geometry.canvas_height), interpolation=cv2.INTER_LINEAR
    ).astype(np.float32, copy=False)
    return canvas[
        geometry.pad_top : geometry.pad_top + geometry.crop_height,
        geometry.pad_left : geometry.pad_left + geometry.crop_width,
    ]


def interpolation(*, cells: int, canvas: int, offset: int, length: int) -> Float32Array:
    """Linear interpolation as a matrix: float32, (length, cells), each row summing to 1.

    Row i belongs to canvas pixel offset + i. Cell j covers the canvas pixels from j * canvas /
    cells on, so both are compared at their centers, and no canvas has to be drawn. Beyond the
    center of the first and of the last cell the map is constant.
    """
    centers = (np.arange(length) + offset + 0.5) * (cells / canvas) - 0.5
    centers = np.clip(centers, 0.0, cells - 1.0)
    first = np.minimum(np.floor(centers).astype(np.intp), max(0, cells - 2))
    share = (centers - first).astype(np.float32)
    matrix = np.zeros((length, cells), dtype=np.float32)
    index = np.arange(length)
    matrix[index, first] = 1.0 - share
    if cells > 1:
        matrix[index, first + 1] = share
    return matrix
