"""The set "training": a slice changed by chance, and its mask with it.

On 8-bit gray images of the network's size, with OpenCV; about 3 ms a slice on one core.
"""

from __future__ import annotations

import cv2
import numpy as np

from ml.imaging.pixels import Float32Array, Uint8Array
from ml.training.augmentation import operations
from ml.training.augmentation.operations import as_float32, as_uint8
from ml.training.augmentation.settings import Augmentation


def augment(
    image: Uint8Array,
    mask: Uint8Array | None,
    *,
    settings: Augmentation,
    rng: np.random.Generator,
) -> tuple[Float32Array, Uint8Array | None]:
    """One changed copy.

    Args:
        image: uint8, shape (S, S).
        mask: uint8, same shape, 1 in the lesion; None where it is not known.
        settings: how far.
        rng: the only source of chance.

    Returns:
        The image in float32, 0 to 1, and the mask, changed alike.
    """
    image, mask = _move(image, mask, settings=settings, rng=rng)
    picture = image.astype(np.float32) / np.float32(255.0)
    picture = _expose(picture, settings=settings, rng=rng)
    picture = _degrade(picture, settings=settings, rng=rng)
    if rng.random() < settings.cutout_share:
        picture, mask = _cut_out(picture, mask, rng=rng)
    return as_float32(np.clip(picture, 0.0, 1.0)), mask


def _move(
    image: Uint8Array,
    mask: Uint8Array | None,
    *,
    settings: Augmentation,
    rng: np.random.Generator,
) -> tuple[Uint8Array, Uint8Array | None]:
    """Rotation, shear, zoom, shift, flips and quarter turns in one resampling."""
    side = image.shape[0]
    angle = np.deg2rad(rng.uniform(-settings.rotation, settings.rotation))
    if rng.random() < settings.quarter_turn_share:
        angle += rng.integers(1, 4) * np.pi / 2
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    shear = np.array([[1.0, rng.uniform(-settings.shear, settings.shear)], [0.0, 1.0]])
    flips = np.diag(rng.choice([-1.0, 1.0], 2))
    zoom = np.exp(rng.uniform(-settings.zoom, settings.zoom))
    linear = zoom * turn @ shear @ flips
    center = (side - 1) / 2.0
    shift = rng.uniform(-settings.shift, settings.shift, 2) * side
    offset = center + shift - linear @ np.array([center, center])
    matrix = np.column_stack([linear, offset]).astype(np.float64)
    moved = cv2.warpAffine(image, matrix, (side, side), flags=cv2.INTER_LINEAR)
    if mask is not None:
        mask = as_uint8(cv2.warpAffine(mask, matrix, (side, side), flags=cv2.INTER_NEAREST))
    return as_uint8(moved), mask


def _expose(
    picture: Float32Array, *, settings: Augmentation, rng: np.random.Generator
) -> Float32Array:
    """Gamma, window, contrast, coil shading and brightness; black air stays near black."""
    exponent = np.exp(rng.uniform(-1.0, 1.0) * np.log1p(settings.gamma))
    picture = operations.gamma(picture, exponent=exponent)
    if rng.random() < settings.window_share:
        low, high = rng.uniform(0.0, 0.08), rng.uniform(0.7, 1.0)
        picture = (picture - np.float32(low)) / np.float32(high - low)
    content = picture > 0.05
    mean = picture[content].mean() if content.any() else np.float32(0.5)
    contrast = 1.0 + rng.uniform(-settings.contrast, settings.contrast)
    lifted = operations.stretch(picture, about=float(mean), times=contrast)
    if rng.random() < settings.bias_field_share:
        coarse = np.exp(rng.normal(0.0, 0.15, (4, 4))).astype(np.float32)
        lifted = lifted * cv2.resize(coarse, picture.shape[::-1], interpolation=cv2.INTER_CUBIC)
    lifted = lifted + np.float32(rng.uniform(-settings.brightness, settings.brightness))
    # Air is black whatever the exposure: fade the change out towards 0.
    share = np.clip(picture / np.float32(0.1), 0.0, 1.0)
    return as_float32(np.clip(share * lifted + (1.0 - share) * picture, 0.0, 1.0))


def _degrade(
    picture: Float32Array, *, settings: Augmentation, rng: np.random.Generator
) -> Float32Array:
    """Coarser sampling, blur or sharpening, noise, JPEG."""
    side = picture.shape[0]
    if rng.random() < settings.downsample_share:
        small = max(8, int(side * rng.uniform(0.35, 0.9)))
        coarse = operations.shrink(picture, height=small, width=small)
        picture = as_float32(cv2.resize(coarse, (side, side), interpolation=cv2.INTER_LINEAR))
    if rng.random() < settings.blur_share:
        picture = operations.blur(picture, sigma=rng.uniform(0.4, 1.6))
    elif rng.random() < settings.sharpen_share:
        picture = operations.sharpen(picture, sigma=1.2, times=rng.uniform(0.3, 1.2))
    if rng.random() < settings.noise_share:
        # Magnitude images have Rician noise: two channels, never below 0.
        noise = rng.standard_normal((2, side, side), dtype=np.float32)
        noise *= np.float32(rng.uniform(0.005, 0.06))
        picture = np.hypot(picture + noise[0], noise[1])
    if rng.random() < settings.jpeg_share:
        whole = np.rint(np.clip(picture, 0.0, 1.0) * 255.0).astype(np.uint8)
        coded = operations.jpeg(whole, quality=int(rng.integers(25, 85)))
        picture = as_float32(coded) / np.float32(255.0)
    return picture


def _cut_out(
    picture: Float32Array, mask: Uint8Array | None, *, rng: np.random.Generator
) -> tuple[Float32Array, Uint8Array | None]:
    """Black or gray out one to three rectangles, but not the lesion.

    Where the lesion is not known the rectangles stay small, so that they rarely hide it.
    """
    side = picture.shape[0]
    largest = 0.12 if mask is None else 0.28
    picture = picture.copy()
    for _ in range(int(rng.integers(1, 4))):
        height, width = (int(side * rng.uniform(0.05, largest)) for _ in range(2))
        top, left = int(rng.integers(0, side - height)), int(rng.integers(0, side - width))
        box = np.s_[top : top + height, left : left + width]
        if mask is not None and mask[box].any():
            if 3 * int(mask[box].sum()) > int(mask.sum()):
                continue
            mask = mask.copy()
            mask[box] = 0
        picture[box] = np.float32(rng.choice([0.0, rng.uniform(0.0, 0.6)]))
    return picture, mask
