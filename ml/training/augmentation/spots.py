"""Spots that are no tumor, as of multiple sclerosis: many, small, around the ventricles.

A network that is shown planted tumors only learns that what is bright is one. These are planted by
the same means and stay negatives. They are drawn, since no collection at hand has their outlines.
"""

from __future__ import annotations

from typing import Final

import cv2
import numpy as np

from ml.imaging.pixels import Float32Array, Pixels
from ml.training.augmentation.ground import Ground, find_ground
from ml.training.augmentation.operations import as_float32
from ml.training.augmentation.planting import Planted
from ml.training.augmentation.planting_settings import Spots

_BRIGHT: Final = frozenset({"FLAIR", "T2", "PD", "DWI"})


def plant_spots(
    image: Pixels,
    *,
    rng: np.random.Generator,
    sequence: str,
    stripped: bool = False,
    plane: str = "axial",
    settings: Spots | None = None,
) -> Planted | None:
    """A copy with spots in its white matter, label 0 and an empty mask; None where no brain is.

    Args:
        image: uint8 or uint16, shape (H, W).
        rng: the only source of chance.
        sequence: of the image: bright spots on "FLAIR", "T2", "PD" and "DWI", dark ones otherwise.
        stripped: whether its skull was removed.
        plane: of the image.
        settings: how many, how large; `Spots()` where None.
    """
    settings = settings or Spots()
    ground = find_ground(image, stripped=stripped, plane=plane)
    if ground is None:
        return None
    chance, wall = _where(ground, sequence=sequence)
    total = float(chance.sum())
    if total <= 0.0:
        return None
    count = round(float(np.exp(rng.uniform(*np.log(settings.count)))))
    places = np.searchsorted(
        np.cumsum(chance.ravel()), rng.uniform(0.0, total, count), side="right"
    )
    contrast = np.zeros(ground.head.shape, np.float32)
    strength = float(np.exp(rng.uniform(*np.log(settings.contrast))))
    for place in np.minimum(places, chance.size - 1).tolist():
        radius = float(np.exp(rng.uniform(*np.log(settings.radius)))) * ground.diameter
        _add(contrast, place, wall, radius=max(1.0, radius), strength=strength, rng=rng)
    contrast *= np.clip(ground.depth, 0.0, 1.0)
    if sequence not in _BRIGHT:
        contrast *= np.float32(-0.6)  # as faint as black holes on T1 are beside FLAIR
    return _painted(image, ground, contrast)


def _where(ground: Ground, *, sequence: str) -> tuple[Float32Array, Float32Array]:
    """How likely a spot is at each place, and for each place how far it is to a ventricle.

    A ventricle is fluid, as the sequence shows it, deep in the brain. Where none is cut, spots lie
    anywhere deep enough.
    """
    smooth = cv2.GaussianBlur(ground.values, (0, 0), max(0.8, 0.006 * ground.diameter))
    fluid = smooth > 1.6 * ground.level if sequence == "T2" else smooth < 0.55 * ground.level
    deep = ground.depth > 0.16 * ground.diameter
    ventricle = (fluid & deep).astype(np.uint8)
    allowed = (ground.depth > 0.05 * ground.diameter) & ~fluid
    allowed[ground.lowest :] = False
    wall = as_float32(np.full(ground.head.shape, 1e4))
    chance = allowed.astype(np.float32)
    if int(ventricle.sum()) > 0.002 * float(ground.head.sum()):
        wall = as_float32(cv2.distanceTransform(1 - ventricle, cv2.DIST_L2, 5))
        # Most within a tenth of the head's diameter of the wall, some anywhere.
        chance *= 0.04 + np.exp(-wall / np.float32(0.045 * ground.diameter))
    return as_float32(chance), as_float32(wall)


def _add(
    contrast: Float32Array,
    place: int,
    wall: Float32Array,
    *,
    radius: float,
    strength: float,
    rng: np.random.Generator,
) -> None:
    """One spot, oval, its long axis away from the ventricle (Dawson's fingers), laid over."""
    height, width = contrast.shape
    y, x = divmod(place, width)
    half = int(np.ceil(3.0 * radius)) + 2
    top, left = max(0, y - half), max(0, x - half)
    box = np.s_[top : min(height, y + half + 1), left : min(width, x + half + 1)]
    rows, columns = np.mgrid[box].astype(np.float32)
    angle = rng.uniform(0.0, np.pi)
    if 0 < y < height - 1 and 0 < x < width - 1 and wall[y, x] < 1e3:
        slope = wall[y + 1, x] - wall[y - 1, x], wall[y, x + 1] - wall[y, x - 1]
        angle = float(np.arctan2(slope[0], slope[1])) + rng.normal(0.0, 0.4)
    along = (columns - x) * np.cos(angle) + (rows - y) * np.sin(angle)
    across = (rows - y) * np.cos(angle) - (columns - x) * np.sin(angle)
    long = float(rng.uniform(1.0, 1.9))
    waves = as_float32(rng.normal(0.0, 0.15, (4, 4)))
    size = (rows.shape[1], rows.shape[0])
    far = np.hypot(along / long, across) / radius + cv2.resize(
        waves, size, interpolation=cv2.INTER_CUBIC
    )
    soft = max(0.7 / radius, float(rng.uniform(0.15, 0.6)))
    share = np.clip((1.0 + soft - far) / np.float32(2.0 * soft), 0.0, 1.0)
    spot = np.float32(strength * rng.uniform(0.6, 1.2)) * share * share * (3.0 - 2.0 * share)
    contrast[box] = np.maximum(contrast[box], spot)


def _painted(image: Pixels, ground: Ground, contrast: Float32Array) -> Planted:
    """The image with the contrast laid over, no whiter than a lesion gets."""
    under = np.clip(ground.values, 0.0, np.float32(1.4 * ground.level))
    most = np.maximum(np.float32(ground.whitest), ground.values)
    painted = np.minimum(ground.values + under * (np.exp(contrast) - 1.0), most)
    changed = np.abs(painted - ground.values) * ground.step >= 0.5
    own = np.where(changed, ground.back(painted, like=image), image)
    nothing = np.zeros(image.shape, np.uint8)
    return Planted(image=own, mask=nothing, label=0, changed=changed)
