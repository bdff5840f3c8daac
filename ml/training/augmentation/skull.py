"""Skull and scalp taken off a slice, or put on, that neither tells the label.

Most tumor slices at hand are stripped, most heads with skull have none.
"""

from __future__ import annotations

from typing import Final

import cv2
import numpy as np

from ml.imaging.head import find_head
from ml.imaging.pixels import Float32Array, Uint8Array
from ml.training.augmentation.operations import as_float32, as_uint8, to_8bit
from ml.training.augmentation.perturbation import Rng

_SMALLEST: Final = 0.1  # of the image: what is left of it has to be a brain still


def take_off_skull(
    image: Uint8Array, mask: Uint8Array | None, rng: Rng
) -> tuple[Uint8Array, Uint8Array | None]:
    """Black out the outermost 5 to 10 % of the head's diameter, about its scalp and skull.

    As it is, where the lesion would lose a pixel or little would be left.

    Args:
        image: uint8, shape (H, W), with skull.
        mask: uint8, same shape, 1 in the lesion; None where it is not known.
        rng: the only source of chance.
    """
    head = find_head(image)
    share = float(rng.uniform(0.05, 0.10))
    if head is None:
        return image, mask
    depth = cv2.distanceTransform(np.pad(head, 1), cv2.DIST_L2, 5)[1:-1, 1:-1]
    diameter = 2.0 * float(np.sqrt(head.sum() / np.pi))
    # Strippers leave a ragged edge.
    ragged = _waves(image.shape, knots=9, spread=0.12, rng=rng)
    kept = depth > share * diameter * np.exp(ragged)
    if float(kept.mean()) < _SMALLEST or (mask is not None and bool((mask[~kept] > 0).any())):
        return image, mask
    return as_uint8(np.where(kept, image, 0)), mask


def put_on_skull(
    image: Uint8Array, mask: Uint8Array | None, rng: Rng
) -> tuple[Uint8Array, Uint8Array | None]:
    """Draw a dark band and a bright one around a stripped brain, shrunk to make room.

    Args:
        image: uint8, shape (H, W), without skull.
        mask: uint8, same shape, 1 in the lesion; None where it is not known.
        rng: the only source of chance.
    """
    height, width = image.shape
    scale = float(rng.uniform(0.72, 0.84))
    matrix = cv2.getRotationMatrix2D(((width - 1) / 2.0, (height - 1) / 2.0), 0.0, scale)
    small = as_uint8(cv2.warpAffine(image, matrix, (width, height), flags=cv2.INTER_AREA))
    head = find_head(small)
    if head is None:
        return image, mask
    if mask is not None:
        mask = as_uint8(cv2.warpAffine(mask, matrix, (width, height), flags=cv2.INTER_NEAREST))
    outlines = cv2.findContours(head, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)[0]
    hull = cv2.convexHull(np.vstack(outlines))
    filled = cv2.fillPoly(np.zeros_like(head), [hull], 1)
    diameter = 2.0 * float(np.sqrt(filled.sum() / np.pi))
    beyond = cv2.distanceTransform(1 - filled, cv2.DIST_L2, 5) / np.float32(diameter)
    thick = np.exp(_waves(image.shape, knots=6, spread=0.15, rng=rng))
    fluid, bone = rng.uniform(0.005, 0.02), rng.uniform(0.015, 0.05)
    scalp = rng.uniform(0.02, 0.06)
    inner, outer = (fluid + bone) * thick, (fluid + bone + scalp) * thick
    # What is within the skull and no brain is as dark as bone, or the fluid's gray.
    level = float(np.median(small[head > 0]))
    grays = level * rng.uniform(0.05, 0.35), level * rng.uniform(0.5, 2.2)
    texture = np.exp(_waves(image.shape, knots=40, spread=0.18, rng=rng))
    drawn = np.where(beyond < inner, grays[0], np.where(beyond < outer, grays[1], 0.0)) * texture
    soft = cv2.GaussianBlur(as_float32(drawn), (0, 0), max(0.6, 0.005 * diameter))
    brain = cv2.GaussianBlur(as_float32(head), (0, 0), 0.8)
    return to_8bit(np.maximum(brain * small, (1.0 - brain) * soft)), mask


def _waves(shape: tuple[int, ...], *, knots: int, spread: float, rng: Rng) -> Float32Array:
    """Smooth chance of this spread, shape (H, W)."""
    coarse = as_float32(rng.normal(0.0, spread, (knots, knots)))
    size = (shape[1], shape[0])
    return as_float32(cv2.resize(coarse, size, interpolation=cv2.INTER_CUBIC))
