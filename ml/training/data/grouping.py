"""What belongs together: slices of one patient or one cluster of near-duplicates."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy.sparse import csr_array
from scipy.sparse.csgraph import connected_components

from ml.training.data.manifest import Slice


def groups(slices: Sequence[Slice]) -> list[int]:
    """The group of each slice: what has a patient or a cluster in common is of one.

    Patients and clusters are those of a folder. What may only be looked at joins nothing that is
    trained on: a bridge over it would move training slices.
    """
    first: dict[tuple[str, ...], int] = {}
    links = []
    for place, item in enumerate(slices):
        origin = item.provenance
        for name, value in (("patient", origin.patient), ("cluster", item.cluster)):
            if value:
                key = (origin.role, origin.folder, name, value)
                links.append((place, first.setdefault(key, place)))
    rows, columns = np.array(links, dtype=np.int64).reshape(-1, 2).T
    matrix = csr_array((np.ones(len(rows)), (rows, columns)), shape=(len(slices), len(slices)))
    _, component = connected_components(matrix, directed=False)
    return [int(one) for one in component]
