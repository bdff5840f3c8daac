"""Head CTs made of brain slices: the skull bright, what is in it nearly flat.

Real ones that may be trained on are few. The same brain once as MRI and once so teaches what
tells the two apart, and not whose brain it is.
"""

from __future__ import annotations

from typing import Final

import cv2
import numpy as np

from ml.imaging.head import find_head
from ml.imaging.pixels import Float32Array, Uint8Array
from ml.training.gate_negatives.brush import Rng, as_float32, to_8bit

_SIDE: Final = 256  # pixels of the longer side of what is drawn


def head_ct(gray: Uint8Array, rng: Rng) -> Uint8Array:
    """A CT in the brain's, a wide or the bone's window, about the head of a slice.

    Args:
        gray: a brain MRI slice, uint8, shape (H, W); stripped or not.
        rng: the only source of chance.

    Returns:
        uint8; its longer side 256 pixels. Where the slice has no head, the CT is an ellipse.
    """
    small = _small(gray, rng)
    head = find_head(small)
    hull = np.zeros(small.shape, np.uint8)
    if head is None or float(head.mean()) < 0.08:
        height, width = small.shape
        axes = round(width * rng.uniform(0.28, 0.4)), round(height * rng.uniform(0.32, 0.45))
        cv2.ellipse(hull, (width // 2, height // 2), axes, 0.0, 0.0, 360.0, 1.0, cv2.FILLED)
    else:
        outlines = cv2.findContours(head, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)[0]
        cv2.fillPoly(hull, [cv2.convexHull(np.vstack(outlines))], 1)
    diameter = 2.0 * float(np.sqrt(hull.sum() / np.pi))
    depth = as_float32(
        cv2.distanceTransform(np.pad(hull, 1), cv2.DIST_L2, 5)[1:-1, 1:-1] / diameter
    )
    waves = _waves(small.shape, knots=7, spread=0.2, rng=rng)
    scalp = float(rng.uniform(0.0, 0.045)) * waves
    bone = scalp + float(rng.uniform(0.02, 0.07)) * _waves(
        small.shape, knots=5, spread=0.3, rng=rng
    )
    brain, white, soft = _window(rng)
    drawn = np.where(depth > bone, _brain(small, depth, rng) * brain[1] + brain[0], 0.0)
    drawn = np.where((depth <= bone) & (depth > scalp), white, drawn)
    drawn = np.where((depth <= scalp) & (depth > 0), soft, drawn)
    if rng.random() < 0.5:
        _inner_bone(drawn, depth, white=white, rng=rng)
    if rng.random() < 0.3:
        _blood(drawn, depth, white=0.7 * white, rng=rng)
    if rng.random() < 0.3:
        _rest(drawn, gray=float(rng.uniform(0.3, 1.0)) * white, rng=rng)
    drawn = cv2.GaussianBlur(as_float32(drawn), (0, 0), float(rng.uniform(0.5, 1.4)))
    noise = rng.normal(0.0, 1.0, drawn.shape)
    if rng.random() < 0.6:
        noise = np.asarray(cv2.GaussianBlur(noise, (0, 0), 0.8) * 2.2, dtype=np.float64)
    noisy = as_float32(drawn + noise * float(rng.uniform(0.5, 9.0)) * (depth > 0))
    return to_8bit(np.maximum(noisy, 0.0))


def _small(gray: Uint8Array, rng: Rng) -> Uint8Array:
    """The slice at most 256 pixels long, with room about it."""
    scale = _SIDE * float(rng.uniform(0.75, 1.0)) / max(gray.shape)
    size = max(8, round(gray.shape[1] * scale)), max(8, round(gray.shape[0] * scale))
    resized = cv2.resize(gray, size, interpolation=cv2.INTER_AREA)
    rows, columns = _SIDE - size[1], _SIDE - size[0]
    square = np.pad(
        resized, ((rows // 2, rows - rows // 2), (columns // 2, columns - columns // 2))
    )
    out = int(columns * float(rng.uniform(0.0, 0.45)))
    return np.ascontiguousarray(square[:, out : _SIDE - out]).astype(np.uint8)


def _window(rng: Rng) -> tuple[tuple[float, float], float, float]:
    """Gray and contrast of brain, gray of bone and of scalp."""
    kind = rng.random()
    if kind < 0.65:  # the brain's
        gray = float(rng.uniform(60.0, 165.0))
        return (gray, float(rng.uniform(8.0, 65.0))), 255.0, gray * float(rng.uniform(0.0, 1.0))
    if kind < 0.9:  # wide
        gray = float(rng.uniform(20.0, 70.0))
        return (gray, float(rng.uniform(1.0, 10.0))), 255.0, gray * float(rng.uniform(0.2, 0.9))
    gray = float(rng.uniform(40.0, 110.0))
    return (gray, float(rng.uniform(0.5, 4.0))), float(rng.uniform(170, 255)), gray * 0.8


def _brain(small: Uint8Array, depth: Float32Array, rng: Rng) -> Float32Array:
    """The slice's pattern of either sign, about -1 to 1, smooth, and dark fluid."""
    values = as_float32(cv2.GaussianBlur(small, (0, 0), float(rng.uniform(0.6, 2.5))))
    within = depth > 0.1
    if not within.any():
        within = depth > 0
    low, middle, high = np.percentile(values[within], (5, 50, 95))
    pattern = np.clip((values - middle) / max(8.0, float(high - low)), -1.0, 1.0)
    return as_float32(pattern * (1.0 if rng.random() < 0.5 else -1.0))


def _inner_bone(drawn: np.ndarray, depth: Float32Array, *, white: float, rng: Rng) -> None:
    """Bone and air of the base, or calcified pieces, by chance."""
    ys, xs = np.nonzero(depth > 0.05)
    if not len(ys):
        return
    for _ in range(int(rng.integers(1, 14))):
        place = int(rng.integers(len(ys)))
        axes = tuple(int(one) for one in np.maximum(1, rng.gamma(1.5, 5.0, 2)))
        gray = white if rng.random() < 0.65 else 0.0
        center = int(xs[place]), int(ys[place])
        angle = float(rng.uniform(0, 180))
        whole = rng.random() < 0.7
        thick = cv2.FILLED if whole else int(rng.integers(1, 4))
        cv2.ellipse(drawn, center, axes, angle, 0.0, 360.0, gray, thick)


def _blood(drawn: np.ndarray, depth: Float32Array, *, white: float, rng: Rng) -> None:
    ys, xs = np.nonzero(depth > 0.12)
    if not len(ys):
        return
    place = int(rng.integers(len(ys)))
    axes = tuple(int(one) for one in rng.uniform(5, 28, 2))
    center = int(xs[place]), int(ys[place])
    cv2.ellipse(drawn, center, axes, float(rng.uniform(0, 180)), 0.0, 360.0, white, cv2.FILLED)


def _rest(drawn: np.ndarray, *, gray: float, rng: Rng) -> None:
    """The headrest: an arc below or around."""
    height, width = drawn.shape
    axes = round(width * rng.uniform(0.4, 0.6)), round(height * rng.uniform(0.4, 0.55))
    start = float(rng.choice([20.0, 200.0]))
    thick = int(rng.integers(1, 5))
    center = width // 2, height // 2
    cv2.ellipse(drawn, center, axes, 0.0, start, start + 140.0, gray, thick)


def _waves(shape: tuple[int, ...], *, knots: int, spread: float, rng: Rng) -> Float32Array:
    coarse = as_float32(rng.normal(0.0, spread, (knots, knots)))
    smooth = cv2.resize(coarse, (shape[1], shape[0]), interpolation=cv2.INTER_CUBIC)
    return as_float32(np.exp(smooth))
