"""Does the probability hang on the hottest region, or would any region do?

The hottest part of the heatmap is painted over with what surrounds it, and so, in another copy, is
a region of the same size and shape elsewhere in the head. A heatmap that tells where the model
looked makes the first probability fall further than the second.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np

from ml.imaging.pixels import Uint8Array, to_gray
from ml.training.data.lesions import BoolMask

SHARE: Final = 0.10  # of the head's pixels that are removed
SIDE: Final = 128  # of the square on which regions are chosen and painted over, in pixels
_TRIES: Final = 400
_INSIDE: Final = 0.95  # of the other region that must lie in the head
_OVERLAP: Final = 0.10  # of the other region that may lie on the hot one


@dataclass(frozen=True, kw_only=True, slots=True)
class Removal:
    """An image twice: without its hottest region, and without another one of the same shape.

    Attributes:
        hot, other: like the image given.
        overlap: share of the other region that lies on the hot one, 0 to 1.
    """

    hot: Uint8Array
    other: Uint8Array
    overlap: float


def remove(pixels: Uint8Array, *, heat: Uint8Array, seed: int) -> Removal | None:
    """Paint over the hottest region of an image, and another one.

    Args:
        pixels: uint8, shape (H, W) or (H, W, 3).
        heat: uint8, shape (SIDE, SIDE), the heatmap over the whole image.
        seed: of the choice of the other region.

    Returns:
        None where the heatmap is empty, or the head has no room for another such region.
    """
    head = head_mask(pixels)
    hot = hottest(heat, head=head)
    if not hot.any():
        return None
    other = elsewhere(hot, head=head, seed=seed)
    if other is None:
        return None
    return Removal(
        hot=paint_over(pixels, hot),
        other=paint_over(pixels, other),
        overlap=float((hot & other).sum() / other.sum()),
    )


def head_mask(pixels: Uint8Array) -> BoolMask:
    """The head without its dark holes: bool, shape (SIDE, SIDE)."""
    small = cv2.resize(to_gray(pixels), (SIDE, SIDE), interpolation=cv2.INTER_AREA)
    bright = (small > max(10.0, 0.06 * float(small.max()))).astype(np.uint8)
    contours, _ = cv2.findContours(bright, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    mask = np.zeros((SIDE, SIDE), dtype=np.uint8)
    if contours:
        cv2.drawContours(mask, [max(contours, key=cv2.contourArea)], -1, (1,), thickness=-1)
    return mask.astype(bool)


def hottest(heat: Uint8Array, *, head: BoolMask, share: float = SHARE) -> BoolMask:
    """The hottest pixels of the head, `share` of its area; none where no heat lies in the head."""
    wanted = round(share * int(head.sum()))
    inside = np.where(head, heat, 0)
    chosen = np.zeros(heat.size, dtype=bool)
    chosen[np.argsort(inside, axis=None, kind="stable")[heat.size - wanted :]] = True
    return chosen.reshape(heat.shape) & (inside > 0)


def elsewhere(region: BoolMask, *, head: BoolMask, seed: int) -> BoolMask | None:
    """The same shape, shifted and perhaps mirrored or turned, somewhere else in the head.

    Of random places the first that lies in the head and off the region is taken, else the one that
    comes nearest to it among those in the head; None where there is none.
    """
    rng = np.random.default_rng(seed)
    size = int(region.sum())
    rows, columns = np.nonzero(head)
    best: tuple[float, BoolMask] | None = None
    for _ in range(_TRIES):
        shape = np.rot90(region, int(rng.integers(4)))
        shape = shape[:, ::-1] if rng.random() < 0.5 else shape
        points = np.argwhere(shape)
        target = int(rng.integers(len(rows)))
        shift = np.array([rows[target], columns[target]]) - np.rint(points.mean(axis=0)).astype(int)
        moved = points + shift
        if moved.min() < 0 or moved.max() >= SIDE:
            continue
        placed = np.zeros_like(region)
        placed[moved[:, 0], moved[:, 1]] = True
        if (placed & head).sum() < _INSIDE * size:
            continue
        overlap = float((placed & region).sum()) / size
        if best is None or overlap < best[0]:
            best = overlap, placed
        if overlap <= _OVERLAP:
            break
    return None if best is None else best[1]


def paint_over(pixels: Uint8Array, region: BoolMask) -> Uint8Array:
    """Fill a region with its surroundings (Telea 2004), its rim softened.

    Args:
        pixels: uint8, shape (H, W) or (H, W, 3).
        region: bool, shape (SIDE, SIDE), over the whole image.
    """
    height, width = pixels.shape[:2]
    small = cv2.resize(pixels, (SIDE, SIDE), interpolation=cv2.INTER_AREA)
    filled = cv2.inpaint(small, region.astype(np.uint8), 3.0, cv2.INPAINT_TELEA)
    large = cv2.resize(filled, (width, height), interpolation=cv2.INTER_LINEAR)
    weight = cv2.resize(region.astype(np.float32), (width, height), interpolation=cv2.INTER_LINEAR)
    weight = weight if pixels.ndim == 2 else weight[..., np.newaxis]
    mixed = pixels + (large.astype(np.float32) - pixels) * weight
    return np.clip(np.rint(mixed), 0, 255).astype(np.uint8)
