"""Draw an epoch that is balanced within each cell of source, sequence and level.

A cell with both labels gives as many slices of the one as of the other. Where a label is missing or
rare, a tumor slice whose lesion is painted over stands in for one without, and a slice into which
a lesion is set for one with. What then still has one label only may take a share of the epoch, and
tells its label by its cell.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from ml.training.data.folder import Labeled
from ml.training.data.hosts import may_host
from ml.training.data.sampling import (
    Epoch,
    IntArray,
    Pools,
    Sampling,
    draw,
    draw_epoch,
    family_of,
)
from ml.training.data.strata import level_of

Cell = tuple[str, str, str]

_REPEATS = 2  # how often a slice may be drawn before a painted or planted one stands in for it
_POWER = 0.5  # a cell's share of an epoch goes as the slices of its rarer label to this power


@dataclass(kw_only=True, slots=True)
class _Members:
    """The training slices of a cell; indices into the cache."""

    tumor: list[int] = field(default_factory=list)
    outlined: list[int] = field(default_factory=list)
    no_tumor: list[int] = field(default_factory=list)
    hosts: list[int] = field(default_factory=list)  # of those without: may be planted

    def pairs(self, *, plant: bool) -> int:
        """How many pairs of both labels the cell can give without giving a slice twice."""
        with_tumor = len(self.tumor) + (len(self.hosts) if plant else 0)
        return min(with_tumor, len(self.no_tumor) + len(self.outlined))


@dataclass(kw_only=True, slots=True)
class _Drawn:
    """The parts of an epoch, with what is to be done to them."""

    indices: list[IntArray] = field(default_factory=list)
    erased: list[npt.NDArray[np.bool_]] = field(default_factory=list)
    planted: list[npt.NDArray[np.bool_]] = field(default_factory=list)

    def add(self, indices: IntArray, *, erased: bool = False, planted: bool = False) -> None:
        self.indices.append(indices)
        self.erased.append(np.full(len(indices), erased))
        self.planted.append(np.full(len(indices), planted))


def cell_of(item: Labeled, *, sampling: Sampling) -> Cell:
    """Family, sequence and level of a slice; each may be "unknown"."""
    one = item.slice
    return family_of(one, sampling=sampling), one.provenance.sequence, level_of(one)


def draw_balanced_epoch(
    items: Sequence[Labeled], *, sampling: Sampling, seed: int, epoch: int, plant: bool = False
) -> Epoch:
    """The slices of an epoch, shuffled; the same seed and epoch always give the same.

    Args:
        items: all slices, in the order of the cache; those of the split `train` are drawn.
        sampling: `epoch_slices`; `mixed_share` is the least share of cells that give both labels,
            `planted_share` and `family_shares` are as it says, `single_weight` and `tumor_weight`
            are the weights.
        seed: of the run.
        epoch: counted from 0.
        plant: whether lesions are set into slices without one (`ml.training.data.hosts`). Who
            asks for it must do it: those slices count as tumors.
    """
    rng = np.random.default_rng([seed, epoch])
    cells: dict[Cell, _Members] = {}
    for index, item in enumerate(items):
        if item.split != "train":
            continue
        members = cells.setdefault(cell_of(item, sampling=sampling), _Members())
        if not item.slice.tumor:
            members.no_tumor.append(index)
            if may_host(item.slice):
                members.hosts.append(index)
            continue
        members.tumor.append(index)
        if item.slice.outlines:
            members.outlined.append(index)
    order = sorted(cells)
    mixed = [cells[cell] for cell in order if cells[cell].pairs(plant=plant)]
    single = [cells[cell] for cell in order if not cells[cell].pairs(plant=plant)]
    of_mixed = _with_shares(
        _parts([one.pairs(plant=plant) for one in mixed]),
        families=[cell[0] for cell in order if cells[cell].pairs(plant=plant)],
        shares=dict(sampling.family_shares),
    )
    of_single = _parts([len(one.tumor) + len(one.no_tumor) for one in single])
    share = of_mixed.sum() / (of_mixed.sum() + of_single.sum())
    if mixed:
        share = max(share, sampling.mixed_share)
    pairs = round(sampling.epoch_slices * share / 2)
    drawn = _Drawn()
    for members, count in zip(mixed, _dealt(of_mixed, pairs, rng), strict=True):
        _add_pairs(drawn, members, count, rng, planted=sampling.planted_share if plant else 0.0)
    both = sum(len(part) for part in drawn.indices)
    rest = sampling.epoch_slices - both
    for members, count in zip(single, _dealt(of_single, rest, rng), strict=True):
        drawn.add(draw(_array(members.tumor or members.no_tumor), count, rng))
    indices = np.concatenate(drawn.indices)
    erased, planted = np.concatenate(drawn.erased), np.concatenate(drawn.planted)
    weights = np.ones(len(indices), dtype=np.float32)
    weights[both:] = sampling.single_weight
    own = np.array([items[index].slice.tumor for index in indices.tolist()], dtype=np.bool_)
    weights[(own & ~erased) | planted] *= np.float32(sampling.tumor_weight)
    shuffled = rng.permutation(len(indices))
    return Epoch(
        indices=indices[shuffled],
        erased=erased[shuffled],
        planted=planted[shuffled],
        weights=weights[shuffled],
    )


def draw_settled_epoch(
    pools: Pools, *, items: Sequence[Labeled], sampling: Sampling, seed: int, epoch: int
) -> Epoch:
    """The slices of an epoch, balanced within what `sampling.balance` says.

    Args:
        pools: as `ml.training.data.sampling.make_pools` gives them.
        items, sampling, seed, epoch: as `draw_balanced_epoch` takes them.
    """
    if sampling.balance == "strata":
        return draw_balanced_epoch(
            items, sampling=sampling, seed=seed, epoch=epoch, plant=sampling.plant
        )
    return draw_epoch(pools, items=items, sampling=sampling, seed=seed, epoch=epoch)


def _add_pairs(
    drawn: _Drawn, members: _Members, count: int, rng: np.random.Generator, *, planted: float
) -> None:
    """Add `count` slices of each label, and stand-ins where the cell has too few.

    With `planted` other than a half, what lacks of tumors is made up in that share of both.
    """
    real = count
    if planted and members.hosts:
        real = min(count, _REPEATS * len(members.tumor))
    stand_ins = round(2.0 * planted * (count - real))
    drawn.add(draw(_array(members.tumor), real, rng))
    drawn.add(draw(_array(members.hosts), stand_ins, rng), planted=True)
    count += count - real - stand_ins
    real = count
    if members.outlined:
        real = min(count, _REPEATS * len(members.no_tumor))
    drawn.add(draw(_array(members.no_tumor), real, rng))
    drawn.add(draw(_array(members.outlined), count - real, rng), erased=True)


def _with_shares(
    parts: npt.NDArray[np.float64], *, families: Sequence[str], shares: Mapping[str, float]
) -> npt.NDArray[np.float64]:
    """The parts of cells, those of some families scaled to given shares of the whole."""
    scaled = parts.copy()
    own = np.array([shares.get(family, 0.0) for family in families])
    free = own == 0.0
    if free.all() or free.sum() == 0:
        return scaled
    rest = 1.0 - sum(shares[family] for family in set(families) & set(shares))
    for family in set(families) & set(shares):
        cells = np.array([one == family for one in families])
        scaled[cells] *= shares[family] / rest * parts[free].sum() / parts[cells].sum()
    return scaled


def _parts(slices: Sequence[int]) -> npt.NDArray[np.float64]:
    return np.array(slices, dtype=np.float64) ** _POWER


def _dealt(parts: npt.NDArray[np.float64], total: int, rng: np.random.Generator) -> Sequence[int]:
    """`total` dealt out by parts, so that over many epochs each gets exactly its own."""
    if not len(parts):
        return ()
    # One offset for all edges but the last: what is rounded away here is given there.
    edges = np.floor(np.cumsum(parts) / parts.sum() * total + rng.random()).astype(np.int64)
    edges[-1] = total
    counts: list[int] = np.diff(np.minimum(edges, total), prepend=0).tolist()
    return counts


def _array(values: list[int]) -> IntArray:
    return np.array(values, dtype=np.int64)
