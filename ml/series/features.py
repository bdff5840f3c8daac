"""The few numbers that a series is judged by, from the evidence of its slices.

A single slice errs; a lesion reaches through several, at one place. So the slices' logits are
averaged with their neighbors', and so are the decoder's maps, laid upon one another; what then
lies above a level and hangs together in three dimensions is one suspected region of the series.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Final

import numpy as np

from ml.series.evidence import SliceEvidence
from ml.series.volume import connected, lay, smoothed

_WIDTH_MM: Final = 6.0  # of the average over neighbors: at 5 mm each weighs half of the slice
_LEVEL: Final = 0.0  # of the averaged map: the release's threshold of suspected regions
_SURE: Final = 8.0  # beyond it a slice's logit says nothing more
_CARRIES: Final = 0.25  # of the strongest slice's share in the region
_LEAST_MASS: Final = 0.01  # head's square times mm: a lesion of 8 mm


@dataclass(frozen=True, kw_only=True, slots=True)
class Features:
    """What the rule weighs.

    Attributes:
        slices: highest logit of a slice, averaged with its neighbors'.
        contrast: how far it lies above the lower quartile of these: the rest of the same scan.
        peak: highest logit of the averaged maps.
        mass: of the strongest region, log(1 + its size in shares of the head's square times mm,
            weighed by the decoder's scores, over that of a lesion of 8 mm); 0 where there is none.
    """

    slices: float
    contrast: float
    peak: float
    mass: float


FEATURES: Final = tuple(field.name for field in fields(Features))


@dataclass(frozen=True, kw_only=True, slots=True)
class Measured:
    """The features of a series, with the slices that they come from.

    Attributes:
        features: see there.
        carrying: places of the slices that speak most for a tumor, in order.
        peak: the strongest of them.
    """

    features: Features
    carrying: tuple[int, ...]
    peak: int


def measure(slices: Mapping[int, SliceEvidence], *, spacing_mm: float, step: int = 1) -> Measured:
    """Measure a series, or one of the coarser ones that a fine one is made of.

    Args:
        slices: by place, each with a logit and a map; at least one.
        spacing_mm: from one place to the next.
        step: from one of these slices to the next, in places.

    Raises:
        SizesDifferError: the images are not of one size.
        ValueError: a map is missing or broken.
    """
    places = sorted(slices)
    ordered = [slices[place] for place in places]
    positions = [spacing_mm * place for place in places]
    held = np.array([one.logit for one in ordered], dtype=np.float32).clip(-_SURE, _SURE)
    logits = smoothed(held, positions, width=_WIDTH_MM)
    volume = lay(ordered)
    maps = smoothed(volume.logits, positions, width=_WIDTH_MM)
    numbers = connected(maps >= _LEVEL, [place // step for place in places])
    scores = np.where(numbers > 0, 1.0 / (1.0 + np.exp(-maps.astype(np.float64))), 0.0)
    unit = volume.cell_share * spacing_mm * step
    masses = unit * np.bincount(numbers.ravel(), weights=scores.ravel(), minlength=2)
    strongest = 1 + int(np.argmax(masses[1:]))
    in_slices = (scores * (numbers == strongest)).sum(axis=(1, 2))
    hottest = int(np.argmax(logits))
    peak, carrying = hottest, {hottest}
    if in_slices.max() > 0.0:
        peak = int(np.argmax(in_slices))
        carrying |= set(np.flatnonzero(in_slices >= _CARRIES * in_slices[peak]).tolist())
    highest = float(logits[hottest])
    return Measured(
        features=Features(
            slices=highest,
            contrast=highest - float(np.quantile(logits, 0.25)),
            peak=float(maps.max()),
            mass=float(np.log1p(masses[strongest] / _LEAST_MASS)),
        ),
        carrying=tuple(places[index] for index in sorted(carrying)),
        peak=places[peak],
    )
