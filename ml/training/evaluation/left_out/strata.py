"""What each slice is counted under: source, sequence, level, skull, kind of head, lesion's size."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from ml.metrics.classification import BoolArray
from ml.training.data.grouping import groups
from ml.training.data.manifest import Slice
from ml.training.data.provenance import UNKNOWN
from ml.training.data.strata import level_of
from ml.training.evaluation.passes import Row

TUMOR: Final = "tumor"
HEALTHY: Final = "healthy"
TUMOR_HEAD: Final = "tumor-head"  # a slice without a tumor, of a head that has one elsewhere
NO_TUMOR: Final = "no-tumor"  # of what head is not known
DISEASES: Final = ("ms", "stroke")  # kinds of a data folder that are no tumor and not healthy
# Of the head's pixels; from which share on a lesion is called so.
SIZES: Final = (("under 2 %", 0.0), ("2 to 6 %", 0.02), ("over 6 %", 0.06))
# What figures are given by; two together where one hides what the other shows.
BY: Final = (
    ("source",),
    ("sequence",),
    ("level",),
    ("skull",),
    ("kind",),
    ("lesion",),
    ("source", "sequence"),
    ("kind", "sequence"),
    ("kind", "level"),
    ("lesion", "sequence"),
)
_SKULL: Final = {"yes": "removed", "no": "there"}


@dataclass(frozen=True, kw_only=True, slots=True)
class Facts:
    """What is known of each of N slices before anything is read.

    Attributes:
        kinds: `TUMOR`, `HEALTHY`, `TUMOR_HEAD`, `NO_TUMOR`, or a disease that is no tumor.
        units: what a resample draws: the same for slices of one patient or cluster.
        scans: the same for slices of one scan, empty where that is not known.
    """

    kinds: tuple[str, ...]
    units: tuple[str, ...]
    scans: tuple[str, ...]

    def some(self, places: Sequence[int]) -> Facts:
        """Those of some slices."""
        return Facts(
            kinds=tuple(self.kinds[place] for place in places),
            units=tuple(self.units[place] for place in places),
            scans=tuple(self.scans[place] for place in places),
        )


def facts_of(slices: Sequence[Slice]) -> Facts:
    """The facts of slices; to be asked of all, before a sample is drawn.

    A head is healthy where no slice of it shows a tumor or another disease that its folder names.
    """
    with_tumor = {_head(item) for item in slices if item.tumor and item.provenance.patient}
    with_tumor |= {_head(item) for item in slices if item.provenance.tumor_in_head}
    return Facts(
        kinds=tuple(_kind(item, with_tumor=with_tumor) for item in slices),
        units=tuple(str(group) for group in groups(slices)),
        scans=tuple(_scan(item) for item in slices),
    )


def strata_of(
    slices: Sequence[Slice], rows: Sequence[Row], *, facts: Facts
) -> dict[str, tuple[str, ...]]:
    """For each name that occurs in `BY`, what each slice is counted under; "" for nothing.

    Args:
        slices, rows: what was read, and what the unchanged pass says of it.
        facts: of the same slices.
    """
    return {
        "source": tuple(item.source for item in slices),
        "sequence": tuple(item.provenance.sequence for item in slices),
        "level": tuple(level_of(item) for item in slices),
        "skull": tuple(_SKULL.get(item.provenance.stripped, UNKNOWN) for item in slices),
        "kind": facts.kinds,
        "lesion": tuple(
            size_of(row["share_of_head"]) if "share_of_head" in row else "" for row in rows
        ),
    }


def size_of(share: float) -> str:
    """The class of a lesion by its share of the head."""
    return [name for name, least in SIZES if share >= least][-1]


def members(
    strata: Mapping[str, Sequence[str]], by: Sequence[str]
) -> dict[tuple[str, ...], BoolArray]:
    """The slices under each combination that occurs, sorted by name; bool, shape (N,)."""
    combined = list(zip(*(strata[name] for name in by), strict=True))
    found = sorted({one for one in combined if all(one)})
    return {one: np.array([other == one for other in combined], dtype=bool) for one in found}


def _kind(item: Slice, *, with_tumor: set[tuple[str, str]]) -> str:
    if item.tumor:
        return TUMOR
    if item.kind in DISEASES:
        return item.kind
    if not item.provenance.patient:
        return NO_TUMOR
    return TUMOR_HEAD if _head(item) in with_tumor else HEALTHY


def _head(item: Slice) -> tuple[str, str]:
    return item.provenance.folder, item.provenance.patient


def _scan(item: Slice) -> str:
    origin = item.provenance
    if origin.stack:
        return f"{origin.folder}/{origin.stack}"
    if not origin.patient or origin.sequence == UNKNOWN:
        return ""
    return f"{origin.folder}/{origin.patient}/{origin.sequence}"
