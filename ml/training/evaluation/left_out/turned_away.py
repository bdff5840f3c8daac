"""What is no brain MRI: how much of each kind the release turns away."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from ml.metrics.intervals import wilson_interval
from ml.training.data.described import is_described, read_negatives
from ml.training.data.folder import VALIDATE
from ml.training.data.folders import EVERYTHING
from ml.training.data.manifest import Slice
from ml.training.evaluation.passes import Row


def read_others(folders: Sequence[Path], *, split: str) -> list[Slice]:
    """The images of the folders that are no brain MRI, as slices without a tumor.

    Args:
        folders: of which those with a manifest that has roles name such images.
        split: "validate" is those that only figures were chosen by, "all" is all; of any other
            there are none, since the gate is fitted on the rest.

    Raises:
        DataError: a manifest cannot be read.
    """
    if split not in (VALIDATE, EVERYTHING):
        return []
    return [
        Slice(
            path=item.path,
            source=item.source,
            kind=item.kind,
            tumor=False,
            cluster=f"{folder.resolve().name}/{item.provenance.file}",
            outlines=(),
            provenance=replace(item.provenance, folder=folder.resolve().name),
        )
        for folder in folders
        if is_described(folder)
        for item in read_negatives(folder)
        if split == EVERYTHING or item.use == "look"
    ]


def turned_away(slices: Sequence[Slice], rows: Sequence[Row]) -> dict[str, Any] | None:
    """The share turned away, of all and by kind, with Wilson's interval, which counts images.

    Returns:
        `all` and `kinds`: each `kind`, `n`, and `share` with `value`, `low`, `high`; None where
        there is no image.
    """
    if not slices:
        return None
    kinds = np.array([item.kind for item in slices])
    away = np.array(["reason" in row for row in rows], dtype=bool)
    return {
        "all": _share(away),
        "kinds": [
            {"kind": str(kind), **_share(away[kinds == kind])} for kind in sorted(set(kinds))
        ],
    }


def _share(away: np.ndarray[Any, np.dtype[np.bool_]]) -> dict[str, Any]:
    n, count = len(away), int(away.sum())
    low, high = wilson_interval(count, n=n)
    share = {"value": count / n, "low": low, "high": high}
    return {"n": n, "share": {name: round(value, 4) for name, value in share.items()}}
