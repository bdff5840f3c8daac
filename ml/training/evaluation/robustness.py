"""How many labels turn when the image is changed as little as another export would change it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from ml.metrics.classification import BoolArray
from ml.training.augmentation.perturbation import Perturbation
from ml.training.augmentation.robustness_set import ROBUSTNESS
from ml.training.evaluation.bootstrap import Bootstrap
from ml.training.evaluation.passes import Row


def robustness(
    unchanged: Sequence[Row],
    changed: Mapping[str, Sequence[Row]],
    *,
    truths: BoolArray,
    bootstrap: Bootstrap,
    changes: Sequence[Perturbation] = ROBUSTNESS,
) -> dict[str, Any]:
    """Stability of the answered slices under each change.

    An answer is stable where the changed image gets the same label. Where it gets the other one it
    turned; where it gets none the release abstained.

    Returns:
        `changes`, a row a change, and `every_mild`: slices whose label every mild change leaves.
    """
    answered = np.array(["label" in row for row in unchanged], dtype=bool)
    every = np.ones(len(unchanged), dtype=bool)
    turned_by_any = np.zeros(len(unchanged), dtype=bool)
    rows = []
    for change in changes:
        after = changed[change.name]
        pairs = list(zip(unchanged, after, strict=True))
        same = np.array(["label" in b and a.get("label") == b["label"] for a, b in pairs])
        silent = np.array(["label" not in b for _, b in pairs])
        turned = answered & ~same & ~silent
        if change.level == "mild":
            every &= same
            turned_by_any |= turned
        called = np.array([row.get("label") == "tumor" for row in after], dtype=bool)
        moved = [
            abs(a["probability"] - b["probability"])
            for a, b in pairs
            if "label" in a and "label" in b
        ]
        rows.append(
            {
                "change": change.name,
                "words": change.words,
                "level": change.level,
                "stable": bootstrap.share(same, among=answered).to_json(),
                "turned": int(turned.sum()),
                "turned_to_tumor": int((turned & called).sum()),
                "abstained": int((answered & silent).sum()),
                "accuracy": bootstrap.share(called == truths, among=answered & ~silent).to_json(),
                "median_move": round(float(np.median(moved)), 4) if moved else None,
            }
        )
    return {
        "changes": rows,
        "every_mild": bootstrap.share(every, among=answered).to_json(),
        "turned_by_any_mild": int(turned_by_any.sum()),
    }
