"""Synthetic MR-like slices, drawn by code for the demo. They show nobody, and say so on the image.

An axial head as nested ellipses (scalp, skull, cerebrospinal fluid, brain), folded gray and white
matter from smoothed noise, ventricles, a midline, and where asked a bright rounded lesion with a
dark core. Enough to try the product with; no use for judging a model.
"""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

SIDE = 320  # pixels


@dataclass(frozen=True)
class Lesion:
    """Position and radius in fractions of the image's side, from its center."""

    x: float
    y: float
    radius: float


def draw_slice(
    *, head: int, scan: int = 0, level: float = 0.5, lesion: Lesion | None = None
) -> bytes:
    """PNG bytes of one slice, `SIDE` x `SIDE`, 8-bit gray.

    `head` seeds the anatomy and `scan` the noise, so that two scans of one head are alike and
    still not the same. `level` runs from 0 (low, large ventricles) to 1 (near the vertex).
    """
    random = np.random.default_rng(head)
    y, x = (np.mgrid[:SIDE, :SIDE] - SIDE / 2) / SIDE
    x, y = _warped(x, random), _warped(y, random)
    size = 0.92 + 0.08 * float(random.random()) - 0.25 * max(0.0, level - 0.6)
    inside = _ellipse(x, y, 0.36 * size, 0.44 * size)
    brain = _ellipse(x, y, 0.305 * size, 0.385 * size)

    pixels = 25.0 * _soft(inside)  # marrow and skin fade into the dark of the skull
    pixels += 150.0 * _soft(_ring(inside, 0.0, 0.055))  # scalp
    pixels = np.where(brain > 0, 0.0, pixels)
    folds = _noise(random, 5.0) + 0.5 * _noise(random, 2.0)
    depth = np.clip(brain * 2.2, 0, 1)  # 0 at the surface, 1 inside
    cortex = 92.0 + 62.0 * np.tanh(1.4 * folds) * (1 - 0.65 * depth)
    tissue = cortex * (1 - depth) + (142.0 + 12.0 * _noise(random, 9.0)) * depth
    tissue -= 55.0 * np.exp(-((x / 0.006) ** 2)) * (brain > 0.05) * (np.abs(y) > 0.12)  # midline
    for side in (-1, 1):
        ventricle = _ellipse(
            x - side * (0.035 + 0.01 * (1 - level)), y + 0.02, 0.026 * (1.6 - level), 0.10
        )
        tissue = tissue * (1 - _soft(ventricle)) + 28.0 * _soft(ventricle)
    if lesion is not None:
        tissue = _with_lesion(tissue, x, y, lesion, random)
    pixels += tissue * _soft(brain)
    pixels += np.random.default_rng(scan).normal(0, 4.0, pixels.shape) * _soft(inside)
    image = cv2.GaussianBlur(np.clip(pixels, 0, 255).astype(np.uint8), (0, 0), 0.8)
    cv2.putText(
        image, "SYNTHETIC", (8, SIDE - 9), cv2.FONT_HERSHEY_SIMPLEX, 0.42, 200, 1, cv2.LINE_AA
    )
    _, png = cv2.imencode(".png", image)
    return png.tobytes()


def _with_lesion(
    tissue: NDArray[np.float64],
    x: NDArray[np.float64],
    y: NDArray[np.float64],
    lesion: Lesion,
    random: np.random.Generator,
) -> NDArray[np.float64]:
    rough = 0.12 * _noise(random, 12.0)
    distance = np.hypot(x - lesion.x, y - lesion.y) / lesion.radius + rough
    edema = np.clip(1.9 - distance, 0, 1)
    rim = np.exp(-(((distance - 0.8) / 0.22) ** 2))
    core = np.clip((0.65 - distance) * 6, 0, 1)
    tissue = tissue * (1 - 0.35 * edema)
    mixed: NDArray[np.float64] = tissue * (1 - np.maximum(rim, core)) + 235.0 * rim + 105.0 * core
    return mixed


def _ellipse(
    x: NDArray[np.float64], y: NDArray[np.float64], a: float, b: float
) -> NDArray[np.float64]:
    """1 at the center, 0 on the border, negative outside."""
    return 1 - np.hypot(x / a, y / b)


def _ring(inside: NDArray[np.float64], start: float, end: float) -> NDArray[np.float64]:
    return np.minimum(inside - start, end - inside)


def _soft(inside: NDArray[np.float64]) -> NDArray[np.float64]:
    """A mask from 0 to 1 with an edge about two pixels wide."""
    return np.clip(inside * 60 + 0.5, 0, 1)


def _noise(random: np.random.Generator, sigma: float) -> NDArray[np.float64]:
    """Smooth noise of mean 0 and variance 1; `sigma` in pixels."""
    field = cv2.GaussianBlur(random.normal(size=(SIDE, SIDE)), (0, 0), sigma)
    standard: NDArray[np.float64] = (field - field.mean()) / field.std()
    return standard


def _warped(axis: NDArray[np.float64], random: np.random.Generator) -> NDArray[np.float64]:
    return axis + 0.004 * _noise(random, 30.0)
