"""The window inside the head, and what is cut off before: borders, air.

What the recipe `head-window-area-1` is made of.
"""

from __future__ import annotations

from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

from ml.imaging.pixels import Float32Array, Pixels, Uint8Array

_FLAT: Final = 12  # of 255: what a border's line varies by, JPEG's ripples included
_RIM: Final = 9  # pixels of the input, 2 % on either side: the head's outline is a little coarse
_BRIGHT_PERCENTILE: Final = 99.0
_BRIGHT_LEVEL: Final = 0.85 * 255.0  # what it becomes; a bright lesion has room above it


def gray_of_any_depth(pixels: Pixels) -> Pixels:
    """Gray in the image's own type: (H, W)."""
    if pixels.ndim == 2:
        return pixels
    gray = cv2.cvtColor(np.ascontiguousarray(pixels), cv2.COLOR_RGB2GRAY)
    return gray.astype(np.uint16) if pixels.dtype == np.uint16 else gray.astype(np.uint8)


def roughly_8bit(gray: Pixels) -> Uint8Array:
    """From the darkest 0.5 % to the brightest 0.1 % in 8 bits, to find the head in: (H, W)."""
    low, high = np.percentile(gray[::2, ::2], (0.5, 99.9))
    scaled = (gray.astype(np.float32) - np.float32(low)) * np.float32(255.0 / max(1.0, high - low))
    return as_8bit(np.clip(np.rint(scaled), 0, 255))


def without_borders(rough: Uint8Array) -> tuple[int, int, int, int]:
    """Top, left, height and width without rows and columns of one gray level at the sides.

    Looked for again until nothing goes, as a line within a margin is a border, too. The whole
    image where nothing would be left.
    """
    top, left = 0, 0
    height, width = rough.shape
    before = (0, 0)
    while before != (height, width):
        before = (height, width)
        part = rough[top : top + height, left : left + width]
        rows = np.flatnonzero(np.ptp(part, axis=1) > _FLAT)
        columns = np.flatnonzero(np.ptp(part, axis=0) > _FLAT)
        if not rows.size or not columns.size:
            return 0, 0, rough.shape[0], rough.shape[1]
        top, left = top + int(rows[0]), left + int(columns[0])
        height, width = int(rows[-1] - rows[0]) + 1, int(columns[-1] - columns[0]) + 1
    return top, left, height, width


def air_level(gray: Pixels, head: Uint8Array) -> float:
    """The gray level of air, which some exports lift from black."""
    levels, outside = gray[::2, ::2], head[::2, ::2] == 0
    if float(outside.mean()) > 0.02:
        return float(np.median(levels[outside]))
    return float(np.percentile(levels, 0.5))


def windowed(small: Float32Array, within: npt.NDArray[np.bool_], *, air: float) -> Uint8Array:
    """Air to 0, the brightest hundredth of the head to 0.85 of white and above."""
    if not within.any():
        within = np.ones_like(within)
    levels = small[::2, ::2][within[::2, ::2]]
    bright = float(np.percentile(levels if levels.size else small[within], _BRIGHT_PERCENTILE))
    if bright <= air:
        return np.zeros(small.shape, dtype=np.uint8)
    scaled = (small - np.float32(air)) * np.float32(_BRIGHT_LEVEL / (bright - air))
    disk = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (_RIM, _RIM))
    kept = cv2.dilate(within.astype(np.uint8), disk)
    return as_8bit(np.clip(np.rint(scaled), 0, 255) * kept)


def as_8bit(values: npt.NDArray[np.generic]) -> Uint8Array:
    """Whole numbers, 0 to 255, in 8 bits."""
    whole: Uint8Array = values.astype(np.uint8)
    return whole
