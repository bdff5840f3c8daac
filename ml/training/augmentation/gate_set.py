"""The set "gate": changes that leave a brain MRI slice one, as other clinics export it.

The gate is fitted on slices changed so, that it may not refuse a slice for its export. (Changing
its drawings of other things too made it refuse 11 % instead of 3 % of a source left out, and no
more of the real images of other things.) All take and give uint8 gray, shape (H, W), and draw from
the generator they are given.
"""

from __future__ import annotations

from typing import Final

import cv2
import numpy as np

from ml.imaging.pixels import Uint8Array
from ml.training.augmentation import operations
from ml.training.augmentation.operations import mirror, quarter_turns, to_8bit
from ml.training.augmentation.perturbation import Perturbation, Rng


def change_some(image: Uint8Array, rng: Rng) -> Uint8Array:
    """Two to four different changes of `GATE`, one after another.

    Args:
        image: uint8, shape (H, W); the result may have another size.
        rng: the only source of chance.
    """
    names = [perturbation.name for perturbation in GATE]
    for name in rng.choice(names, size=int(rng.integers(2, 5)), replace=False):
        image = GATE[names.index(name)].apply(image, rng)
    return image


def turn(image: Uint8Array, turns: int, *, mirrored: bool) -> Uint8Array:
    """Rotate by so many quarters, counterclockwise, and then mirror left to right or not.

    Args:
        image: uint8, shape (H, W).
        turns: of 90 degrees each.
        mirrored: whether to flip it afterwards.
    """
    turned = quarter_turns(image, turns=turns)
    return mirror(turned, axis=1) if mirrored else turned


def _quarter_turn(image: Uint8Array, rng: Rng) -> Uint8Array:
    return quarter_turns(image, turns=int(rng.integers(1, 4)))


def _tilt(image: Uint8Array, rng: Rng) -> Uint8Array:
    height, width = image.shape
    matrix = cv2.getRotationMatrix2D((width / 2, height / 2), float(rng.uniform(-20, 20)), 1.0)
    return cv2.warpAffine(image, matrix, (width, height)).astype(np.uint8, copy=False)


def _mirror(image: Uint8Array, rng: Rng) -> Uint8Array:
    return mirror(image, axis=int(rng.integers(2)))


def _window(image: Uint8Array, rng: Rng) -> Uint8Array:
    times, plus = rng.uniform(0.7, 1.4), rng.uniform(-15, 15)
    shifted = operations.scale(image, times=times, plus=plus)
    return to_8bit(np.where(image > 8, shifted, image))


def _gamma(image: Uint8Array, rng: Rng) -> Uint8Array:
    share = operations.as_float32(image / np.float32(255))
    return to_8bit(255.0 * operations.gamma(share, exponent=rng.uniform(0.65, 1.5)))


def _contrast(image: Uint8Array, rng: Rng) -> Uint8Array:
    """As another sequence would show it: which tissue is bright changes, black stays black."""
    knots = np.array([0, 8, 45, 90, 135, 180, 220, 255])
    grays = np.r_[0, 8, rng.uniform(25, 255, 6)]
    share = float(rng.uniform(0.3, 1.0))
    table = share * np.interp(np.arange(256), knots, grays) + (1 - share) * np.arange(256)
    return operations.blur(to_8bit(table)[image], sigma=0.6)


def _stripped(image: Uint8Array, rng: Rng) -> Uint8Array:
    """Without scalp and skull, about: what lies near the outline turns black."""
    bright = (image > max(20.0, 0.12 * float(image.max()))).astype(np.uint8)
    side = max(3, round(max(image.shape) * 0.06))
    closed = cv2.morphologyEx(np.pad(bright, side), cv2.MORPH_CLOSE, _disk(side))
    outlines = cv2.findContours(closed, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)[0]
    filled = cv2.drawContours(np.zeros_like(closed), outlines, -1, 1, cv2.FILLED)
    depth = cv2.distanceTransform(filled, cv2.DIST_L2, 5)[side:-side, side:-side]
    inside = depth > float(rng.uniform(0.04, 0.1)) * max(image.shape)
    return np.where(inside, image, 0).astype(np.uint8) if inside.mean() > 0.1 else image


def _shading(image: Uint8Array, rng: Rng) -> Uint8Array:
    """Brighter toward one side, as near a coil."""
    height, width = image.shape
    angle, depth = rng.uniform(0, 2 * np.pi), rng.uniform(0.25, 0.6)
    across = np.linspace(-1, 1, width) * np.cos(angle)
    down = np.linspace(-1, 1, height) * np.sin(angle)
    return to_8bit(image * (1.0 + depth * (across[None] + down[:, None])))


def _lifted(image: Uint8Array, rng: Rng) -> Uint8Array:
    """Black is dark gray."""
    return to_8bit(255.0 - (255.0 - image) * (1.0 - rng.uniform(0.02, 0.12)))


def _blur(image: Uint8Array, rng: Rng) -> Uint8Array:
    return operations.blur(image, sigma=rng.uniform(0.5, 1.5) * max(image.shape) / 256)


def _sharpen(image: Uint8Array, rng: Rng) -> Uint8Array:
    sigma = rng.uniform(1.0, 2.5) * max(image.shape) / 256
    return to_8bit(operations.sharpen(image, sigma=sigma, times=rng.uniform(0.5, 2.5)))


def _noise(image: Uint8Array, rng: Rng) -> Uint8Array:
    return to_8bit(image + rng.normal(0.0, rng.uniform(3.0, 12.0), image.shape))


def _jpeg(image: Uint8Array, rng: Rng) -> Uint8Array:
    return operations.jpeg(image, quality=int(rng.integers(25, 75)))


def _coarse(image: Uint8Array, rng: Rng) -> Uint8Array:
    scale = float(rng.uniform(100, 200)) / max(image.shape)
    height, width = (max(8, round(side * scale)) for side in image.shape)
    return operations.shrink(image, height=height, width=width)


def _stretch(image: Uint8Array, rng: Rng) -> Uint8Array:
    """Out of proportion, as pictures put together on the Web often are."""
    height, width = image.shape
    times = float(np.exp(np.clip(rng.normal(0.0, 0.25), -0.5, 0.5)))
    wide = max(8, round(width * times))
    return cv2.resize(image, (wide, height), interpolation=cv2.INTER_LINEAR).astype(np.uint8)


def _margin(image: Uint8Array, rng: Rng) -> Uint8Array:
    pads = (rng.uniform(0.02, 0.5, 4) * max(image.shape)).astype(int)
    return np.pad(image, ((pads[0], pads[1]), (pads[2], pads[3])))


def _crop(image: Uint8Array, rng: Rng) -> Uint8Array:
    height, width = image.shape
    top, bottom, left, right = rng.uniform(0.0, 0.1, 4)
    return np.ascontiguousarray(
        image[
            int(top * height) : height - int(bottom * height),
            int(left * width) : width - int(right * width),
        ]
    )


def _white_border(image: Uint8Array, rng: Rng) -> Uint8Array:
    pads = (rng.uniform(0.0, rng.choice([0.05, 0.2]), 4) * max(image.shape)).astype(int)
    return np.pad(image, ((pads[0], pads[1]), (pads[2], pads[3])), constant_values=255)


def _burned_in_text(image: Uint8Array, rng: Rng) -> Uint8Array:
    changed = image.copy()
    height, width = image.shape
    scale = max(image.shape) / 900
    for _ in range(int(rng.integers(1, 7))):
        words = "".join(chr(code) for code in rng.integers(48, 91, int(rng.integers(1, 14))))
        corner = rng.integers(2, size=2)
        x = int((0.01 + 0.62 * corner[0]) * width)
        y = int((0.05 + 0.74 * corner[1] + rng.uniform(0, 0.18)) * height)
        font = cv2.FONT_HERSHEY_SIMPLEX
        cv2.putText(changed, words, (x, y), font, scale, int(rng.integers(150, 256)), 1)
    return changed


def _disk(radius: int) -> Uint8Array:
    size = 2 * radius + 1
    return cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (size, size)).astype(np.uint8)


GATE: Final = tuple(
    Perturbation(name=name, words=name, level="mild", change=change)
    for name, change in (
        ("quarter turn", _quarter_turn),
        ("tilt", _tilt),
        ("mirror", _mirror),
        ("window", _window),
        ("gamma", _gamma),
        ("contrast", _contrast),
        ("stripped", _stripped),
        ("shading", _shading),
        ("lifted", _lifted),
        ("blur", _blur),
        ("sharpen", _sharpen),
        ("noise", _noise),
        ("jpeg", _jpeg),
        ("coarse", _coarse),
        ("stretch", _stretch),
        ("margin", _margin),
        ("crop", _crop),
        ("white border", _white_border),
        ("burned-in text", _burned_in_text),
    )
)
