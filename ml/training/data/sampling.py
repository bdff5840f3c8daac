"""Draw an epoch in which the source does not give the label away, and show that it does not."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from ml.imaging.pixels import Float32Array
from ml.training.data.folder import Labeled
from ml.training.data.manifest import Slice

IntArray = npt.NDArray[np.int64]
BoolArray = npt.NDArray[np.bool_]


@dataclass(frozen=True, kw_only=True, slots=True)
class Sampling:
    """How an epoch is drawn so that the source does not give the label away.

    A family is a set of sources that look alike. Only within a family that has both tumors and
    none can a network learn the one from the other.

    Attributes:
        epoch_slices: slices in an epoch.
        mixed_share: share of an epoch drawn from families with both labels, half and half.
        outlined_share: of the rest, the share of slices whose lesion has an outline.
        erase_share: of the outlined tumors of families with one label, the share whose lesion is
            painted over; they count as slices without a tumor, which their family lacks.
        single_weight: weight in the classifier's loss of slices of families with one label.
        tumor_weight: further weight of tumor slices in the classifier's loss.
        families: (source, class, family) for slices whose family is not their source.
        plant: whether lesions are set into slices without one, where a cell lacks tumors; with
            `balance` "strata" alone.
        planted_share: of the slices of a cell that lacks tumors, how many are planted. Half hides
            the label from who knows the cell; fewer keep the threshold of the slices as they are.
        family_shares: (family, least share of an epoch) for families that must not drown among the
            many cells of others; with `balance` "strata" alone.
        balance: what an epoch is balanced within: "families", as above, or "strata": cells of
            family, sequence and level, as `ml.training.data.balanced` draws them.
    """

    epoch_slices: int = 1536
    mixed_share: float = 0.68
    outlined_share: float = 0.8
    erase_share: float = 0.35
    single_weight: float = 0.7
    tumor_weight: float = 1.0
    families: tuple[tuple[str, str, str], ...] = (("four-class", "no_tumor", "br35h"),)
    balance: Literal["families", "strata"] = "families"
    plant: bool = False
    planted_share: float = 0.5
    family_shares: tuple[tuple[str, float], ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Pools:
    """The training slices by what they may teach; indices into the cache.

    Attributes:
        tumor, no_tumor: of families that have both labels.
        outlined, plain: of families that have one label, with and without a known outline.
        families: the family of each index, for all indices of the cache.
    """

    tumor: IntArray
    no_tumor: IntArray
    outlined: IntArray
    plain: IntArray
    families: tuple[str, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Epoch:
    """The slices of an epoch in order.

    Attributes:
        indices: into the cache.
        erased: whether the lesion is painted over and the slice counts as without a tumor.
        planted: whether a lesion is set into it and the slice counts as with a tumor.
        weights: in the classifier's loss.
    """

    indices: IntArray
    erased: BoolArray
    planted: BoolArray
    weights: Float32Array


def family_of(item: Slice, *, sampling: Sampling) -> str:
    """The family of a slice: its source, where `sampling.families` does not say otherwise."""
    for source, kind, family in sampling.families:
        if (item.source, item.kind) == (source, kind):
            return family
    return item.source


def make_pools(items: Sequence[Labeled], *, sampling: Sampling) -> Pools:
    """Sort the slices of the split `train`.

    Args:
        items: all slices, in the order of the cache.
        sampling: whose `families` say which slices are not of their source's family.
    """
    families = tuple(family_of(item.slice, sampling=sampling) for item in items)
    train = [index for index, item in enumerate(items) if item.split == "train"]
    labels: dict[str, set[bool]] = {}
    for index in train:
        labels.setdefault(families[index], set()).add(items[index].slice.tumor)
    mixed = [index for index in train if len(labels[families[index]]) == 2]
    single = [index for index in train if len(labels[families[index]]) == 1]
    known = [bool(item.slice.outlines) or not item.slice.tumor for item in items]
    return Pools(
        tumor=_array(index for index in mixed if items[index].slice.tumor),
        no_tumor=_array(index for index in mixed if not items[index].slice.tumor),
        outlined=_array(index for index in single if known[index]),
        plain=_array(index for index in single if not known[index]),
        families=families,
    )


def draw_epoch(
    pools: Pools, *, items: Sequence[Labeled], sampling: Sampling, seed: int, epoch: int
) -> Epoch:
    """The slices of an epoch, shuffled; the same seed and epoch always give the same.

    Args:
        pools: as `make_pools` gives them.
        items: all slices, in the order of the cache.
        sampling: the shares and weights.
        seed: of the run.
        epoch: counted from 0.
    """
    rng = np.random.default_rng([seed, epoch])
    total = sampling.epoch_slices
    single = len(pools.outlined) + len(pools.plain)
    mixed = len(pools.tumor) + len(pools.no_tumor)
    share = (sampling.mixed_share if single else 1.0) if mixed else 0.0
    half = round(total * share / 2)
    rest = total - 2 * half
    outlined = round(rest * sampling.outlined_share) if len(pools.plain) else rest
    outlined = outlined if len(pools.outlined) else 0
    parts = (
        draw(pools.tumor, half, rng),
        draw(pools.no_tumor, half, rng),
        draw(pools.outlined, outlined, rng),
        draw(pools.plain, rest - outlined, rng),
    )
    indices = rng.permutation(np.concatenate(parts))
    may = np.isin(indices, pools.outlined)
    may &= np.array([items[index].slice.tumor for index in indices.tolist()], dtype=np.bool_)
    erased = may & (rng.random(len(indices)) < sampling.erase_share)
    weights = np.ones(len(indices), dtype=np.float32)
    weights[np.isin(indices, np.concatenate([pools.outlined, pools.plain]))] = (
        sampling.single_weight
    )
    tumor = np.array([items[index].slice.tumor for index in indices.tolist()]) & ~erased
    weights[tumor] *= np.float32(sampling.tumor_weight)
    planted = np.zeros(len(indices), dtype=np.bool_)
    return Epoch(indices=indices, erased=erased, planted=planted, weights=weights)


def source_report(epoch: Epoch, *, items: Sequence[Labeled], pools: Pools) -> dict[str, object]:
    """How well the family alone tells the label in an epoch, by count and by weight.

    Returns:
        JSON: for each family the slices and weights with and without a tumor, and the accuracy of
        the best guess from the family, within families that have both labels (0.5 is chance) and
        over all, beside that of the training split as it is.
    """
    slices: Counter[tuple[str, bool]] = Counter()
    weight: Counter[tuple[str, bool]] = Counter()
    for index, erased, value in zip(
        epoch.indices.tolist(), epoch.erased.tolist(), epoch.weights.tolist(), strict=True
    ):
        key = (pools.families[index], items[index].slice.tumor and not erased)
        slices[key] += 1
        weight[key] += value
    everything = Counter(
        (pools.families[index], item.slice.tumor)
        for index, item in enumerate(items)
        if item.split == "train"
    )
    return {
        "families": {
            family: {
                "tumor": {"slices": slices[family, True], "weight": weight[family, True]},
                "no_tumor": {"slices": slices[family, False], "weight": weight[family, False]},
            }
            for family in sorted({family for family, _ in slices})
        },
        "lesions_erased": int(epoch.erased.sum()),
        "guess_from_family": {
            "drawn": _best_guess(slices),
            "drawn_by_weight": _best_guess(weight),
            "split_as_it_is": _best_guess(everything),
        },
    }


def _best_guess(counts: Counter[tuple[str, bool]]) -> float:
    families = {family for family, _ in counts}
    right = sum(max(counts[family, True], counts[family, False]) for family in families)
    return float(right / counts.total())


def _array(values: Iterable[int]) -> IntArray:
    return np.fromiter(values, dtype=np.int64)


def draw(pool: IntArray, count: int, rng: np.random.Generator) -> IntArray:
    """`count` of a pool, each as often as any other, or once more; none of an empty pool."""
    if not count or not len(pool):
        return pool[:0]
    whole, rest = divmod(count, len(pool))
    return np.concatenate([*[pool] * whole, rng.choice(pool, rest, replace=False)])
