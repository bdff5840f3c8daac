"""What source, sequence, level or skull alone would tell about the label: counts and a table."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Final

import numpy as np

from ml.imaging.pixels import Float32Array
from ml.training.data.folder import Labeled
from ml.training.data.manifest import Slice
from ml.training.data.provenance import UNKNOWN
from ml.training.data.sampling import BoolArray, Epoch, IntArray


def level_of(item: Slice) -> str:
    """The plane and the quarter of the scan, or "unknown": quarters of two planes differ."""
    origin = item.provenance
    band = origin.level_band
    return UNKNOWN if UNKNOWN in (band, origin.plane) else f"{origin.plane} {band}"


# By name; the source is a family, as `ml.training.data.sampling` has them.
STRATA: Final[Mapping[str, Callable[[Slice, str], str]]] = MappingProxyType(
    {
        "source": lambda item, family: family,
        "sequence": lambda item, family: item.provenance.sequence,
        "level": lambda item, family: level_of(item),
        "stripped": lambda item, family: item.provenance.stripped,
    }
)


CHANCE: Final = 0.5  # both labels are given the same weight in all


def labels_of(epoch: Epoch, *, items: Sequence[Labeled]) -> BoolArray:
    """Whether each slice of an epoch counts as a tumor: bool, in the order of the epoch."""
    own = np.array([items[index].slice.tumor for index in epoch.indices.tolist()], dtype=np.bool_)
    return np.asarray((own & ~epoch.erased) | epoch.planted)


def guesses(
    items: Sequence[Labeled],
    *,
    families: Sequence[str],
    indices: IntArray,
    labels: BoolArray,
    weights: Float32Array,
) -> dict[str, float]:
    """What each stratum alone tells about the label among some slices.

    Args:
        items: all slices.
        families: of each of them.
        indices: of the slices, into `items`; one may be there several times.
        labels: whether each of them counts as a tumor.
        weights: of each of them.

    Returns:
        For each name in `STRATA` the accuracy of the best guess from it alone, where either label
        weighs half, so that 0.5 is chance; 1 where there is one label only.
    """
    found: dict[str, float] = {}
    for name, stratum_of in STRATA.items():
        counts: Counter[tuple[str, bool]] = Counter()
        for index, tumor, weight in zip(
            indices.tolist(), labels.tolist(), weights.tolist(), strict=True
        ):
            counts[stratum_of(items[index].slice, families[index]), tumor] += weight
        strata = {stratum for stratum, _ in counts}
        tumors = sum(counts[stratum, True] for stratum in strata)
        others = sum(counts[stratum, False] for stratum in strata)
        if not tumors or not others:
            found[name] = 1.0
            continue
        right = (max(counts[one, True] / tumors, counts[one, False] / others) for one in strata)
        found[name] = CHANCE * sum(right)
    return found


def guesses_in_epoch(
    epoch: Epoch, *, items: Sequence[Labeled], families: Sequence[str]
) -> dict[str, float]:
    """What each stratum alone tells about the label in an epoch, by the classifier's weights."""
    return guesses(
        items,
        families=families,
        indices=epoch.indices,
        labels=labels_of(epoch, items=items),
        weights=epoch.weights,
    )


def guesses_in_split(
    items: Sequence[Labeled], *, families: Sequence[str], split: str
) -> dict[str, float]:
    """What each stratum alone tells about the label in a split as it is; it holds a slice."""
    places = [index for index, item in enumerate(items) if item.split == split]
    return guesses(
        items,
        families=families,
        indices=np.array(places, dtype=np.int64),
        labels=np.array([items[index].slice.tumor for index in places], dtype=np.bool_),
        weights=np.ones(len(places), dtype=np.float32),
    )


def counted(
    items: Sequence[Labeled], *, families: Sequence[str], name: str
) -> dict[tuple[str, str], tuple[int, int]]:
    """Slices by split and stratum: how many with and without a tumor.

    Args:
        items: all slices.
        families: of each of them.
        name: one of `STRATA`.
    """
    found: dict[tuple[str, str], list[int]] = {}
    for item, family in zip(items, families, strict=True):
        pair = found.setdefault((item.split, STRATA[name](item.slice, family)), [0, 0])
        pair[0 if item.slice.tumor else 1] += 1
    return {key: (pair[0], pair[1]) for key, pair in sorted(found.items())}
