"""Ultrasound of a straight probe: bands of speckle from edge to edge, darker with depth."""

from __future__ import annotations

import cv2
import numpy as np

from ml.imaging.pixels import Uint8Array
from ml.training.gate_negatives.brush import Rng, blob, canvas, letter, scanned, smooth_noise


def straight_probe(rng: Rng) -> Uint8Array:
    """Skin, fat, layers, a dark or gray lump with a shadow or an echo below it, letters."""
    image = canvas(rng, narrowest=0.7, widest=1.4)
    height, width = image.shape
    depth = np.linspace(0.0, 1.0, height)
    knots = int(rng.integers(4, 14))
    bands = np.interp(depth, np.linspace(0, 1, knots), rng.uniform(20, 170, knots))
    bands *= np.exp(-float(rng.uniform(0.0, 2.5)) * depth)
    waves = smooth_noise(rng, image.shape, roughness=1.8) * float(rng.uniform(2, 18))
    rows = np.clip(np.arange(height)[:, np.newaxis] + waves, 0, height - 1).astype(np.intp)
    image += bands[rows].astype(np.float32)
    for _ in range(int(rng.integers(0, 4))):
        at = (float(rng.uniform(0.2, 0.8)), float(rng.uniform(0.15, 0.7)))
        size = float(rng.uniform(0.05, 0.22)), float(rng.uniform(0.03, 0.15))
        blob(image, rng, at=at, half=size, gray=float(rng.uniform(0, 60)), bumps=0.15)
        left, right = round((at[0] - size[0]) * width), round((at[0] + size[0]) * width)
        below = round((at[1] + size[1]) * height)
        image[below:, max(0, left) : right] *= np.float32(rng.choice([0.4, 1.0, 1.6]))
    speckle = cv2.GaussianBlur(rng.rayleigh(1.0, image.shape), (0, 0), 2.5, sigmaY=0.9)
    image = (image * (speckle / speckle.mean()) ** 2).astype(np.float32)
    if rng.random() < 0.4:
        image = np.pad(
            image, int(rng.integers(8, 60)), constant_values=float(rng.choice([0, 0, 60, 130]))
        )
    if rng.random() < 0.5:
        words = "".join(chr(code) for code in rng.integers(65, 91, 9))
        letter(image, [(words, (8, image.shape[0] - 10))], gray=230.0, scale=0.5)
    return scanned(np.clip(image, 0, 255).astype(np.float32), rng, grain=3.0)
