"""Figures for judging a classifier, with intervals that stay honest for small counts."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Final, TypeAlias

import numpy as np
import numpy.typing as npt

Float64Array: TypeAlias = npt.NDArray[np.float64]
BoolArray: TypeAlias = npt.NDArray[np.bool_]

Z95: Final = 1.959963984540054  # two-sided 95 % point of the normal distribution


def auc(probabilities: Float64Array, truths: BoolArray) -> float:
    """Area under the ROC curve: how often a positive ranks above a negative, ties half.

    Args:
        probabilities: shape (N,), any monotone score.
        truths: shape (N,), True for positives; both values must occur.

    Raises:
        ValueError: only one of the two classes is there.
    """
    positives, negatives = int(truths.sum()), int((~truths).sum())
    if not positives or not negatives:
        raise ValueError("An AUC needs images of both classes.")
    _, inverse, counts = np.unique(probabilities, return_inverse=True, return_counts=True)
    ranks = (np.cumsum(counts) - (counts - 1) / 2.0)[inverse]  # the mean rank within a tie
    rank_sum = float(ranks[truths].sum())
    return (rank_sum - positives * (positives + 1) / 2.0) / (positives * negatives)


def auc_interval(value: float, *, positives: int, negatives: int) -> tuple[float, float]:
    """95 % interval of an AUC, method 5 of Newcombe 2006 (Stat Med 25:559-573).

    The usual intervals shrink to a point at an AUC of 1, however few images it rests on; this
    one, like Wilson's for a proportion, does not.
    """
    mean = (positives + negatives) / 2.0 - 1.0

    def deviation(theta: float) -> float:
        spread = (1.0 - theta) / (2.0 - theta) + theta / (1.0 + theta)
        return math.sqrt(theta * (1.0 - theta) / (positives * negatives) * (1.0 + mean * spread))

    low = _root(lambda theta: value - theta - Z95 * deviation(theta), low=0.0, high=value)
    high = _root(lambda theta: value - theta + Z95 * deviation(theta), low=value, high=1.0)
    return low, high


def wilson_interval(successes: int, *, n: int) -> tuple[float, float]:
    """95 % interval of a proportion (Wilson 1927); (0, 1) where n is 0."""
    if n == 0:
        return 0.0, 1.0
    share, z2 = successes / n, Z95**2
    center = (share + z2 / (2 * n)) / (1 + z2 / n)
    half = Z95 / (1 + z2 / n) * math.sqrt(share * (1 - share) / n + z2 / (4 * n * n))
    return max(0.0, center - half), min(1.0, center + half)


def expected_calibration_error(
    probabilities: Float64Array, truths: BoolArray, *, bins: int = 10
) -> float:
    """Mean gap between what was promised and what came true, over bins of equal count.

    Args:
        probabilities: shape (N,), 0 to 1, of the positive class; N at least 1.
        truths: shape (N,), True for positives.
        bins: how many bins, from the lowest probabilities to the highest.

    Returns:
        0 (perfect) to 1; the bins weigh by their number of images.
    """
    order = np.argsort(probabilities, kind="stable")
    total = 0.0
    for part in np.array_split(order, bins):
        if part.size:
            total += part.size * abs(float(probabilities[part].mean() - truths[part].mean()))
    return total / probabilities.size


def equal_width_calibration_error(
    probabilities: Float64Array, truths: BoolArray, *, bins: int = 10
) -> float:
    """The same as `expected_calibration_error` over bins of equal width."""
    place = np.minimum((probabilities * bins).astype(np.int64), bins - 1)
    gaps = np.bincount(place, weights=probabilities - truths, minlength=bins)
    return float(np.abs(gaps).sum() / probabilities.size)


def _root(function: Callable[[float], float], *, low: float, high: float) -> float:
    """Where a function that falls through 0 between `low` and `high` does so (bisection)."""
    for _ in range(60):
        middle = (low + high) / 2.0
        if function(middle) > 0.0:
            low = middle
        else:
            high = middle
    return (low + high) / 2.0
