"""How often a release turns away images of other things: drawings that no fit has seen.

The gate is fitted on drawings of the same families (`ml.training.gate_negatives`), from another
seed. So this says how it knows them again, and is no promise for families that nobody drew.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from ml.metrics.intervals import wilson_interval
from ml.predictor import Abstention, Predictor
from ml.training.gate_negatives import FITTED, draw

EACH: Final = 12  # drawings of each family
SEED: Final = 2  # not the one that the gate is fitted with
_BATCH: Final = 8


def read_drawings(predictor: Predictor) -> list[dict[str, Any]]:
    """What the release says of each drawing: `family`, and `reason` or None where it has a word."""
    drawn = list(draw(FITTED, each=EACH, seed=SEED))
    rows = []
    for first in range(0, len(drawn), _BATCH):
        part = drawn[first : first + _BATCH]
        results = predictor.predict_many([image for _, image in part])
        rows += [
            {"family": family, "reason": result.reason if isinstance(result, Abstention) else None}
            for (family, _), result in zip(part, results, strict=True)
        ]
    return rows


def refusals(rows: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """The share of drawings turned away, with Wilson's interval, and the families that got by.

    The interval counts drawings. Those of a family are alike, so it is narrower than one over
    families would be, and says nothing of families that are not among them.
    """
    refused = sum(row["reason"] is not None for row in rows)
    low, high = wilson_interval(refused, n=len(rows))
    passed = [row["family"] for row in rows if row["reason"] is None]
    return {
        "share": {
            "value": refused / len(rows) if rows else None,
            "low": low,
            "high": high,
            "n": len(rows),
        },
        "families": len({row["family"] for row in rows}),
        "passed": {family: passed.count(family) for family in sorted(set(passed))},
    }
