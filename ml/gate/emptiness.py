"""Slices with no head in them: blank ones, and what a scanner writes beside the head.

Every scan has some at its ends. They are answered from the pixels, before the gate and the network
of any release are asked, since there is nothing to ask them about.

Looked at coarsely, since a head is large. Limits were chosen on about a thousand images, many from
the ends of stacks, and then asked of all 19,324 at hand. Of 17,841 slices of brains none is
refused: in the means of 32 cells a side the one with the least structure keeps 0.29 of its
variance, and the smallest tip of a brain covers 0.8 % of its image. Drawn noise as it comes from a
scanner, shaded or enlarged twice, keeps 0.004 to 0.22 from 256 pixels on. Of 1,483 images of other
things 44 are refused, all for too little structure: 32 of 124 documents, 9 of 74 phantoms (field
maps, most of which is noise), 3 of 109 screenshots.
"""

from __future__ import annotations

from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

from ml.gate.proportions import out_of_proportion
from ml.gate.reasons import Reason, Refusal, refuse
from ml.imaging.pixels import Float32Array, Pixels, Uint8Array, to_8bit
from ml.imaging.windowing import gray_of_any_depth, roughly_8bit

_LOOKED_AT: Final = 512  # of a longer side's pixels, at least: of more, every second or third
_CELLS: Final = 32  # on the longer side, for structure
_FINE_CELLS: Final = 64  # for the size of what is bright
_LEAST_SPREAD: Final = 12.0  # of 255, as in `ml.gate.contrast_and_color`
_LEAST_STRUCTURE: Final = 0.25  # share of the variance that is left in the cells' means
_SMALLEST: Final = 0.005  # of the image
_DARKEST: Final = 10.0  # of 255, and
_SHARE_OF_RANGE: Final = 0.08  # from air to the brightest: as `ml.imaging.head`


def nothing_to_read(pixels: Pixels) -> Refusal | None:
    """Refuse what has no head in it.

    `unreadable_contrast` where the 1st and the 99th percentile lie fewer than 12 of 255 apart;
    `no_head` where it is noise (less than a quarter of the variance is left in the means of 32
    cells a side), or where nothing brighter than air covers 0.5 % of the image in one piece.

    Args:
        pixels: uint8 or uint16, shape (H, W) or (H, W, 3); 16 bits are windowed from the darkest
            0.5 % to the brightest 0.1 %.

    Returns:
        The refusal, or None where there is something to read; for strips too, which the gate
        refuses by their shape alone.
    """
    if out_of_proportion(pixels) is not None:
        return None
    step = max(1, max(pixels.shape[:2]) // _LOOKED_AT)
    gray = gray_of_any_depth(pixels[::step, ::step])
    levels = to_8bit(gray) if gray.dtype == np.uint8 else roughly_8bit(gray)
    fine = _means(levels, cells=_FINE_CELLS)
    low, high = np.percentile(fine, (1.0, 99.5))
    if high - low < _LEAST_SPREAD:
        dark, bright = np.percentile(levels[::2, ::2], (1.0, 99.0))
        if bright - dark < _LEAST_SPREAD:
            return refuse(Reason.UNREADABLE_CONTRAST)
    structure = _variance(_means(levels, cells=_CELLS)) / max(_variance(levels), 1e-6)
    limit = max(_DARKEST, low + _SHARE_OF_RANGE * (high - low))
    if structure < _LEAST_STRUCTURE or _largest_part(fine > limit) < _SMALLEST:
        return refuse(Reason.NO_HEAD)
    return None


def _means(levels: Uint8Array, *, cells: int) -> Float32Array:
    height, width = levels.shape
    scale = min(1.0, cells / max(height, width))
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    small = cv2.resize(levels, size, interpolation=cv2.INTER_AREA)
    return small.astype(np.float32)


def _variance(levels: Uint8Array | Float32Array) -> float:
    return float(cv2.meanStdDev(levels)[1][0, 0]) ** 2


def _largest_part(bright: npt.NDArray[np.bool_]) -> float:
    """Share of the image that the largest connected part covers, without lines and letters."""
    mask = bright.astype(np.uint8)
    if min(mask.shape) >= _CELLS:
        mask = cv2.morphologyEx(mask, cv2.MORPH_OPEN, np.ones((3, 3), np.uint8)).astype(np.uint8)
    count, _, parts, _ = cv2.connectedComponentsWithStats(mask)
    return float(parts[1:, cv2.CC_STAT_AREA].max()) / mask.size if count > 1 else 0.0
