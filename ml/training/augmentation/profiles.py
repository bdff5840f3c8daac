"""How bright a planted lesion is against its surroundings, as its sequence would show it."""

from __future__ import annotations

from typing import Final

import cv2
import numpy as np

from ml.imaging.pixels import Float32Array
from ml.training.augmentation.lesion import Lesion
from ml.training.augmentation.operations import as_float32
from ml.training.augmentation.planting_settings import Planting

_BRIGHT: Final = frozenset({"FLAIR", "T2", "PD", "DWI"})
_TEXTURE: Final = (0.12, 0.45)  # of the contrast: the spread within a lesion


def draw(
    distance: Float32Array,
    log_ratio: Float32Array,
    *,
    lesion: Lesion,
    sequence: str,
    radius: float,
    rng: np.random.Generator,
    settings: Planting,
) -> tuple[Float32Array, Float32Array]:
    """Contrast and weight of a lesion at its place.

    Args:
        distance: float32, shape (h, w), pixels to the outline, positive within it.
        log_ratio: the lesion's own, same shape; beyond its patch, the border's values.
        lesion: where it was cut.
        sequence: of the slice it is planted in.
        radius: of the lesion, in pixels.
        rng: the only source of chance.
        settings: the ranges.

    Returns:
        The logarithm of lesion over surroundings, and how much of it is blended in, 0 to 1, both
        float32 of that shape.
    """
    inside = distance > 0
    own = lesion.sequence == sequence and rng.random() < settings.own_share
    contrast, way = _shape(distance, radius=radius, sequence=sequence, rng=rng, settings=settings)
    if own:
        times = np.float32(rng.uniform(*settings.own_times))
        mean = float(log_ratio[inside].mean())
        contrast, way = log_ratio * times, float(np.sign(mean) or 1.0)
    else:
        strength = float(np.abs(contrast[inside]).mean())
        spread = float(rng.uniform(*_TEXTURE)) * strength
        contrast = contrast + np.float32(spread) * _texture(log_ratio, inside)
    contrast = contrast * np.float32(_to_be_seen(contrast[inside], least=settings.least))
    # "About a pixel": a smooth step from outside to inside.
    edge = np.float32(rng.uniform(*settings.edge))
    weight = np.clip(0.5 + distance / (2.0 * edge), 0.0, 1.0)
    weight = as_float32(weight * weight * (3.0 - 2.0 * weight))
    if rng.random() < settings.soft_share:
        width = float(rng.uniform(*settings.soft)) * radius + 1.0
        # Soft to either side: an infiltrating border fades within the outline, too.
        soft = np.clip(0.5 + distance / np.float32(3.0 * width), 0.0, 1.0)
        soft = as_float32(soft * soft * (3.0 - 2.0 * soft))
        weight = np.where(inside, np.minimum(weight, np.maximum(soft, 0.35)), 0.8 * soft)
    if rng.random() < settings.edema_share:
        contrast, weight = _with_edema(
            contrast,
            weight,
            distance,
            sequence=sequence,
            way=way,
            radius=radius,
            rng=rng,
            settings=settings,
        )
    fade = np.clip((settings.reach * radius + distance) / np.float32(2.0), 0.0, 1.0)
    return as_float32(contrast), as_float32(weight * fade)


def _to_be_seen(values: Float32Array, *, least: float) -> float:
    """By what a contrast has to be multiplied, at most tripled, to be one at all."""
    strength = float(np.sqrt(np.mean(np.square(values))))
    return min(3.0, max(1.0, least / max(strength, 1e-3)))


def _shape(
    distance: Float32Array,
    *,
    radius: float,
    sequence: str,
    rng: np.random.Generator,
    settings: Planting,
) -> tuple[Float32Array, float]:
    """Solid, with a core or a ring; and whether edema around it is bright (1) or dark (-1)."""
    kind = rng.random()
    # The core has a smoother outline than the lesion, whatever the lesion's is.
    smooth = as_float32(cv2.GaussianBlur(distance, (0, 0), max(0.8, 0.3 * radius)))
    deepest = max(1.0, float(smooth.max()))
    deep = _core(smooth, deepest=deepest, rng=rng)
    if sequence == "T1c":
        strength = _between(settings.enhancing, rng)
        if kind < settings.ring_share:
            core, around = _between(settings.dark, rng), _between(settings.dark, rng)
            if rng.random() < 0.5:
                return as_float32(strength - (strength + core) * deep), -1.0
            # Many outlines take in edema: the ring lies within them.
            margin = np.float32(rng.uniform(0.1, 0.35) * deepest)
            deep = _core(smooth - margin, deepest=deepest - float(margin), rng=rng)
            ring = np.clip((smooth - margin) / np.float32(1.5), 0.0, 1.0)
            level = strength * ring - around * (1.0 - ring) - (strength + core) * deep
            return as_float32(level), -1.0
        if kind < settings.ring_share + settings.solid_share:
            return np.full_like(distance, strength), -1.0
    bright = sequence in _BRIGHT
    if not bright and sequence not in ("T1", "T1c"):
        bright = rng.random() < 0.5
    if not bright:
        dark = _between(settings.dark, rng)
        return np.full_like(distance, -dark), -1.0
    strength = _between(settings.bright, rng)
    if kind < settings.core_share:
        way = rng.uniform(-0.6, 0.6)  # a core darker than the rim, or darker than the brain
        return as_float32(strength - strength * (1.0 - way) * deep), 1.0
    return np.full_like(distance, strength), 1.0


def _core(distance: Float32Array, *, deepest: float, rng: np.random.Generator) -> Float32Array:
    """1 in the middle and 0 in a rim of changing thickness, with a smooth step between."""
    height, width = distance.shape
    thick = float(rng.uniform(0.2, 0.55)) * deepest
    waves = as_float32(rng.normal(0.0, 0.3, (6, 6)))
    wavy = thick * np.exp(cv2.resize(waves, (width, height), interpolation=cv2.INTER_CUBIC))
    return as_float32(np.clip((distance - wavy) / np.float32(max(1.0, 0.15 * deepest)), 0.0, 1.0))


def _texture(log_ratio: Float32Array, inside: np.ndarray) -> Float32Array:
    """The lesion's own, mean 0 and spread 1 within the outline."""
    values = log_ratio[inside]
    spread = max(float(values.std()), 0.03)  # a flat lesion's noise is not blown up
    return as_float32(np.clip((log_ratio - values.mean()) / np.float32(spread), -2.5, 2.5))


def _with_edema(
    contrast: Float32Array,
    weight: Float32Array,
    distance: Float32Array,
    *,
    sequence: str,
    way: float,
    radius: float,
    rng: np.random.Generator,
    settings: Planting,
) -> tuple[Float32Array, Float32Array]:
    """A halo beyond the outline that ends raggedly, as edema follows the white matter."""
    height, width = distance.shape
    strength = way * _between(settings.bright if way > 0 else settings.dark, rng) * 0.7
    reach = float(rng.uniform(*settings.edema)) * radius + 1.5
    waves = as_float32(rng.normal(0.0, 0.5, (7, 7)))
    ragged = reach * np.exp(cv2.resize(waves, (width, height), interpolation=cv2.INTER_CUBIC))
    halo = np.clip(1.0 + distance / as_float32(ragged), 0.0, 1.0)
    halo = as_float32(halo * halo * (3.0 - 2.0 * halo) * np.float32(rng.uniform(0.3, 0.8)))
    beyond = np.clip(-distance, 0.0, 1.0) * (halo > weight)
    mixed = contrast + beyond * (np.float32(strength) - contrast)
    return as_float32(mixed), as_float32(np.maximum(weight, np.where(distance < 0, halo, 0.0)))


def _between(limits: tuple[float, float], rng: np.random.Generator) -> float:
    """Evenly by order of magnitude, so that faint ones are as frequent as strong ones."""
    return float(np.exp(rng.uniform(*np.log(limits))))
