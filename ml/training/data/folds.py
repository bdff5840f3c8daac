"""Whole sources held out in turn, to choose by what a network does in a hospital it never saw."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from ml.training.data.folder import Labeled
from ml.training.data.manifest import DataError

FOLDS: Final = 5
_TRAINED: Final = ("train", "val")  # both, so that the folds do not depend on how they are split
_NAME: Final = re.compile(r"fold-(\d+)-of-(\d+)")


def source_folds(
    items: Sequence[Labeled], *, families: Sequence[str], folds: int = FOLDS
) -> tuple[tuple[str, ...], ...]:
    """Deal the families of the splits `train` and `val` out to folds.

    First those with tumors, the largest first, each to the fold with the fewest tumors; then those
    without, each to the fold with the fewest other slices. So a fold has both labels wherever there
    are as many families with tumors as folds.

    Args:
        items: all slices.
        families: of each of them.
        folds: how many; at least two.

    Raises:
        DataError: there are fewer families than folds.
    """
    tumors: dict[str, int] = {}
    others: dict[str, int] = {}
    for item, family in zip(items, families, strict=True):
        if item.split in _TRAINED:
            tumors[family] = tumors.get(family, 0) + item.slice.tumor
            others[family] = others.get(family, 0) + (not item.slice.tumor)
    if not 2 <= folds <= len(tumors):
        raise DataError(f"{len(tumors)} sources cannot be dealt out to {folds} folds.")
    dealt: list[list[str]] = [[] for _ in range(folds)]
    for counts, members in (
        (tumors, [family for family in tumors if tumors[family]]),
        (others, [family for family in tumors if not tumors[family]]),
    ):
        for family in sorted(members, key=lambda name: (-counts[name], name)):
            least = min(dealt, key=lambda fold: (sum(counts[one] for one in fold), len(fold)))
            least.append(family)
    return tuple(tuple(fold) for fold in dealt)


def held_out(name: str, *, items: Sequence[Labeled], families: Sequence[str]) -> tuple[str, ...]:
    """The families that a name stands for: one of them, or `fold-2-of-5`.

    Raises:
        DataError: there is neither such a family in `train` and `val` nor such a fold.
    """
    match = _NAME.fullmatch(name)
    if match:
        number, folds = int(match[1]), int(match[2])
        dealt = source_folds(items, families=families, folds=folds)
        if not 1 <= number <= folds:
            raise DataError(f"There is no {name}: folds are counted from 1 to {folds}.")
        return dealt[number - 1]
    known = sorted(
        {one for item, one in zip(items, families, strict=True) if item.split in _TRAINED}
    )
    if name not in known:
        raise DataError(
            f"There is no source {name!r} to hold out; there are {', '.join(known)}, and folds "
            "such as fold-1-of-5."
        )
    return (name,)
