"""Does a probability come true as often as it says? Before the calibration and after it."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, Final

import numpy as np

from ml.metrics.calibration import Calibration
from ml.metrics.classification import (
    BoolArray,
    Float64Array,
    equal_width_calibration_error,
    expected_calibration_error,
)
from ml.metrics.intervals import wilson_interval
from ml.training.evaluation.bootstrap import Bootstrap, Estimate
from ml.training.evaluation.measures import of_resamples

BINS: Final = 10


def reliability(
    logits: Float64Array,
    truths: BoolArray,
    *,
    calibration: Calibration,
    bootstrap: Bootstrap,
    among: BoolArray,
) -> dict[str, Any]:
    """The reliability of the bare network and of the release.

    Args:
        logits: shape (N,), the network's.
        truths: shape (N,), True for tumors.
        calibration: the release's.
        bootstrap: resamples of all slices of the split.
        among: bool, which of them these N are.

    Returns:
        `method`, and under `before` and `after`: `ece` (ten bins of equal count), `ece_equal_width`
        (ten bins of equal width), `brier`, `log_loss`, the `intervals` of these four (`low` and
        `high`), and the `bins` of equal width.
    """
    return {
        "method": calibration.method,
        "slope": round(calibration.slope, 4),
        "intercept": round(calibration.intercept, 4),
        "doubt": round(calibration.doubt, 4),
        **{
            when: _one(one.probabilities(logits), truths, bootstrap=bootstrap, among=among)
            for when, one in (("before", Calibration()), ("after", calibration))
        },
    }


def bins_of_equal_width(
    probabilities: Float64Array, truths: BoolArray, *, bins: int = BINS
) -> list[dict[str, Any]]:
    """The bins that hold images: mean probability promised, share that came true, its interval.

    The intervals are Wilson's and count slices; most bins have too few clusters to draw them.
    """
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


def _one(
    probabilities: Float64Array, truths: BoolArray, *, bootstrap: Bootstrap, among: BoolArray
) -> dict[str, Any]:
    def resampled(figure: Callable[..., float]) -> Estimate:
        one = partial(figure, bins=BINS)
        return bootstrap.estimate(of_resamples(one, probabilities, truths), among=among)

    def mean(values: Float64Array) -> Estimate:
        spread = np.zeros(len(among))
        spread[among] = values
        return bootstrap.mean(spread, among=among)

    of_the_truth = np.clip(np.where(truths, probabilities, 1.0 - probabilities), 1e-12, 1.0)
    found = {
        "ece": resampled(expected_calibration_error).to_json(),
        "ece_equal_width": resampled(equal_width_calibration_error).to_json(),
        "brier": mean((probabilities - truths) ** 2).to_json(),
        "log_loss": mean(-np.log(of_the_truth)).to_json(),
    }
    return {
        **{name: figure["value"] for name, figure in found.items()},
        "intervals": {
            name: {end: figure[end] for end in ("low", "high")} for name, figure in found.items()
        },
        "bins": bins_of_equal_width(probabilities, truths),
    }
