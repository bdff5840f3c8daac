"""Axial slices of the neck: what MRI of the cord shows, with the neck about it or a strip alone."""

from __future__ import annotations

import numpy as np

from ml.imaging.pixels import Float32Array, Uint8Array
from ml.training.gate_negatives.brush import Rng, blob, canvas, scanned


def neck(rng: Rng) -> Uint8Array:
    """Fat, muscles in layers, airway, vessels, a vertebra with the cord in its canal."""
    image = canvas(rng, narrowest=0.85, widest=1.25)
    fat, muscle = float(rng.uniform(130, 250)), float(rng.uniform(35, 140))
    wide, high = float(rng.uniform(0.3, 0.48)), float(rng.uniform(0.3, 0.47))
    rim = float(rng.uniform(0.03, 0.16))
    blob(image, rng, at=(0.5, 0.5), half=(wide, high), gray=fat, bumps=0.1)
    blob(image, rng, at=(0.5, 0.48), half=(wide - rim, high - rim), gray=muscle, bumps=0.1)
    _muscles(image, rng, wide=wide, high=high, fat=fat, muscle=muscle)
    _front(image, rng, muscle=muscle)
    _column(image, rng, muscle=muscle)
    if rng.random() < 0.4:  # brighter near the coil, behind or in front
        slope = float(rng.uniform(0.3, 1.4)) * float(rng.choice([-1.0, 1.0]))
        rows = np.exp(slope * np.linspace(-1.0, 1.0, image.shape[0], dtype=np.float32))
        image *= rows[:, np.newaxis]
        image *= np.float32(240.0 / max(float(np.percentile(image, 99.5)), 1.0))
    pixels = scanned(np.clip(image, 0, 255).astype(np.float32), rng, texture=0.08)
    if rng.random() < 0.5:
        return _part(pixels, rng)
    return pixels


def _muscles(
    image: Float32Array, rng: Rng, *, wide: float, high: float, fat: float, muscle: float
) -> None:
    """Pairs of muscles with fat between them, behind and beside the column."""
    for _ in range(int(rng.integers(3, 9))):
        aside, down = float(rng.uniform(0.05, 0.75)) * wide, float(rng.uniform(-0.3, 0.8)) * high
        size = float(rng.uniform(0.03, 0.1)), float(rng.uniform(0.02, 0.07))
        tilt, gray = float(rng.uniform(-0.9, 0.9)), muscle * float(rng.uniform(0.8, 1.25))
        for side in (-1, 1):
            at = (0.5 + side * aside, 0.5 + down)
            around = (size[0] + 0.012, size[1] + 0.012)
            blob(image, rng, at=at, half=around, gray=fat * 0.8, bumps=0.15, tilt=side * tilt)
            blob(image, rng, at=at, half=size, gray=gray, bumps=0.15, tilt=side * tilt)


def _front(image: Float32Array, rng: Rng, *, muscle: float) -> None:
    """Airway, and the vessels beside it: black or white."""
    y = float(rng.uniform(0.27, 0.38))
    size = float(rng.uniform(0.02, 0.065)), float(rng.uniform(0.02, 0.06))
    blob(image, rng, at=(0.5, y), half=(size[0] + 0.02, size[1] + 0.02), gray=muscle * 1.4)
    blob(image, rng, at=(0.5, y), half=size, gray=5.0, bumps=0.2)
    flow = float(rng.choice([8.0, 245.0]))
    for side in (-1, 1):
        for aside in rng.uniform(0.09, 0.2, int(rng.integers(1, 4))):
            at = (0.5 + side * float(aside), y + float(rng.uniform(0.0, 0.14)))
            radius = float(rng.uniform(0.008, 0.026))
            blob(image, rng, at=at, half=(radius, radius), gray=flow)


def _column(image: Float32Array, rng: Rng, *, muscle: float) -> None:
    y = float(rng.uniform(0.45, 0.53))
    bone, fluid = float(rng.uniform(20, 170)), float(rng.choice([15.0, 60.0, 245.0]))
    blob(image, rng, at=(0.5, y), half=(0.07, 0.045), gray=bone, bumps=0.1)
    for side in (-1, 1):
        blob(image, rng, at=(0.5 + side * 0.085, y + 0.05), half=(0.035, 0.03), gray=bone)
    blob(image, rng, at=(0.5, y + 0.085), half=(0.055, 0.034), gray=fluid)
    cord = float(rng.uniform(70, 190))
    blob(image, rng, at=(0.5, y + 0.085), half=(0.034, 0.022), gray=cord)
    if rng.random() < 0.5:
        blob(image, rng, at=(0.5, y + 0.085), half=(0.015, 0.008), gray=cord * 1.25, bumps=0.3)
    blob(image, rng, at=(0.5, y + 0.16), half=(0.012, 0.05), gray=muscle * 0.5)


def _part(pixels: Uint8Array, rng: Rng) -> Uint8Array:
    """A narrow field of view along the midline, or about the column."""
    height, width = pixels.shape
    if rng.random() < 0.5:
        half = float(rng.uniform(0.17, 0.35))
        left, right = round((0.5 - half) * width), round((0.5 + half) * width)
        part = pixels[:, left:right]
        if rng.random() < 0.5:  # on a square of black, as exported
            side = max(0, height - part.shape[1])
            part = np.pad(part, ((0, 0), (side // 2, side - side // 2)))
        return np.ascontiguousarray(part)
    size = float(rng.uniform(0.4, 0.7))
    top = round(float(rng.uniform(0.2, max(0.21, 0.9 - size))) * height)
    left = round((0.5 - size / 2) * width)
    part = pixels[top : top + round(size * height), left : left + round(size * width)]
    return np.ascontiguousarray(part)
