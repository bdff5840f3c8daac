"""What is done to one slice before it is trained on.

Its lesion is painted over, or another's is set in, or spots that are no tumor; then it is changed
as clinics differ and prepared anew, as a file of that clinic would be; and last moved, exposed and
degraded as ever (`ml.training.augmentation.training_set`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, TypedDict

import cv2
import numpy as np

from ml.imaging.pixels import Float32Array, Uint8Array
from ml.imaging.preprocessing import RECIPES, SIDE, Geometry
from ml.training.augmentation.clinic_set import change_as_clinics
from ml.training.augmentation.cover import cover, lesion_region, other_region
from ml.training.augmentation.operations import as_uint8
from ml.training.augmentation.planting import Planted, plant
from ml.training.augmentation.spots import plant_spots
from ml.training.augmentation.training_set import augment
from ml.training.data.cache import Cache
from ml.training.data.hosts import may_host
from ml.training.data.provenance import UNKNOWN
from ml.training.loop.config import Config
from ml.training.loop.lesion_bank import LesionBank, head_of

_STRIPPED: Final = {"yes": True, "no": False}
_DRAWS: Final = 3  # of lesions, where the first finds no place


@dataclass(frozen=True, kw_only=True, slots=True)
class Changed:
    """A slice as it is trained on.

    Attributes:
        image: float32, shape (S, S), 0 to 1.
        mask: uint8, same shape, 1 in the tumor; None where it is not known.
        tumor: whether it counts as a tumor.
        own: whether what it shows is what was there: neither painted over nor planted.
    """

    image: Float32Array
    mask: Uint8Array | None
    tumor: bool
    own: bool


class _Words(TypedDict):
    sequence: str
    plane: str
    stripped: bool


def changed_slice(
    cache: Cache,
    *,
    index: int,
    erased: bool,
    planted: bool,
    bank: LesionBank,
    config: Config,
    rng: np.random.Generator,
) -> Changed:
    """One slice, changed by chance.

    Args:
        cache: the prepared slices.
        index: the slice's.
        erased: whether its lesion is painted over.
        planted: whether a lesion is set in. Where none finds a place it stays one without a tumor.
        bank: the lesions.
        config: how often, how far.
        rng: the only source of chance.
    """
    item = cache.items[index].slice
    image, mask = np.asarray(cache.images[index]), cache.mask(index)
    tumor = item.tumor and not erased
    own = not erased
    settings = config.augmentation
    set_in: Planted | None = None
    if erased and mask is not None and mask.any():
        image = cover(image, lesion_region(mask, rng=rng), rng=rng)
        mask = np.zeros_like(mask)
    elif planted:
        set_in = _planted(cache, index=index, image=image, bank=bank, rng=rng)
    elif may_host(item) and rng.random() < settings.spots_share:
        set_in = plant_spots(image, rng=rng, **_words(cache, index))
    elif bank.outlines and rng.random() < settings.cover_share:
        row = bank.outlines[int(rng.integers(len(bank.outlines)))]
        shape = np.asarray(cache.masks[row])
        region = other_region(shape, image=image, mask=mask, rng=rng)
        # A lesion that is not known might be hidden.
        if region is not None and mask is not None:
            image = cover(image, region, rng=rng)
    if set_in is not None:
        image, mask, tumor, own = as_uint8(set_in.image), set_in.mask, bool(set_in.label), False
    if rng.random() < settings.clinic_share:
        stripped = _STRIPPED.get(item.provenance.stripped)
        image, mask = change_as_clinics(image, mask, rng=rng, stripped=stripped)
        image, mask = _prepared_anew(image, mask, preprocessing=config.preprocessing)
    picture, mask = augment(image, mask, settings=settings, rng=rng)
    return Changed(image=picture, mask=mask, tumor=tumor, own=own)


def _planted(
    cache: Cache, *, index: int, image: Uint8Array, bank: LesionBank, rng: np.random.Generator
) -> Planted | None:
    words = _words(cache, index)
    for _ in range(_DRAWS):
        lesion = bank.draw(sequence=words["sequence"], source=head_of(cache, index), rng=rng)
        if lesion is None:
            continue
        done = plant(image, lesion, rng=rng, **words)
        if done is not None:
            return done
    return None


def _words(cache: Cache, index: int) -> _Words:
    """What planting asks of a host: sequence, plane, and whether its skull was removed."""
    origin = cache.items[index].slice.provenance
    return _Words(
        sequence=origin.sequence,
        plane="axial" if origin.plane == UNKNOWN else origin.plane,
        stripped=origin.stripped == "yes",
    )


def _prepared_anew(
    image: Uint8Array, mask: Uint8Array | None, *, preprocessing: str
) -> tuple[Uint8Array, Uint8Array | None]:
    prepared = RECIPES[preprocessing](image)
    again = np.rint(prepared.tensor[:, :, 0] * np.float32(255.0)).astype(np.uint8)
    if mask is None:
        return again, None
    return again, _moved(mask, prepared.geometry)


def _moved(mask: Uint8Array, at: Geometry) -> Uint8Array:
    """A mask in the image's grid, in the grid of the network's input."""
    canvas = np.zeros((at.canvas_height, at.canvas_width), dtype=np.uint8)
    canvas[at.pad_top : at.pad_top + at.crop_height, at.pad_left : at.pad_left + at.crop_width] = (
        mask[at.top : at.top + at.crop_height, at.left : at.left + at.crop_width]
    )
    return as_uint8(cv2.resize(canvas, (SIDE, SIDE), interpolation=cv2.INTER_NEAREST))
