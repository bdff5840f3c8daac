"""Figures of a classifier over many resamples at once (`ml.training.evaluation.bootstrap`)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from ml.metrics.classification import BoolArray, Float64Array
from ml.training.evaluation.bootstrap import Measure


@dataclass(frozen=True, kw_only=True, slots=True)
class _Steps:
    """Weight of positives and negatives at each distinct score, scores rising; each (R, U)."""

    positives: Float64Array
    negatives: Float64Array


def auc(scores: Float64Array, truths: BoolArray) -> Measure:
    """Area under the ROC curve, ties half; not defined without both classes.

    Args:
        scores: shape (N,), any monotone score.
        truths: shape (N,), True for positives.
    """

    def measure(weights: Float64Array) -> Float64Array:
        steps = _steps(scores, truths, weights)
        below = np.cumsum(steps.negatives, axis=1) - steps.negatives / 2.0
        pairs = steps.positives.sum(axis=1) * steps.negatives.sum(axis=1)
        return _divide((steps.positives * below).sum(axis=1), pairs)

    return measure


def average_precision(scores: Float64Array, truths: BoolArray) -> Measure:
    """Area under the precision-recall curve as a sum of steps (average precision).

    Args:
        scores: shape (N,), any monotone score.
        truths: shape (N,), True for positives.
    """

    def measure(weights: Float64Array) -> Float64Array:
        steps = _steps(scores, truths, weights)
        found = np.cumsum(steps.positives[:, ::-1], axis=1)
        called = found + np.cumsum(steps.negatives[:, ::-1], axis=1)
        precision = _divide(found, called, empty=0.0)
        return _divide((steps.positives[:, ::-1] * precision).sum(axis=1), found[:, -1])

    return measure


def sensitivity_at(scores: Float64Array, truths: BoolArray, *, specificity: float) -> Measure:
    """Share of positives above the lowest threshold that reaches a specificity.

    Args:
        scores: shape (N,), any monotone score.
        truths: shape (N,), True for positives.
        specificity: that is asked for, 0 to 1.
    """

    def measure(weights: Float64Array) -> Float64Array:
        steps = _steps(scores, truths, weights)
        positives = steps.positives.sum(axis=1, keepdims=True)
        negatives = steps.negatives.sum(axis=1, keepdims=True)
        # A threshold just above each distinct score; above the last one everything is negative.
        reached = np.cumsum(steps.negatives, axis=1) >= specificity * negatives - 1e-9
        sensitivity = 1.0 - _divide(np.cumsum(steps.positives, axis=1), positives)
        first = reached.argmax(axis=1)
        found = np.take_along_axis(sensitivity, first[:, np.newaxis], axis=1)[:, 0]
        found[negatives[:, 0] == 0] = np.nan
        return found

    return measure


def precision(called: BoolArray, truths: BoolArray) -> Measure:
    """Share of the called ones that are positive."""
    found, named = (called & truths).astype(np.float64), called.astype(np.float64)
    return ratio(found, named)


def f1(called: BoolArray, truths: BoolArray) -> Measure:
    """Harmonic mean of precision and recall."""
    found = (called & truths).astype(np.float64)
    return ratio(2.0 * found, called.astype(np.float64) + truths.astype(np.float64))


def median(values: Float64Array) -> Measure:
    """The lower weighted median of a number of each image."""
    order = np.argsort(values, kind="stable")
    ranked = values[order]

    def measure(weights: Float64Array) -> Float64Array:
        reached = np.cumsum(weights[:, order], axis=1)
        half = reached[:, -1:] / 2.0
        found: Float64Array = ranked[(reached >= half).argmax(axis=1)].astype(np.float64)
        found[half[:, 0] == 0] = np.nan
        return found

    return measure


def of_resamples(
    figure: Callable[[Float64Array, BoolArray], float], scores: Float64Array, truths: BoolArray
) -> Measure:
    """Any figure of scores and truths that knows no weights; a slice drawn twice is there twice."""

    def measure(weights: Float64Array) -> Float64Array:
        times = np.rint(weights).astype(np.int64)
        return np.array(
            [
                figure(np.repeat(scores, row), np.repeat(truths, row)) if row.any() else np.nan
                for row in times
            ]
        )

    return measure


def ratio(above: Float64Array, below: Float64Array) -> Measure:
    """The sum of one number of each image by the sum of another."""

    def measure(weights: Float64Array) -> Float64Array:
        return _divide(weights @ above, weights @ below)

    return measure


def _steps(scores: Float64Array, truths: BoolArray, weights: Float64Array) -> _Steps:
    values, place = np.unique(scores, return_inverse=True)
    # One column a distinct score; a matrix product sums the weights of equal scores.
    onto = np.zeros((len(scores), len(values)))
    onto[np.arange(len(scores)), place] = 1.0
    return _Steps(positives=(weights * truths) @ onto, negatives=(weights * ~truths) @ onto)


def _divide(
    above: Float64Array, below: Float64Array, *, empty: float = float("nan")
) -> Float64Array:
    with np.errstate(invalid="ignore", divide="ignore"):
        result: Float64Array = np.where(below > 0, above / below, empty)
    return result


def roc_curve(scores: Float64Array, truths: BoolArray) -> list[tuple[float, float]]:
    """Corners of the ROC curve: (1 - specificity, sensitivity), from (0, 0) to (1, 1)."""
    steps = _steps(scores, truths, np.ones((1, len(scores))))
    hits = np.cumsum(steps.positives[0, ::-1]) / max(1, int(truths.sum()))
    alarms = np.cumsum(steps.negatives[0, ::-1]) / max(1, int((~truths).sum()))
    return _corners([(0.0, 0.0), *zip(alarms.tolist(), hits.tolist(), strict=True)])


def pr_curve(scores: Float64Array, truths: BoolArray) -> list[tuple[float, float]]:
    """The precision-recall curve as (recall, precision), from the highest threshold down."""
    steps = _steps(scores, truths, np.ones((1, len(scores))))
    found = np.cumsum(steps.positives[0, ::-1])
    called = found + np.cumsum(steps.negatives[0, ::-1])
    recall = found / max(1, int(truths.sum()))
    points = list(zip(recall.tolist(), (found / called).tolist(), strict=True))
    # Once everything is found, a lower threshold only adds alarms.
    points = points[: int((recall < 1.0).sum()) + 1]
    first = points[0][1] if points else 1.0
    return _corners([(0.0, first), *points])


def _corners(points: list[tuple[float, float]]) -> list[tuple[float, float]]:
    """The points at which a curve turns; those on a straight way between two others go."""
    kept: list[tuple[float, float]] = []
    for point in points:
        rounded = (round(point[0], 5), round(point[1], 5))
        if len(kept) > 1 and _straight(kept[-2], kept[-1], rounded):
            kept.pop()
        if not kept or kept[-1] != rounded:
            kept.append(rounded)
    return kept


def _straight(
    first: tuple[float, float], middle: tuple[float, float], last: tuple[float, float]
) -> bool:
    """Whether three points lie on one horizontal or vertical line."""
    return first[0] == middle[0] == last[0] or first[1] == middle[1] == last[1]
