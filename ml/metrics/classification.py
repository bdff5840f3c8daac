"""Figures of a classifier, from its scores and the truth."""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
import numpy.typing as npt

Float64Array: TypeAlias = npt.NDArray[np.float64]
BoolArray: TypeAlias = npt.NDArray[np.bool_]


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
    """The same as `expected_calibration_error` over bins of equal width.

    Args:
        probabilities: shape (N,), 0 to 1, of the positive class; N at least 1.
        truths: shape (N,), True for positives.
        bins: how many bins of the same width lie between 0 and 1.
    """
    place = np.minimum((probabilities * bins).astype(np.int64), bins - 1)
    gaps = np.bincount(place, weights=probabilities - truths, minlength=bins)
    return float(np.abs(gaps).sum() / probabilities.size)
