"""The set "robustness": changes that a reader would not mind, to see whether the model does.

Each takes and gives an image of 8 bits and one or three channels and has a fixed strength; noise is
drawn from a generator seeded by the image's own content, so that all are deterministic. The mild
ones stay within what another export, window or compression does to the same slice; the strong ones
are visible at a glance.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from ml.imaging.pixels import Uint8Array
from ml.training.augmentation import operations
from ml.training.augmentation.operations import jpeg, mirror, quarter_turns, to_8bit
from ml.training.augmentation.perturbation import Perturbation, Rng


def brightness(pixels: Uint8Array, *, by: float) -> Uint8Array:
    """Multiply all gray levels by 1 + `by`; black stays black."""
    return to_8bit(operations.scale(pixels, times=1.0 + by))


def contrast(pixels: Uint8Array, *, by: float) -> Uint8Array:
    """Stretch gray levels about the mean of the pixels that are not background by 1 + `by`.

    Background (at most 10 of 255) stays as it is: no window makes air gray.
    """
    content = pixels > 10
    middle = pixels[content].mean() if content.any() else 0.0
    stretched = to_8bit(operations.stretch(pixels, about=middle, times=1.0 + by))
    return np.where(content, stretched, pixels).astype(np.uint8, copy=False)


def blur(pixels: Uint8Array, *, sigma: float) -> Uint8Array:
    """Gaussian blur; `sigma` in pixels of an image 224 pixels wide, scaled with the width."""
    return operations.blur(pixels, sigma=sigma * pixels.shape[1] / 224.0)


def noise(pixels: Uint8Array, rng: Rng, *, sigma: float) -> Uint8Array:
    """Gaussian noise of `sigma` gray levels, the same in all channels."""
    grain = rng.normal(0.0, sigma, pixels.shape[:2]).astype(np.float32)
    return to_8bit(pixels + (grain if pixels.ndim == 2 else grain[..., None]))


ROBUSTNESS: Final = tuple(
    Perturbation(name=name, words=words, level="mild", change=change)
    for name, words, change in (
        ("brighter-10", "10 % brighter", lambda p, _: brightness(p, by=0.10)),
        ("darker-10", "10 % darker", lambda p, _: brightness(p, by=-0.10)),
        ("contrast-up-15", "15 % more contrast", lambda p, _: contrast(p, by=0.15)),
        ("contrast-down-15", "15 % less contrast", lambda p, _: contrast(p, by=-0.15)),
        ("blur-0.7", "blurred, σ 0.7 pixels at 224", lambda p, _: blur(p, sigma=0.7)),
        ("noise-4", "noise, σ 4 gray levels", lambda p, rng: noise(p, rng, sigma=4.0)),
        ("jpeg-70", "JPEG, quality 70", lambda p, _: jpeg(p, quality=70)),
        ("turned-90", "rotated by 90°", lambda p, _: quarter_turns(p, turns=1)),
        ("mirrored-x", "flipped left to right", lambda p, _: mirror(p, axis=1)),
        ("mirrored-y", "flipped top to bottom", lambda p, _: mirror(p, axis=0)),
    )
) + tuple(
    Perturbation(name=name, words=words, level="strong", change=change)
    for name, words, change in (
        ("brighter-40", "40 % brighter", lambda p, _: brightness(p, by=0.40)),
        ("darker-40", "40 % darker", lambda p, _: brightness(p, by=-0.40)),
        ("contrast-down-45", "45 % less contrast", lambda p, _: contrast(p, by=-0.45)),
        ("blur-2", "blurred, σ 2 pixels at 224", lambda p, _: blur(p, sigma=2.0)),
        ("noise-15", "noise, σ 15 gray levels", lambda p, rng: noise(p, rng, sigma=15.0)),
        ("jpeg-15", "JPEG, quality 15", lambda p, _: jpeg(p, quality=15)),
    )
)
