"""Changes that a reader would not mind, to see whether the model does.

Each takes and gives an image of 8 bits and one or three channels, and is deterministic: noise is
drawn from a generator seeded by the image's own content. The mild ones stay within what another
export, window or compression does to the same slice; the strong ones are visible at a glance.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

import cv2
import numpy as np

from ml.imaging.pixels import Float32Array, Uint8Array

Level: TypeAlias = Literal["mild", "strong"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Change:
    """One way to alter an image.

    Attributes:
        name: a stable code, for metrics.json and the cache.
        words: the same for a reader.
        level: "mild" or "strong".
        apply: from an image, uint8, (H, W) or (H, W, 3), to the changed one.
    """

    name: str
    words: str
    level: Level
    apply: Callable[[Uint8Array], Uint8Array]


def brightness(pixels: Uint8Array, *, by: float) -> Uint8Array:
    """Multiply all gray levels by 1 + `by`; black stays black."""
    return _to_8bit(pixels.astype(np.float32) * np.float32(1.0 + by))


def contrast(pixels: Uint8Array, *, by: float) -> Uint8Array:
    """Stretch gray levels about the mean of the pixels that are not background by 1 + `by`.

    Background (at most 10 of 255) stays as it is: no window makes air gray.
    """
    content = pixels > 10
    middle = np.float32(pixels[content].mean() if content.any() else 0.0)
    stretched = middle + (pixels.astype(np.float32) - middle) * np.float32(1.0 + by)
    return np.where(content, _to_8bit(stretched), pixels).astype(np.uint8, copy=False)


def blur(pixels: Uint8Array, *, sigma: float) -> Uint8Array:
    """Gaussian blur; `sigma` in pixels of an image 224 pixels wide, scaled with the width."""
    width = sigma * pixels.shape[1] / 224.0
    return cv2.GaussianBlur(pixels, (0, 0), width).astype(np.uint8, copy=False)


def noise(pixels: Uint8Array, *, sigma: float) -> Uint8Array:
    """Gaussian noise of `sigma` gray levels, the same in all channels."""
    rng = np.random.default_rng(zlib.crc32(np.ascontiguousarray(pixels).tobytes()))
    grain = rng.normal(0.0, sigma, pixels.shape[:2]).astype(np.float32)
    return _to_8bit(pixels.astype(np.float32) + (grain if pixels.ndim == 2 else grain[..., None]))


def jpeg(pixels: Uint8Array, *, quality: int) -> Uint8Array:
    """Encode as JPEG and decode again."""
    _, encoded = cv2.imencode(".jpg", pixels, [cv2.IMWRITE_JPEG_QUALITY, quality])
    decoded = cv2.imdecode(encoded, cv2.IMREAD_UNCHANGED)
    assert decoded is not None  # it was encoded two lines above
    return decoded.astype(np.uint8, copy=False)


def quarter_turn(pixels: Uint8Array, *, turns: int) -> Uint8Array:
    """Rotate counterclockwise by `turns` times 90 degrees."""
    return np.ascontiguousarray(np.rot90(pixels, turns))


def mirror(pixels: Uint8Array, *, axis: int) -> Uint8Array:
    """Flip: axis 1 swaps left and right, axis 0 top and bottom."""
    return np.ascontiguousarray(np.flip(pixels, axis))


def _to_8bit(values: Float32Array) -> Uint8Array:
    rounded: Uint8Array = np.clip(np.rint(values), 0, 255).astype(np.uint8)
    return rounded


_TABLE: Final[tuple[tuple[str, str, Level, Callable[[Uint8Array], Uint8Array]], ...]] = (
    ("brighter-10", "10 % brighter", "mild", lambda p: brightness(p, by=0.10)),
    ("darker-10", "10 % darker", "mild", lambda p: brightness(p, by=-0.10)),
    ("contrast-up-15", "15 % more contrast", "mild", lambda p: contrast(p, by=0.15)),
    ("contrast-down-15", "15 % less contrast", "mild", lambda p: contrast(p, by=-0.15)),
    ("blur-0.7", "blurred, σ 0.7 pixels at 224", "mild", lambda p: blur(p, sigma=0.7)),
    ("noise-4", "noise, σ 4 gray levels", "mild", lambda p: noise(p, sigma=4.0)),
    ("jpeg-70", "JPEG, quality 70", "mild", lambda p: jpeg(p, quality=70)),
    ("turned-90", "rotated by 90°", "mild", lambda p: quarter_turn(p, turns=1)),
    ("mirrored-x", "flipped left to right", "mild", lambda p: mirror(p, axis=1)),
    ("mirrored-y", "flipped top to bottom", "mild", lambda p: mirror(p, axis=0)),
    ("brighter-40", "40 % brighter", "strong", lambda p: brightness(p, by=0.40)),
    ("darker-40", "40 % darker", "strong", lambda p: brightness(p, by=-0.40)),
    ("contrast-down-45", "45 % less contrast", "strong", lambda p: contrast(p, by=-0.45)),
    ("blur-2", "blurred, σ 2 pixels at 224", "strong", lambda p: blur(p, sigma=2.0)),
    ("noise-15", "noise, σ 15 gray levels", "strong", lambda p: noise(p, sigma=15.0)),
    ("jpeg-15", "JPEG, quality 15", "strong", lambda p: jpeg(p, quality=15)),
)
CHANGES: Final = tuple(
    Change(name=name, words=words, level=level, apply=apply) for name, words, level, apply in _TABLE
)
