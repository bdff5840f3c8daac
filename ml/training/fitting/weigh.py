"""How much the two parts of the tumor logit count, from slices that were not trained on.

The logit is z = z0 + w e: z0 of the network's last layer, e the decoder's evidence
(`ml.engines.evidence`). Training weighs them by its own slices, and there z0 is flattered: it has
256 hidden units to learn the sources by. So a release's logit is a z0 + b e, with a and b at least
0 by logistic regression on slices left out. Both are factors of arrays that the network has
anyway, so Grad-CAM stays exact.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from scipy.optimize import minimize

from ml.metrics.classification import BoolArray, Float64Array

_RIDGE: Final = 1e-4  # on numbers of unit variance: keeps them finite where the kinds lie apart
_POWER: Final = (
    0.5  # a source's weight goes as its slices to this power, so that none decides alone
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Weights:
    """What z0 and e are multiplied by; both 0 or above, one of them above."""

    dense: float
    evidence: float


def by_source(truths: BoolArray, sources: Sequence[str]) -> Float64Array:
    """A weight for each slice, of sum 1: either label a half, and no source decides alone.

    Args:
        truths: shape (N,), True for tumors; both kinds are there.
        sources: the collection of each slice.
    """
    names = np.asarray(sources)
    weights = np.zeros(len(truths))
    for label in (True, False):
        for source in np.unique(names[truths == label]):
            those = (truths == label) & (names == source)
            weights[those] = float(those.sum()) ** (_POWER - 1.0)
        weights[truths == label] *= 0.5 / weights[truths == label].sum()
    return weights


def weigh(
    dense: Float64Array, evidence: Float64Array, truths: BoolArray, *, sources: Sequence[str]
) -> Weights:
    """Fit the two weights.

    Args:
        dense, evidence: z0 and e of each slice, shape (N,).
        truths: shape (N,), True for tumors.
        sources: the collection of each slice.

    Raises:
        ValueError: only one of the two kinds is there, or neither part tells them apart.
    """
    if truths.all() or not truths.any():
        raise ValueError("The logit can only be weighed on images of both kinds.")
    weights = by_source(truths, sources)
    scales = np.array([max(float(part.std()), 1e-9) for part in (dense, evidence)])
    columns = np.stack([dense / scales[0], evidence / scales[1], np.ones(len(dense))], axis=1)
    signs = np.where(truths, 1.0, -1.0)

    def loss(values: Float64Array) -> tuple[float, Float64Array]:
        margins = signs * (columns @ values)
        slopes = -signs * weights / (1.0 + np.exp(np.clip(margins, -60.0, 60.0)))
        ridge = np.array([_RIDGE, _RIDGE, 0.0]) * values
        value = float((weights * np.logaddexp(0.0, -margins)).sum() + 0.5 * ridge @ values)
        return value, columns.T @ slopes + ridge

    bounds = [(0.0, None), (0.0, None), (None, None)]
    found = minimize(loss, np.array([0.5, 0.5, 0.0]), jac=True, bounds=bounds).x
    parts = found[:2] / scales
    if not parts.any():
        raise ValueError("Neither part of the logit is higher for tumors than for others.")
    return Weights(dense=float(parts[0]), evidence=float(parts[1]))
