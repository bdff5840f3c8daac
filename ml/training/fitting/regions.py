"""Choose how the lesion decoder's map becomes suspected regions, on the validation split.

A region on a slice without a tumor sends a reader looking for nothing, so their rate is bounded
first; among the settings within the bound, the one whose regions cover the outlines best is taken.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

from ml.architectures.vgg16.decoder import DECODER_FILE
from ml.imaging.pixels import Float32Array, Uint8Array
from ml.imaging.regions import apart
from ml.metrics.calibration import logit_of
from ml.release.parts import RegionSettings

MOST_FALSE: Final = 0.05  # of the slices without a tumor may have a region
THRESHOLDS: Final = tuple(round(0.05 * step, 2) for step in range(2, 20))
LEAST_CELLS: Final = (2, 4, 6, 8, 12, 16, 24)  # of 56 x 56; a cell is 1.8 % of the input's width


@dataclass(frozen=True, kw_only=True, slots=True)
class FittedRegions:
    """The settings chosen, and what they do on the slices that they were chosen on.

    Attributes:
        settings: for release.json.
        dice: mean over the tumors with an outline, 0 to 1; 0 where nothing was found.
        found: share of those tumors of which a region covers a part.
        false_regions: share of the slices without a tumor that have a region.
        outlined, no_tumor: how many slices of each kind they rest on.
    """

    settings: RegionSettings
    dice: float
    found: float
    false_regions: float
    outlined: int
    no_tumor: int


@dataclass(frozen=True, kw_only=True, slots=True)
class _Sets:
    """The connected sets of one slice at one threshold: cells, and pixels of the lesion's mask."""

    cells: npt.NDArray[np.int64]
    pixels: npt.NDArray[np.int64]
    common: npt.NDArray[np.int64]


def fit(
    maps: Float32Array,
    lesions: Sequence[Uint8Array | None],
    *,
    most_false: float = MOST_FALSE,
    file: str = DECODER_FILE,
) -> FittedRegions:
    """Choose the threshold and the least size.

    Args:
        maps: the decoder's logits, float32, shape (N, n, n).
        lesions: for each slice its lesion on the network's input grid (`Cache.mask`): uint8, 1 in
            the lesion; all 0 where there is no tumor; None where there is one without an outline.
        most_false: bound on `FittedRegions.false_regions`. Where no setting keeps it, the one
            with the fewest false regions is taken.
        file: the decoder's file in the release.

    Raises:
        ValueError: there is no slice with an outline, or none without a tumor.
    """
    known = [(row, lesion) for row, lesion in zip(maps, lesions, strict=True) if lesion is not None]
    if not any(lesion.any() for _, lesion in known) or all(lesion.any() for _, lesion in known):
        raise ValueError("Slices with an outline and slices without a tumor are needed, both.")
    tried = []
    for threshold in THRESHOLDS:
        sets = [
            (_measure(row, lesion, threshold=threshold), int(lesion.sum())) for row, lesion in known
        ]
        for least_cells in LEAST_CELLS:
            settings = RegionSettings(file=file, threshold=threshold, least_cells=least_cells)
            tried.append(_evaluate(sets, settings=settings))
    return min(
        tried, key=lambda one: (max(0.0, one.false_regions - most_false), -one.dice, -one.found)
    )


def _measure(logits: Float32Array, lesion: Uint8Array, *, threshold: float) -> _Sets:
    level = logit_of(threshold)
    rows = []
    for own, alone in apart(logits, level=level):
        large = cv2.resize(alone, lesion.shape[::-1], interpolation=cv2.INTER_LINEAR)
        inside = np.greater_equal(large, level)
        common = np.count_nonzero(inside & lesion.astype(np.bool_)) if lesion.any() else 0
        rows.append((np.count_nonzero(own), np.count_nonzero(inside), common))
    table = np.array(rows, dtype=np.int64).reshape(-1, 3)
    return _Sets(cells=table[:, 0], pixels=table[:, 1], common=table[:, 2])


def _evaluate(sets: Sequence[tuple[_Sets, int]], *, settings: RegionSettings) -> FittedRegions:
    dice, found, false = [], [], []
    for one, lesion in sets:
        kept = one.cells >= settings.least_cells
        if lesion:
            common = int(one.common[kept].sum())
            dice.append(2.0 * common / (int(one.pixels[kept].sum()) + lesion))
            found.append(common > 0)
        else:
            false.append(bool(kept.any()))
    return FittedRegions(
        settings=settings,
        dice=float(np.mean(dice)),
        found=float(np.mean(found)),
        false_regions=float(np.mean(false)),
        outlined=len(dice),
        no_tumor=len(false),
    )
