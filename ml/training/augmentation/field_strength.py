"""Brain slices as 7 T and its sequences show them, of slices at 1.5 or 3 T: for the gate.

What is known of 7 T: the transmitted field is brightest in the middle and falls to the temporal
lobes and the base by half and more; receive coils brighten the rim; uniform images of MP2RAGE have
noise of full strength in the air; slabs cover a part of the head at high resolution.
"""

from __future__ import annotations

from typing import Final

import cv2
import numpy as np

from ml.imaging.head import find_head
from ml.imaging.pixels import Uint8Array
from ml.training.augmentation import operations
from ml.training.augmentation.operations import as_float32, to_8bit
from ml.training.augmentation.perturbation import Rng

_NOISY_AIR: Final = 0.25  # of the slices have air as MP2RAGE's uniform images do
_SLAB: Final = 0.2  # show a part of the head alone


def as_at_7_tesla(image: Uint8Array, rng: Rng) -> Uint8Array:
    """Shade, sharpen, and in part fill the air with noise or cut out a slab.

    Args:
        image: uint8, shape (H, W).
        rng: the only source of chance.

    Returns:
        uint8, of the same size but where a slab was cut out.
    """
    shaded = as_float32(image) * _field(image.shape, rng)
    if rng.random() < 0.5:
        sigma = float(rng.uniform(0.8, 2.0)) * max(image.shape) / 256
        times = float(rng.uniform(0.5, 2.0))
        shaded = operations.sharpen(to_8bit(shaded), sigma=sigma, times=times)
    bright = float(np.percentile(shaded, 99.5))
    changed = to_8bit(shaded * np.float32(rng.uniform(0.8, 1.1) * 255.0 / max(30.0, bright)))
    if rng.random() < _NOISY_AIR:
        changed = _with_noisy_air(changed, rng)
    return _slab(changed, rng) if rng.random() < _SLAB else changed


def _field(shape: tuple[int, ...], rng: Rng) -> np.ndarray:
    """Bright in the middle or at the rim, and uneven: up to about four times across the head."""
    height, width = shape
    y, x = np.mgrid[-1 : 1 : height * 1j, -1 : 1 : width * 1j]
    at = rng.normal(0.0, 0.2, 2)
    wide = rng.uniform(0.5, 0.9, 2)
    round_ = np.exp(-(((x - at[0]) / wide[0]) ** 2) - ((y - at[1]) / wide[1]) ** 2)
    middle = float(rng.uniform(-0.9, 1.6))
    knots = as_float32(rng.normal(0.0, rng.uniform(0.1, 0.45), (4, 4)))
    uneven = cv2.resize(knots, (width, height), interpolation=cv2.INTER_CUBIC)
    return as_float32(np.exp(middle * round_ + uneven))


def _with_noisy_air(image: Uint8Array, rng: Rng) -> Uint8Array:
    head = find_head(image)
    if head is None:
        return image
    noise = rng.normal(rng.uniform(60, 140), rng.uniform(25, 80), image.shape)
    if rng.random() < 0.3:
        noise = np.asarray(cv2.GaussianBlur(noise, (0, 0), 0.7), dtype=np.float64)
    return to_8bit(np.where(head > 0, image, noise))


def _slab(image: Uint8Array, rng: Rng) -> Uint8Array:
    height, width = image.shape
    rows, columns = (round(side * float(rng.uniform(0.55, 0.9))) for side in (height, width))
    top, left = int(rng.integers(height - rows + 1)), int(rng.integers(width - columns + 1))
    return np.ascontiguousarray(image[top : top + rows, left : left + columns])
