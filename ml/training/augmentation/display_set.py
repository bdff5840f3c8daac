"""The set "display": the same slice as another display, window, export or camera shows it.

A reader would read each of them. As in the set "robustness" the strengths are fixed and every
change is deterministic; here they are those that differ from clinic to clinic and day to day.
"""

from __future__ import annotations

from typing import Final

import cv2
import numpy as np

from ml.imaging.pixels import Float32Array, Uint8Array
from ml.training.augmentation import operations
from ml.training.augmentation.operations import as_float32, jpeg, to_8bit
from ml.training.augmentation.perturbation import Perturbation, Rng

_PHOTO_TURN: Final = 3.0  # degrees
_PHOTO_MARGIN: Final = 0.06  # of each side that lies beyond the slice
_PHOTO_KEYSTONE: Final = 0.03  # of the width, by which the far edge is shorter
_PHOTO_CORNERS: Final = 0.65  # light in the corners, 1 in the middle
_PHOTO_GLOW: Final = 14.0  # gray levels of a black screen
_PHOTO_MOIRE: Final = 5.0  # gray levels
_PHOTO_GRAIN: Final = 3.0  # gray levels, standard deviation
_PHOTO_BLUR: Final = 0.9  # pixels of an image 256 wide
_PHOTO_QUALITY: Final = 65  # of its JPEG


def dim(pixels: Uint8Array, *, times: float) -> Uint8Array:
    """All gray levels times `times`, as on a display turned down."""
    return to_8bit(operations.scale(pixels, times=times))


def window(pixels: Uint8Array, *, black: float, white: float) -> Uint8Array:
    """Another window: the share `black` of white is shown as black, the share `white` as white.

    Where `black` is below 0 or `white` above 1 the window is wider than the gray levels, and
    neither is reached.
    """
    width = max(1e-3, white - black)
    return to_8bit(operations.scale(pixels, times=1.0 / width, plus=-255.0 * black / width))


def photograph(pixels: Uint8Array, rng: Rng) -> Uint8Array:
    """A display photographed with a telephone: askew, with moire, glow, dark corners, and JPEG."""
    height, width = pixels.shape[:2]
    seen = cv2.warpPerspective(pixels, _askew(height, width), (width, height))
    soft = operations.blur(as_float32(seen), sigma=_PHOTO_BLUR * max(height, width) / 256.0)
    light, grain = _light(height, width, rng=rng)
    if pixels.ndim == 3:
        light, grain = light[..., None], grain[..., None]
    screen = _PHOTO_GLOW + soft * ((255.0 - _PHOTO_GLOW) / 255.0)
    return jpeg(to_8bit(screen * light + grain), quality=_PHOTO_QUALITY)


def _askew(height: int, width: int) -> Float32Array:
    """From the slice to the photograph: smaller, turned, its upper edge farther away."""
    corners = np.array([[0, 0], [width, 0], [width, height], [0, height]], dtype=np.float32)
    middle = np.array([width / 2.0, height / 2.0], dtype=np.float32)
    angle = np.deg2rad(_PHOTO_TURN)
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    shown = (corners - middle) * (1.0 - 2.0 * _PHOTO_MARGIN)
    shown[0, 0] += _PHOTO_KEYSTONE * width
    shown[1, 0] -= _PHOTO_KEYSTONE * width
    shown = as_float32(shown @ turn.T + middle)
    return as_float32(cv2.getPerspectiveTransform(corners, shown))


def _light(height: int, width: int, *, rng: Rng) -> tuple[Float32Array, Float32Array]:
    """What every place is multiplied with (dark corners), and what is added (moire and grain)."""
    y, x = np.mgrid[-1.0 : 1.0 : height * 1j, -1.0 : 1.0 : width * 1j]
    corners = 1.0 - (1.0 - _PHOTO_CORNERS) * (x * x + y * y) / 2.0
    moire = (
        _PHOTO_MOIRE * np.sin(2.0 * np.pi * (31.0 * x + 6.0 * y)) * np.sin(2.0 * np.pi * 23.0 * y)
    )
    grain = rng.normal(0.0, _PHOTO_GRAIN, (height, width))
    return as_float32(corners), as_float32(moire + grain)


DISPLAY: Final = tuple(
    Perturbation(name=name, words=words, level="strong", change=change)
    for name, words, change in (
        ("dim-display", "dim display", lambda p, _: dim(p, times=0.45)),
        ("narrow-window", "narrow window", lambda p, _: window(p, black=0.10, white=0.60)),
        ("wide-window", "wide window", lambda p, _: window(p, black=-0.15, white=1.35)),
        ("blurred", "blur", lambda p, _: operations.blur(p, sigma=1.8 * max(p.shape[:2]) / 256.0)),
        ("phone-photo", "phone photo", photograph),
    )
)
