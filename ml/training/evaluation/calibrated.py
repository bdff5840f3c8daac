"""Does a probability come true as often as it says? Before the calibration and after it."""

from __future__ import annotations

from typing import Any, Final

import numpy as np

from ml.calibration import Calibration
from ml.metrics import BoolArray, Float64Array, expected_calibration_error, wilson_interval

BINS: Final = 10


def reliability(
    logits: Float64Array, truths: BoolArray, *, calibration: Calibration
) -> dict[str, Any]:
    """The reliability of the bare network and of the release.

    Args:
        logits: shape (N,), the network's.
        truths: shape (N,), True for tumors.
        calibration: the release's.

    Returns:
        `method`, and under `before` and `after`: `ece` (ten bins of equal count), `ece_equal_width`
        (ten bins of equal width), `brier`, `log_loss` and the `bins` of equal width.
    """
    return {
        "method": calibration.method,
        "slope": round(calibration.slope, 4),
        "intercept": round(calibration.intercept, 4),
        "doubt": round(calibration.doubt, 4),
        "before": _one(Calibration().probabilities(logits), truths),
        "after": _one(calibration.probabilities(logits), truths),
    }


def bins_of_equal_width(
    probabilities: Float64Array, truths: BoolArray, *, bins: int = BINS
) -> list[dict[str, Any]]:
    """The bins that hold images: mean probability promised, share that came true, its interval."""
    place = np.minimum((probabilities * bins).astype(int), bins - 1)
    rows = []
    for index in range(bins):
        inside = place == index
        n, true = int(inside.sum()), int(truths[inside].sum())
        if n:
            low, high = wilson_interval(true, n=n)
            rows.append(
                {
                    "promised": round(float(probabilities[inside].mean()), 4),
                    "true": round(true / n, 4),
                    "low": round(low, 4),
                    "high": round(high, 4),
                    "n": n,
                }
            )
    return rows


def _one(probabilities: Float64Array, truths: BoolArray) -> dict[str, Any]:
    rows = bins_of_equal_width(probabilities, truths)
    gaps = [row["n"] * abs(row["promised"] - row["true"]) for row in rows]
    said = np.clip(np.where(truths, probabilities, 1.0 - probabilities), 1e-12, 1.0)
    return {
        "ece": round(expected_calibration_error(probabilities, truths, bins=BINS), 4),
        "ece_equal_width": round(sum(gaps) / len(truths), 4),
        "brier": round(float(((probabilities - truths) ** 2).mean()), 4),
        "log_loss": round(float(-np.log(said).mean()), 4),
        "bins": rows,
    }
