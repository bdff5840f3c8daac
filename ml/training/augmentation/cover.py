"""Paint over a region of a slice.

Tumor slices whose source has no slices without a tumor betray their label by their style. With the
lesion painted over they become the slices that their source lacks: same style, no tumor. So that
the paint itself tells nothing, other regions are painted over in the same ways elsewhere.
"""

from __future__ import annotations

from typing import Final

import cv2
import numpy as np

from ml.imaging.pixels import Uint8Array
from ml.training.augmentation.operations import as_uint8

_AIR: Final = 12  # of 255
_TRIES: Final = 8
_BOXES: Final = 0.2  # of the ways


def cover(
    image: Uint8Array, region: Uint8Array, *, rng: np.random.Generator, natural: bool = False
) -> Uint8Array:
    """A copy with the region filled with the tissue opposite or elsewhere, smoothly, or a box.

    Args:
        image: uint8, shape (S, S).
        region: uint8, same shape, 1 where to paint.
        rng: chooses the way.
        natural: no box, and the tissue opposite wherever it can be had: for an image that is to
            pass for another head's, rather than to teach that paint means nothing.
    """
    way = _BOXES if natural else rng.random()
    if way < _BOXES:
        return _box(image, region, rng=rng)
    source = _opposite(image, region) if way < 0.6 else None
    if source is None and way < 0.85:
        source = _elsewhere(image, region, rng=rng)
    if source is None:
        small = cv2.resize(image, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)
        hole = cv2.resize(region, small.shape[::-1], interpolation=cv2.INTER_NEAREST)
        filled = cv2.inpaint(small, hole, 3, cv2.INPAINT_TELEA)
        source = as_uint8(cv2.resize(filled, image.shape[::-1], interpolation=cv2.INTER_LINEAR))
    share = cv2.GaussianBlur(region.astype(np.float32), (0, 0), rng.uniform(0.8, 2.5))
    share = np.maximum(share, region)
    return np.rint(share * source + (1.0 - share) * image).astype(np.uint8)


def lesion_region(mask: Uint8Array, *, rng: np.random.Generator) -> Uint8Array:
    """The lesion and a rim of 4 to 8 pixels, for its outline is not exact.

    Args:
        mask: uint8, shape (S, S), 1 in the lesion.
        rng: chooses the rim.

    Returns:
        Likewise, 1 in the lesion and its rim.
    """
    size = 2 * int(rng.integers(4, 9)) + 1
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (size, size))
    return as_uint8(cv2.dilate(mask, kernel))


def other_region(
    shape: Uint8Array, *, image: Uint8Array, mask: Uint8Array | None, rng: np.random.Generator
) -> Uint8Array | None:
    """The outline of some other slice's lesion, on this one's tissue and clear of its lesion.

    Args:
        shape: the other slice's mask, uint8, shape (S, S), 1 in the lesion.
        image: this slice, uint8, same shape.
        mask: its own lesion's, likewise; None where it is not known.
        rng: chooses the place.

    Returns:
        A mask like `shape`, or None where no place was found.
    """
    keep = np.zeros_like(shape) if mask is None else lesion_region(mask, rng=rng)
    side = shape.shape[0]
    for _ in range(_TRIES):
        region = np.roll(shape, rng.integers(0, side, 2), axis=(0, 1))
        area = int(region.sum())
        tissue = int((image[region > 0] > _AIR).sum())
        if area and tissue > 0.8 * area and not (region & keep).any():
            return region
    return None


def _box(image: Uint8Array, region: Uint8Array, *, rng: np.random.Generator) -> Uint8Array:
    left, top, width, height = cv2.boundingRect(region)
    covered = image.copy()
    level = rng.integers(0, 160) if rng.random() < 0.5 else 0
    covered[top : top + height, left : left + width] = level
    return covered


def _opposite(image: Uint8Array, region: Uint8Array) -> Uint8Array | None:
    """The other half of the head, where it does not show the same lesion or air."""
    mirrored = image[:, ::-1]
    inside = region > 0
    if (region & region[:, ::-1]).any() or (mirrored[inside] <= _AIR).mean() > 0.2:
        return None
    return mirrored


def _elsewhere(
    image: Uint8Array, region: Uint8Array, *, rng: np.random.Generator
) -> Uint8Array | None:
    """The slice moved so that other tissue comes to lie over the region."""
    side = image.shape[0]
    inside = region > 0
    for _ in range(_TRIES):
        step = rng.integers(-side // 3, side // 3 + 1, 2)
        if (np.roll(region, step, axis=(0, 1)) & region).any():
            continue
        moved = np.roll(image, step, axis=(0, 1))
        if (moved[inside] <= _AIR).mean() < 0.1:
            return moved
    return None
