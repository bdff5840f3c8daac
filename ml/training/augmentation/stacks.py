"""The lesion of a whole stack painted over, and one planted through several of its slices.

`cover` and `plant` change one slice. Here the same is done through a stack: in the same way, at the
same place, in every slice that it reaches.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from ml.imaging.head import find_head
from ml.imaging.pixels import Uint8Array
from ml.training.augmentation.cover import cover, lesion_region
from ml.training.augmentation.lesion import Lesion
from ml.training.augmentation.operations import as_uint8
from ml.training.augmentation.planting import place_for, plant_at
from ml.training.augmentation.planting_settings import Planting

HEAD_MM: Final = (
    180.0  # from forehead to occiput, where a file does not say how large its pixels are
)
FEWEST, MOST = 2, 8  # slices that a planted lesion reaches through
# As large and as strong as tumors are on whole stacks, not as faint as what a network is taught
# with: in the middle of a lesion its cross-section is larger than in most of its slices.
LESIONS: Final = Planting(
    share=(0.015, 0.08),  # of a head of 180 x 150 mm: 20 to 46 mm across
    bright=(0.2, 0.85),
    dark=(0.1, 0.35),
    enhancing=(0.25, 0.8),
    own_times=(0.8, 1.2),
    keep=(0.0, 0.35),
    least=0.2,
)
_TRIES: Final = 12
_LONG: Final = (0.8, 1.4)  # how long a lesion is along the axis, of its width
_CEREBRUM: Final = (20.0, 95.0)  # mm below the vertex: where the middle of a lesion may lie


@dataclass(frozen=True, kw_only=True, slots=True)
class PlantedStack:
    """What was planted.

    Attributes:
        images: the slices that changed, by their place in the stack.
        masks: of them, uint8, 1 within the outline.
    """

    images: Mapping[int, Uint8Array]
    masks: Mapping[int, Uint8Array]


def erase(
    images: Sequence[Uint8Array], masks: Sequence[Uint8Array], *, seed: int
) -> dict[int, Uint8Array]:
    """Paint the lesion over in every slice that shows it, everywhere in the same way.

    Args:
        images: of the stack, uint8, shape (H, W).
        masks: likewise, 1 in the lesion.
        seed: of the way, the rim and whence the paint is taken.

    Returns:
        The slices that changed, by their place in the stack.
    """
    found = {}
    for place, (image, mask) in enumerate(zip(images, masks, strict=True)):
        if mask.any():
            top, left, side = _square(image)
            framed, region = (_framed(one, top, left, side) for one in (image, mask))
            # From the same seed in every slice, so that each is painted alike.
            rng = np.random.default_rng(seed)
            painted = cover(framed, lesion_region(region, rng=rng), rng=rng, natural=True)
            found[place] = _put_back(painted, image, top, left)
    return found


def plant_through(
    images: Sequence[Uint8Array],
    lesion: Lesion,
    *,
    spacing_mm: float,
    sequence: str,
    stripped: bool,
    seed: int,
    settings: Planting | None = None,
) -> PlantedStack | None:
    """Plant one lesion that reaches through `FEWEST` to `MOST` neighboring slices, tapering.

    Args:
        images: of a stack without a lesion, uint8, shape (H, W), axial, from below to the vertex.
        lesion: as for `ml.training.augmentation.planting.plant`.
        spacing_mm: from slice to slice.
        sequence, stripped: of the stack, as for `plant`.
        seed: of everything that is drawn.
        settings: how large, how strong; `LESIONS` where None.

    Returns:
        What was planted, or None where no place was deep enough for it.
    """
    settings = settings or LESIONS
    heads = [find_head(image) for image in images]
    areas = np.array([0 if head is None else int(head.sum()) for head in heads])
    vertex = int(np.flatnonzero(areas)[-1]) if areas.any() else 0
    below = spacing_mm * (vertex - np.arange(len(images)))
    middles = np.flatnonzero((areas > 0) & (below >= _CEREBRUM[0]) & (below <= _CEREBRUM[1]))
    if not middles.size:
        return None
    rng = np.random.default_rng(seed)
    for _ in range(_TRIES):
        middle = int(rng.choice(middles))
        _, _, side = _square(images[middle])
        area = float(np.exp(rng.uniform(*np.log(settings.share)))) * float(areas[middle])
        radius_mm = float(np.sqrt(area / np.pi)) * HEAD_MM / side
        half = radius_mm * float(rng.uniform(*_LONG)) / spacing_mm  # in slices
        half = float(np.clip(half, FEWEST / 2, MOST / 2))
        shift = float(rng.uniform(-0.5, 0.5))  # of the middle from the slice nearest to it
        place = place_for(images[middle], area=area, rng=rng, stripped=stripped, settings=settings)
        drawn = int(rng.integers(2**31))
        if place is None:
            continue
        found = {}
        for index in range(len(images)):
            reach = 1.0 - ((index - middle - shift) / half) ** 2  # of a ball's cross-section
            if reach > 0.0:
                # From the same seed in every slice, so that turn, contrast and texture agree.
                planted = plant_at(
                    images[index],
                    lesion,
                    place=place,
                    area=max(reach, 0.1) * area,
                    rng=np.random.default_rng(drawn),
                    sequence=sequence,
                    stripped=stripped,
                    settings=settings,
                )
                if planted is not None:
                    found[index] = planted
        if len(found) >= FEWEST and max(found) - min(found) == len(found) - 1:
            return PlantedStack(
                images={index: as_uint8(one.image) for index, one in found.items()},
                masks={index: one.mask for index, one in found.items()},
            )
    return None


def _square(image: Uint8Array) -> tuple[int, int, int]:
    """Top, left and side of the square around the head; it may reach beyond the image."""
    head = find_head(image)
    rows, columns = np.nonzero(np.ones_like(image) if head is None else head)
    top, bottom = int(rows.min()), int(rows.max()) + 1
    left, right = int(columns.min()), int(columns.max()) + 1
    side = max(bottom - top, right - left)
    return (top + bottom - side) // 2, (left + right - side) // 2, side


def _framed(image: Uint8Array, top: int, left: int, side: int) -> Uint8Array:
    framed = np.zeros((side, side), dtype=np.uint8)
    rows, columns = _common(image, top, left, side)
    framed[rows.start - top : rows.stop - top, columns.start - left : columns.stop - left] = image[
        rows, columns
    ]
    return framed


def _put_back(painted: Uint8Array, image: Uint8Array, top: int, left: int) -> Uint8Array:
    whole = image.copy()
    rows, columns = _common(image, top, left, len(painted))
    whole[rows, columns] = painted[
        rows.start - top : rows.stop - top, columns.start - left : columns.stop - left
    ]
    return whole


def _common(image: Uint8Array, top: int, left: int, side: int) -> tuple[slice, slice]:
    return (
        slice(max(0, top), min(image.shape[0], top + side)),
        slice(max(0, left), min(image.shape[1], left + side)),
    )
