"""The set "clinic": what differs between one clinic's slices and another's, mask and all.

For training on several sources at once: windows and displays, coils, resolution, skull or none, air
that is noisy or cut to black, the field of view. Each change takes a slice and its mask and gives
both back, of the same size (a quarter turn swaps the sides). As with the other sets, the figures
are part of a run; a run stores its shares.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final, TypeAlias

import cv2
import numpy as np

from ml.imaging.pixels import Uint8Array
from ml.training.augmentation import operations
from ml.training.augmentation.operations import as_float32, as_uint8, quarter_turns, to_8bit
from ml.training.augmentation.perturbation import Perturbation, Rng
from ml.training.augmentation.skull import put_on_skull, take_off_skull

Pair: TypeAlias = tuple[Uint8Array, Uint8Array | None]

_LEAST_LEFT: Final = 0.8  # of a lesion, in a narrower field of view


@dataclass(frozen=True, kw_only=True, slots=True)
class ClinicChange:
    """One change of a slice and its mask.

    Attributes:
        name: a stable code.
        share: of the slices, changed so where nobody says otherwise.
        change: from an image, uint8, (H, W), its mask (None: not known) and a generator.
        stripped: which slices it suits: those without skull (True), with (False), any (None).
    """

    name: str
    share: float
    change: Callable[[Uint8Array, Uint8Array | None, Rng], Pair]
    stripped: bool | None = None


def change_as_clinics(
    image: Uint8Array,
    mask: Uint8Array | None,
    *,
    rng: Rng,
    stripped: bool | None = None,
    shares: Mapping[str, float] | None = None,
) -> Pair:
    """A copy with every change of `CLINIC` by its share, in their order, and its mask.

    Args:
        image: uint8, shape (H, W).
        mask: uint8, same shape, 1 in the lesion; None where it is not known.
        rng: the only source of chance.
        stripped: whether the skull was removed; None where that is not known, and then it is
            neither taken off nor put on.
        shares: by name, instead of a change's own.
    """
    shares = shares or {}
    for one in CLINIC_CHANGES:
        chosen = rng.random() < shares.get(one.name, one.share)
        if chosen and one.stripped in (None, stripped):
            image, mask = one.change(image, mask, rng)
    return image, mask


def _quarter_turn(image: Uint8Array, mask: Uint8Array | None, rng: Rng) -> Pair:
    turns = int(rng.integers(1, 4))
    turned = None if mask is None else quarter_turns(mask, turns=turns)
    return quarter_turns(image, turns=turns), turned


def _field_of_view(image: Uint8Array, mask: Uint8Array | None, rng: Rng) -> Pair:
    """Closer by up to 1.4 times, or farther by up to 1.6 with air around, off center."""
    height, width = image.shape
    zoom = float(np.exp(rng.uniform(-0.47, 0.34)))
    room = abs(1.0 - zoom) / 2.0
    shift = rng.uniform(-room, room, 2) * (width, height)
    matrix = np.array(
        [
            [zoom, 0.0, (1.0 - zoom) * (width - 1) / 2.0 + shift[0]],
            [0.0, zoom, (1.0 - zoom) * (height - 1) / 2.0 + shift[1]],
        ]
    )
    if mask is not None:
        moved = as_uint8(cv2.warpAffine(mask, matrix, (width, height), flags=cv2.INTER_NEAREST))
        if int(moved.sum()) < _LEAST_LEFT * zoom * zoom * int(mask.sum()):
            return image, mask  # the lesion would be outside, and the label wrong
        mask = moved
    smooth = operations.blur(image, sigma=0.4 / zoom) if zoom < 0.8 else image
    return as_uint8(cv2.warpAffine(smooth, matrix, (width, height), flags=cv2.INTER_LINEAR)), mask


def _window(image: Uint8Array, mask: Uint8Array | None, rng: Rng) -> Pair:
    """Narrow, wide or dim: white is what was 55 % to 180 % of it, black what was up to 12 %."""
    white = 255.0 * float(np.exp(rng.uniform(np.log(0.55), np.log(1.8))))
    black = 255.0 * max(0.0, float(rng.uniform(-0.06, 0.12)))
    table = (np.arange(256) - black) * (255.0 / max(40.0, white - black))
    return to_8bit(table)[image], mask


def _gamma(image: Uint8Array, mask: Uint8Array | None, rng: Rng) -> Pair:
    exponent = float(np.exp(rng.uniform(-np.log(1.8), np.log(1.8))))
    return to_8bit(255.0 * (np.arange(256) / 255.0) ** exponent)[image], mask


def _bias_field(image: Uint8Array, mask: Uint8Array | None, rng: Rng) -> Pair:
    """Smooth shading, as between coils and at 3 and 7 T: up to about twice across the head."""
    knots = as_float32(rng.normal(0.0, rng.uniform(0.05, 0.3), (4, 4)))
    field = np.exp(cv2.resize(knots, image.shape[::-1], interpolation=cv2.INTER_CUBIC))
    return to_8bit(as_float32(image) * as_float32(field)), mask


def _blur(image: Uint8Array, mask: Uint8Array | None, rng: Rng) -> Pair:
    return operations.blur(image, sigma=rng.uniform(0.4, 1.8) * max(image.shape) / 256), mask


def _resample(image: Uint8Array, mask: Uint8Array | None, rng: Rng) -> Pair:
    """Coarser, each direction on its own (thick slices cut across), and enlarged again."""
    height, width = image.shape
    scale = rng.uniform(0.3, 1.0, 2)
    small = operations.shrink(
        image, height=max(8, round(height * scale[0])), width=max(8, round(width * scale[1]))
    )
    ways = (cv2.INTER_NEAREST, cv2.INTER_LINEAR, cv2.INTER_CUBIC)
    way = ways[int(rng.choice(3, p=(0.15, 0.5, 0.35)))]
    return as_uint8(cv2.resize(small, (width, height), interpolation=way)), mask


def _noise_floor(image: Uint8Array, mask: Uint8Array | None, rng: Rng) -> Pair:
    """The noise of a magnitude image: never below 0, so the air turns gray."""
    noise = rng.standard_normal((2, *image.shape), dtype=np.float32)
    noise *= np.float32(np.exp(rng.uniform(np.log(1.5), np.log(14.0))))
    return to_8bit(np.hypot(image + noise[0], noise[1])), mask


CLINIC_CHANGES: Final = (
    ClinicChange(name="quarter turn", share=0.3, change=_quarter_turn),
    ClinicChange(name="stripped", share=0.3, change=take_off_skull, stripped=False),
    ClinicChange(name="unstripped", share=0.3, change=put_on_skull, stripped=True),
    ClinicChange(name="field of view", share=0.4, change=_field_of_view),
    ClinicChange(name="resample", share=0.25, change=_resample),
    ClinicChange(name="blur", share=0.2, change=_blur),
    ClinicChange(name="bias field", share=0.35, change=_bias_field),
    ClinicChange(name="noise floor", share=0.3, change=_noise_floor),
    ClinicChange(name="gamma", share=0.35, change=_gamma),
    ClinicChange(name="window", share=0.35, change=_window),
)


def _alone(change: ClinicChange) -> Callable[[Uint8Array, Rng], Uint8Array]:
    return lambda image, rng: change.change(image, None, rng)[0]


CLINIC: Final = tuple(
    Perturbation(name=change.name, words=change.name, level="strong", change=_alone(change))
    for change in CLINIC_CHANGES
)
