"""Intervals that know about near-duplicates: whole clusters are drawn, not slices.

Two near-duplicates tell little more than one of them, so an interval that counts them as two images
is too narrow. Each resample draws as many clusters as there are, with replacement (Efron 1979;
Field and Welsh 2007 for clusters), and the interval is the middle 95 % of the figure over the
resamples.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final, TypeAlias

import numpy as np

from ml.metrics.classification import BoolArray, Float64Array
from ml.metrics.intervals import wilson_interval

RESAMPLES: Final = 1000
SEED: Final = 1

# From weights of shape (R, N), how often each of N images was drawn in each of R resamples, to the
# figure in each, shape (R,); NaN where it is not defined.
Measure: TypeAlias = Callable[[Float64Array], Float64Array]


@dataclass(frozen=True, kw_only=True, slots=True)
class Estimate:
    """A figure with its 95 % interval.

    Attributes:
        value: on the images as they are; None where it is not defined.
        low, high: the interval, or None where there is none.
        n: how many images it rests on.
        clusters: how many groups of near-duplicates these are.
    """

    value: float | None
    low: float | None
    high: float | None
    n: int
    clusters: int

    def to_json(self) -> dict[str, Any]:
        """As in metrics.json, rounded to four digits."""
        return {
            name: round(value, 4) if isinstance(value, float) else value
            for name, value in asdict(self).items()
        }


class Bootstrap:
    """The resamples of one set of images, drawn once and shared by all its figures.

    Args:
        clusters: the cluster of each image; images of one cluster are near-duplicates.
        resamples: how many to draw.
        seed: same seed, same resamples.
    """

    def __init__(
        self, clusters: Sequence[str], *, resamples: int = RESAMPLES, seed: int = SEED
    ) -> None:
        names, member = np.unique(np.asarray(clusters, dtype=str), return_inverse=True)
        draws = np.random.default_rng(seed).multinomial(
            len(names), np.full(len(names), 1.0 / max(1, len(names))), size=resamples
        )
        self._member = member
        self.weights: Float64Array = draws[:, member].astype(np.float64)

    def estimate(
        self,
        measure: Measure,
        *,
        among: BoolArray | None = None,
        fallback: Callable[[float, int], tuple[float, float]] | None = None,
    ) -> Estimate:
        """A figure on some of the images, with its interval.

        Args:
            measure: gets weights of shape (R, number of images in `among`).
            among: shape (N,), which images count; all by default.
            fallback: where every resample gives the same figure, the interval would be a point
                however few images there are; this then gives it, from the value and the number of
                clusters.
        """
        chosen = np.ones(len(self._member), dtype=bool) if among is None else among
        n = int(chosen.sum())
        clusters = len(np.unique(self._member[chosen]))
        if not n:
            return Estimate(value=None, low=None, high=None, n=0, clusters=0)
        value = float(measure(np.ones((1, n)))[0])
        if np.isnan(value):
            return Estimate(value=None, low=None, high=None, n=n, clusters=clusters)
        drawn = measure(self.weights[:, chosen])
        drawn = drawn[~np.isnan(drawn)]
        low = high = None
        if drawn.size and float(np.ptp(drawn)) > 1e-12:
            low, high = (float(end) for end in np.percentile(drawn, (2.5, 97.5)))
        elif fallback is not None:
            low, high = fallback(value, clusters)
        return Estimate(value=value, low=low, high=high, n=n, clusters=clusters)

    def share(self, hits: BoolArray, *, among: BoolArray | None = None) -> Estimate:
        """How often something is so, `hits` of shape (N,); Wilson's interval at 0 and at 1."""
        chosen = np.ones(len(hits), dtype=bool) if among is None else among
        return self.estimate(_mean(hits[chosen].astype(np.float64)), among=chosen, fallback=_wilson)

    def mean(self, values: Float64Array, *, among: BoolArray | None = None) -> Estimate:
        """The mean of a number of each image, `values` of shape (N,)."""
        chosen = np.ones(len(values), dtype=bool) if among is None else among
        return self.estimate(_mean(values[chosen]), among=chosen)


def _mean(values: Float64Array) -> Measure:
    def measure(weights: Float64Array) -> Float64Array:
        drawn = weights.sum(axis=1)
        with np.errstate(invalid="ignore", divide="ignore"):
            means: Float64Array = weights @ values / drawn
        return means

    return measure


def _wilson(value: float, clusters: int) -> tuple[float, float]:
    return wilson_interval(round(value * clusters), n=clusters)
