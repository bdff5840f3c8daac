"""What the drawings of this package are drawn with. Gray canvases are float32, 0 to 255."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeAlias

import cv2
import numpy as np

from ml.imaging.pixels import Float32Array, Uint8Array

Rng: TypeAlias = np.random.Generator


def canvas(
    rng: Rng, *, narrowest: float = 0.7, widest: float = 1.5, gray: float = 0.0
) -> Float32Array:
    """An empty image of a chance size, its width `narrowest` to `widest` times its height."""
    height = int(rng.integers(224, 320))
    width = round(height * float(rng.uniform(narrowest, widest)))
    return np.full((height, width), gray, dtype=np.float32)


def blob(
    image: Float32Array,
    rng: Rng,
    *,
    at: tuple[float, float],
    half: tuple[float, float],
    gray: float,
    bumps: float = 0.06,
    tilt: float = 0.0,
) -> None:
    """Fill an irregular ellipse.

    Args:
        image: drawn on.
        at: its middle as (x, y), in shares of width and height.
        half: its half axes, likewise.
        gray: what it is filled with.
        bumps: how far its rim leaves the ellipse, as a share of the radius.
        tilt: in radians.
    """
    height, width = image.shape
    angle = np.linspace(0.0, 2.0 * np.pi, 96, endpoint=False)
    radius = np.ones_like(angle)
    for order in range(2, 7):
        radius += bumps * rng.normal() / order * np.cos(order * angle + rng.uniform(0, 2 * np.pi))
    x, y = half[0] * width * radius * np.cos(angle), half[1] * height * radius * np.sin(angle)
    points = np.stack(
        [
            at[0] * width + x * np.cos(tilt) - y * np.sin(tilt),
            at[1] * height + x * np.sin(tilt) + y * np.cos(tilt),
        ],
        axis=1,
    )
    cv2.fillPoly(image, [np.rint(points * 16).astype(np.int32)], gray, cv2.LINE_AA, shift=4)


def smooth_noise(rng: Rng, shape: tuple[int, ...], *, roughness: float = 1.0) -> Float32Array:
    """Noise whose amplitude falls with frequency to the power of `roughness`; mean 0, spread 1.

    1 is about that of natural scenes (Field 1987), 2 is clouds, 0 is white.
    """
    height, width = shape[:2]
    fy, fx = np.fft.fftfreq(height)[:, None], np.fft.rfftfreq(width)[None]
    frequency = np.hypot(fy, fx)
    frequency[0, 0] = 1.0
    spectrum = np.fft.rfft2(rng.normal(size=(height, width))) / frequency**roughness
    spectrum[0, 0] = 0.0
    noise = np.fft.irfft2(spectrum, s=(height, width))
    return (noise / max(float(noise.std()), 1e-9)).astype(np.float32)


def letter(
    image: np.ndarray,
    lines: Iterable[tuple[str, tuple[int, int]]],
    *,
    gray: float,
    scale: float = 0.35,
    font: int = cv2.FONT_HERSHEY_SIMPLEX,
    thickness: int = 1,
) -> None:
    """Write lines, each with its lower left corner in pixels. (OpenCV writes on 8 bits only.)"""
    mask = np.zeros(image.shape, dtype=np.uint8)
    for words, origin in lines:
        cv2.putText(mask, words, origin, font, scale, 255, thickness, cv2.LINE_AA)
    image += ((gray - image) * (mask / np.float32(255))).astype(image.dtype)


def pin(share: tuple[float, float], image: np.ndarray) -> tuple[int, int]:
    """A point given in shares of width and height, in whole pixels."""
    return round(share[0] * image.shape[1]), round(share[1] * image.shape[0])


def blurred(image: Float32Array, sigma: float) -> Float32Array:
    """The image behind a Gaussian of `sigma` pixels."""
    return cv2.GaussianBlur(image, (0, 0), sigma).astype(np.float32)


def scanned(
    image: Float32Array, rng: Rng, *, grain: float = 6.0, sigma: float = 0.8, texture: float = 0.06
) -> Uint8Array:
    """Finish a drawing as a scanner would: tissue texture, blur, grain, a chance window."""
    tissue = 1.0 + texture * smooth_noise(rng, image.shape, roughness=float(rng.uniform(0.6, 1.2)))
    image = blurred(image * tissue, sigma * max(image.shape) / 300)
    noise = rng.normal(0.0, grain * rng.uniform(0.2, 1.2), image.shape) * (image > 4)
    return to_8bit(255.0 * np.clip((image + noise) / 255.0, 0, 1) ** float(rng.uniform(0.75, 1.35)))


def as_float32(values: np.ndarray) -> Float32Array:
    """The same values in float32."""
    return np.asarray(values, dtype=np.float32)


def to_8bit(image: np.ndarray) -> Uint8Array:
    """Round and cut off to uint8."""
    rounded: Uint8Array = np.clip(np.rint(image), 0, 255).astype(np.uint8)
    return rounded
