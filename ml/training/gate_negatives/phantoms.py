"""Test objects in a scanner: bottles, spheres and plates, grids, and what noise alone gives."""

from __future__ import annotations

import cv2
import numpy as np

from ml.imaging.pixels import Float32Array, Uint8Array
from ml.training.gate_negatives.brush import Rng, as_float32, to_8bit


def phantom(rng: Rng) -> Uint8Array:
    """A round, oval or square body of one gray with parts in it, shaded, in dark or noisy air."""
    height = int(rng.integers(128, 320))
    width = round(height * float(rng.uniform(0.8, 1.25)))
    level = float(rng.uniform(90.0, 230.0))
    inside = _body(height, width, rng)
    drawn = as_float32(inside * level)
    kind = rng.random()
    if kind < 0.35:
        _round_parts(drawn, inside, level=level, rng=rng)
    elif kind < 0.55:
        _lines(drawn, inside, level=level, rng=rng)
    elif kind < 0.65:
        _plate(drawn, level=level, rng=rng)
    drawn *= _shading(height, width, rng)
    if rng.random() < 0.3:  # rings of truncation
        y, x = np.mgrid[-1 : 1 : height * 1j, -1 : 1 : width * 1j]
        rings = np.cos(np.hypot(x, y) * rng.uniform(20, 70))
        drawn *= as_float32(1.0 + rng.uniform(0.02, 0.2) * rings)
    if rng.random() < 0.15:
        drawn = as_float32(level * inside - drawn * 0.8 * inside)
    drawn = as_float32(cv2.GaussianBlur(drawn, (0, 0), float(rng.uniform(0.4, 2.0))))
    air = rng.normal(0.0, 1.0, drawn.shape)
    if rng.random() < 0.2:  # phase, or a uniform image
        drawn = np.where(inside > 0, drawn, 128.0 + 75.0 * air)
    else:
        drawn = np.hypot(drawn + air * float(rng.uniform(0.3, 14.0)), float(rng.uniform(0, 6)))
    return to_8bit(as_float32(drawn))


def stripes(rng: Rng) -> Uint8Array:
    """A bright middle or some lines and nothing else: a projection, or a calibration."""
    height, width = (int(side) for side in rng.integers(128, 320, 2))
    x = np.linspace(-1, 1, width)
    row = np.zeros(width)
    for _ in range(int(rng.integers(1, 7))):
        at, wide = rng.uniform(-0.8, 0.8), rng.gamma(1.5, 0.06) + 0.01
        row += np.exp(-(((x - at) / wide) ** 2)) * rng.uniform(0.3, 1.0)
    image = np.repeat(row[None], height, axis=0)
    image *= np.interp(np.linspace(0, 1, height), np.linspace(0, 1, 5), rng.uniform(0.2, 1.0, 5))[
        :, None
    ]
    image = 235.0 * image / image.max() + rng.normal(0, rng.uniform(0.5, 8.0), image.shape)
    image = np.maximum(image, 0.0)
    return to_8bit(as_float32(image if rng.random() < 0.5 else np.ascontiguousarray(image.T)))


def _body(height: int, width: int, rng: Rng) -> Float32Array:
    canvas = np.zeros((height, width), np.float32)
    center = (
        round(width * float(rng.uniform(0.42, 0.58))),
        round(height * float(rng.uniform(0.42, 0.58))),
    )
    radius = float(rng.uniform(0.2, 0.48)) * min(height, width)
    kind = rng.random()
    if kind < 0.55:
        cv2.circle(canvas, center, round(radius), 1.0, cv2.FILLED)
    elif kind < 0.75:
        axes = round(radius), round(radius * float(rng.uniform(0.6, 1.3)))
        angle = float(rng.uniform(0, 180))
        cv2.ellipse(canvas, center, axes, angle, 0.0, 360.0, 1.0, cv2.FILLED)
    else:
        half = round(radius), round(radius * float(rng.uniform(0.5, 2.5)))
        first = center[0] - half[0], center[1] - half[1]
        cv2.rectangle(canvas, first, (center[0] + half[0], center[1] + half[1]), 1.0, cv2.FILLED)
    if rng.random() < 0.25:  # cut off: an air bubble, or a level of fluid
        cv2.rectangle(canvas, (0, 0), (width, round(center[1] - 0.7 * radius)), 0.0, cv2.FILLED)
    return canvas


def _round_parts(drawn: Float32Array, inside: Float32Array, *, level: float, rng: Rng) -> None:
    height, width = drawn.shape
    count = int(rng.integers(1, 20))
    ring = rng.random() < 0.5
    reach = float(rng.uniform(0.1, 0.3)) * min(height, width)
    for index in range(count):
        angle = 2 * np.pi * index / count
        place = (
            (width / 2 + reach * np.cos(angle), height / 2 + reach * np.sin(angle))
            if ring
            else rng.normal(0.5, 0.15, 2) * (width, height)
        )
        gray = level * float(rng.uniform(0.0, 1.5))
        radius = max(2, round(float(rng.uniform(0.01, 0.1)) * min(height, width)))
        center = round(float(place[0])), round(float(place[1]))
        thick = cv2.FILLED if rng.random() < 0.7 else int(rng.integers(1, 5))
        cv2.circle(drawn, center, radius, gray, thick)
    drawn *= inside


def _lines(drawn: Float32Array, inside: Float32Array, *, level: float, rng: Rng) -> None:
    height, width = drawn.shape
    step = int(rng.integers(8, 40))
    gray = level * float(rng.uniform(0.0, 0.6))
    thick = int(rng.integers(1, 6))
    for x in range(int(rng.integers(step)), width, step):
        cv2.line(drawn, (x, 0), (x, height), gray, thick)
    if rng.random() < 0.7:
        for y in range(int(rng.integers(step)), height, step):
            cv2.line(drawn, (0, y), (width, y), gray, thick)
    drawn *= inside


def _plate(drawn: Float32Array, *, level: float, rng: Rng) -> None:
    height, width = drawn.shape
    for _ in range(int(rng.integers(1, 6))):
        x, y = rng.uniform(0.25, 0.7, 2) * (width, height)
        size = rng.uniform(0.03, 0.35, 2) * (width, height)
        last = round(float(x + size[0])), round(float(y + size[1]))
        gray = level * float(rng.choice([0.0, 0.1, 0.5, 1.3]))
        cv2.rectangle(drawn, (round(float(x)), round(float(y))), last, gray, cv2.FILLED)


def _shading(height: int, width: int, rng: Rng) -> Float32Array:
    y, x = np.mgrid[-1 : 1 : height * 1j, -1 : 1 : width * 1j]
    tilt, bowl = rng.normal(0.0, 0.25, 2), rng.normal(0.0, 0.6)
    return as_float32(np.exp(tilt[0] * x + tilt[1] * y + bowl * (x * x + y * y)))
