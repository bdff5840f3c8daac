"""Plant lesions into slices that have none: the counterpart of `cover`.

A source all of whose slices carry one label teaches its style instead of the lesion. Lesions cut
from other slices give it the label that it lacks; the same slice unchanged is the negative. After
CarveMix (Zhang et al. 2021: what is set in keeps its outline, the outline is the label) and TumorCP
(Yang et al. 2021: turned, scaled and changed in contrast before).

A lesion brings its outline and texture; how bright it is, the sequence it is planted in decides,
unless it was cut from the same sequence. The ranges and what they rest on stand with `Planting`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, TypeAlias

import cv2
import numpy as np
import numpy.typing as npt

from ml.imaging.pixels import Float32Array, Pixels, Uint8Array
from ml.training.augmentation import profiles
from ml.training.augmentation.ground import Ground, find_ground, tissue_around
from ml.training.augmentation.lesion import Lesion
from ml.training.augmentation.operations import as_float32, as_uint8
from ml.training.augmentation.planting_settings import Planting
from ml.training.augmentation.warping import bend, push_aside

BoolMask: TypeAlias = npt.NDArray[np.bool_]

_TRIES: Final = 6
_LEAST_LEFT: Final = 0.7  # of a lesion that the brain's border cuts
_FEWEST_PIXELS: Final = 9  # of a planted lesion; in a thumbnail there is no room for one
_LEAST_TISSUE: Final = 0.7  # of what is around a place; ventricles are let pass, sinuses are not


@dataclass(frozen=True, kw_only=True, slots=True)
class Planted:
    """A slice that was planted.

    Attributes:
        image: like the one given, with the lesion.
        mask: uint8, same shape, 1 within the outline of the tumor; all 0 where it is none.
        label: 1 where a tumor was planted, 0 where something else was.
        changed: bool, same shape: where the image may differ from the one given.
    """

    image: Pixels
    mask: Uint8Array
    label: int
    changed: BoolMask


def plant(
    image: Pixels,
    lesion: Lesion,
    *,
    rng: np.random.Generator,
    sequence: str,
    stripped: bool = False,
    plane: str = "axial",
    settings: Planting | None = None,
) -> Planted | None:
    """A copy with the lesion set in, or None where no place is deep enough for it.

    Args:
        image: uint8 or uint16, shape (H, W), a slice without a lesion.
        lesion: another slice's, from `cut_lesion`.
        rng: the only source of chance.
        sequence: of the image: "FLAIR", "T2", "PD", "DWI" (bright), "T1" (dark), "T1c" (ring,
            solid or dark); of any other name, either.
        stripped: whether the image's skull was removed.
        plane: of the image. What shows no brain (neck, scalp over the vertex) is for the caller to
            leave out, by its level.
        settings: how large, how strong; `Planting()` where None.
    """
    settings = settings or Planting()
    ground = find_ground(image, stripped=stripped, plane=plane)
    if ground is None:
        return None
    head_area = float(ground.head.sum())
    share = float(np.exp(rng.uniform(*np.log(settings.share))))
    for _ in range(_TRIES):
        laid = _lay(ground, lesion, area=share * head_area, rng=rng, settings=settings)
        if laid is not None:
            return _set_in(
                image,
                ground=ground,
                laid=laid,
                lesion=lesion,
                sequence=sequence,
                rng=rng,
                settings=settings,
            )
        # Not every head has room for the largest; the next try is smaller.
        share = max(settings.share[0], 0.7 * share)
    return None


def place_for(
    image: Pixels,
    *,
    area: float,
    rng: np.random.Generator,
    stripped: bool,
    settings: Planting | None = None,
    plane: str = "axial",
) -> tuple[int, int] | None:
    """Row and column for the middle of a lesion, or None where nothing is deep enough for it.

    Args:
        area: of the lesion, in pixels.
        image, rng, stripped, settings, plane: as for `plant`.
    """
    ground = find_ground(image, stripped=stripped, plane=plane)
    if ground is None:
        return None
    radius = float(np.sqrt(area / np.pi))
    return _place(ground, radius=radius, rng=rng, settings=settings or Planting())


def plant_at(
    image: Pixels,
    lesion: Lesion,
    *,
    place: tuple[int, int],
    area: float,
    rng: np.random.Generator,
    sequence: str,
    stripped: bool = False,
    plane: str = "axial",
    settings: Planting | None = None,
) -> Planted | None:
    """As `plant`, at a given place and of a given size: for one lesion through several slices.

    Args:
        place: row and column of the lesion's middle.
        area: about how many pixels it is to have.
        image, lesion, rng, sequence, stripped, plane, settings: as for `plant`.
    """
    settings = settings or Planting()
    ground = find_ground(image, stripped=stripped, plane=plane)
    if ground is None:
        return None
    laid = _lay_at(ground, lesion, place=place, area=area, rng=rng, settings=settings)
    if laid is None:
        return None
    return _set_in(
        image,
        ground=ground,
        laid=laid,
        lesion=lesion,
        sequence=sequence,
        rng=rng,
        settings=settings,
    )


@dataclass(frozen=True, kw_only=True, slots=True)
class _Laid:
    """A lesion at its place: box in the image, and mask and texture in the box."""

    top: int
    left: int
    mask: Uint8Array
    log_ratio: Float32Array
    radius: float


def _lay(
    ground: Ground,
    lesion: Lesion,
    *,
    area: float,
    rng: np.random.Generator,
    settings: Planting,
) -> _Laid | None:
    """Turn, mirror, scale and bend the lesion, and find it a place; None where there is none."""
    radius = float(np.sqrt(area / np.pi))
    place = _place(ground, radius=radius, rng=rng, settings=settings)
    if place is None:
        return None
    return _lay_at(ground, lesion, place=place, area=area, rng=rng, settings=settings)


def _lay_at(
    ground: Ground,
    lesion: Lesion,
    *,
    place: tuple[int, int],
    area: float,
    rng: np.random.Generator,
    settings: Planting,
) -> _Laid | None:
    """Turn, mirror, scale and bend the lesion, at its place; None where too little of it fits."""
    radius = float(np.sqrt(area / np.pi))
    log_ratio, mask = bend(lesion.log_ratio, lesion.mask, area=area, rng=rng)
    # Room for mass effect and edema, within the image.
    half = max(mask.shape) // 2 + round(settings.reach * radius) + 3
    middle = mask.shape[0] // 2
    height, width = ground.head.shape
    y, x = place
    top, left = max(0, y - half), max(0, x - half)
    bottom, right = min(height, y + half + 1), min(width, x + half + 1)
    shift = np.array([[1.0, 0.0, x - left - middle], [0.0, 1.0, y - top - middle]])
    size = (right - left, bottom - top)
    laid = as_uint8(cv2.warpAffine(mask, shift, size, flags=cv2.INTER_NEAREST))
    texture = cv2.warpAffine(log_ratio, shift, size, borderMode=cv2.BORDER_REPLICATE)
    inside = ground.depth[top:bottom, left:right] > 0.5
    kept = (laid > 0) & inside
    kept_mask = _one_piece(as_uint8(kept))
    if int(kept_mask.sum()) < max(_LEAST_LEFT * area, _FEWEST_PIXELS):
        return None
    return _Laid(top=top, left=left, mask=kept_mask, log_ratio=as_float32(texture), radius=radius)


def _place(
    ground: Ground, *, radius: float, rng: np.random.Generator, settings: Planting
) -> tuple[int, int] | None:
    """Row and column, any with the same chance of those that are deep enough."""
    deepest = float(ground.depth.max())
    least = min(float(rng.uniform(*settings.depth)) * radius + 2.0, 0.95 * deepest)
    if deepest < max(2.0, 0.5 * radius):
        return None
    brain = tissue_around(ground, radius=max(1.2 * radius, 0.06 * ground.diameter))
    fit = (ground.depth >= least) & (brain >= _LEAST_TISSUE)
    lowest = max(0, ground.lowest - round(0.7 * radius)) if ground.lowest < len(fit) else len(fit)
    rows, columns = np.nonzero(fit[:lowest:2, ::2])
    if not rows.size:
        return None
    chosen = int(rng.integers(rows.size))
    return 2 * int(rows[chosen]), 2 * int(columns[chosen])


def _set_in(
    image: Pixels,
    *,
    ground: Ground,
    laid: _Laid,
    lesion: Lesion,
    sequence: str,
    rng: np.random.Generator,
    settings: Planting,
) -> Planted:
    """Push the surroundings aside and lay the lesion over them."""
    rows = np.s_[laid.top : laid.top + laid.mask.shape[0]]
    columns = np.s_[laid.left : laid.left + laid.mask.shape[1]]
    host, depth = ground.values[rows, columns], ground.depth[rows, columns]
    # Positive within the outline, in pixels, half a pixel off on either side of it.
    within = cv2.distanceTransform(np.pad(laid.mask, 1), cv2.DIST_L2, 5)[1:-1, 1:-1]
    beyond = cv2.distanceTransform(1 - laid.mask, cv2.DIST_L2, 5)
    distance = (within - beyond).astype(np.float32)
    pushed = push_aside(
        host,
        distance,
        free=np.clip(depth / np.float32(0.06 * ground.diameter), 0.0, 1.0),
        radius=laid.radius,
        rng=rng,
        settings=settings,
    )
    contrast, weight = profiles.draw(
        distance,
        laid.log_ratio,
        lesion=lesion,
        sequence=sequence,
        radius=laid.radius,
        rng=rng,
        settings=settings,
    )
    weight *= np.clip(depth, 0.0, 1.0)
    base = _base(pushed, laid.mask, depth=depth, ground=ground, radius=laid.radius)
    contrast *= np.float32(_room(contrast, base, inside=laid.mask > 0, most=ground.whitest))
    grain = pushed - cv2.GaussianBlur(pushed, (0, 0), 1.0)
    loudest = np.float32(2.5 * np.median(np.abs(grain[depth > 0])) + 1.0)
    keep = np.float32(rng.uniform(*settings.keep))
    under = base + keep * np.clip(pushed - base, -0.4 * base, 0.4 * base)
    painted = under * np.exp(contrast) + np.clip(grain, -loudest, loudest) * (1.0 - keep)
    painted = _below(painted, most=ground.whitest)
    values = pushed + weight * (painted - pushed)
    return _planted(image, ground=ground, values=values, host=host, laid=laid, tumor=lesion.tumor)


def _base(
    host: Float32Array,
    mask: Uint8Array,
    *,
    depth: Float32Array,
    ground: Ground,
    radius: float,
) -> Float32Array:
    """The brain as it would be without sulci and ventricles: smooth, with the coil's shading."""
    near = (depth > 0) & (mask == 0)
    values = host[near] if int(near.sum()) > 20 else host[depth > 0]
    tissue = values[values > 0.35 * ground.level]
    level = float(np.median(tissue)) if tissue.size else ground.level
    level = float(np.clip(level, 0.7 * ground.level, 1.35 * ground.level))
    held = np.clip(host, 0.75 * level, 1.25 * level)
    return np.asarray(cv2.GaussianBlur(held, (0, 0), max(2.0, 0.5 * radius)), dtype=np.float32)


def _room(contrast: Float32Array, base: Float32Array, *, inside: BoolMask, most: float) -> float:
    """By what to multiply a contrast, at most 1, so that a bright lesion is not flat white."""
    strong = float(np.percentile(contrast[inside], 80.0))
    room = float(np.log(most / max(1.0, float(np.median(base[inside])))))
    return 1.0 if strong <= room else max(0.1, room) / strong


def _below(values: Float32Array, *, most: float) -> Float32Array:
    """What would be brighter than the whitest bends off toward it."""
    knee = np.float32(0.85 * most)
    room = np.float32(most) - knee
    over = np.maximum(values - knee, 0.0)
    return as_float32(np.maximum(np.minimum(values, knee) + room * np.tanh(over / room), 0.0))


def _planted(
    image: Pixels,
    *,
    ground: Ground,
    values: Float32Array,
    host: Float32Array,
    laid: _Laid,
    tumor: bool,
) -> Planted:
    rows = np.s_[laid.top : laid.top + laid.mask.shape[0]]
    columns = np.s_[laid.left : laid.left + laid.mask.shape[1]]
    planted, mask = image.copy(), np.zeros(image.shape, np.uint8)
    changed = np.zeros(image.shape, dtype=bool)
    # Half a level is no change; so the air stays what it was, to the last bit.
    differs = np.abs(values - host) * ground.step >= 0.5
    planted[rows, columns] = np.where(
        differs, ground.back(values, like=image), image[rows, columns]
    )
    changed[rows, columns] = differs
    if tumor:
        mask[rows, columns] = laid.mask
    return Planted(image=planted, mask=mask, label=int(tumor), changed=changed)


def _one_piece(mask: Uint8Array) -> Uint8Array:
    """The largest connected part; the brain's border may have cut a lesion in two."""
    count, labels, stats, _ = cv2.connectedComponentsWithStats(mask)
    if count <= 2:
        return mask
    largest = 1 + int(np.argmax(stats[1:, cv2.CC_STAT_AREA]))
    return as_uint8(labels == largest)
