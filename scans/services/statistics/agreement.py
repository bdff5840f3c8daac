"""Statistics of agreement: arithmetic on counts, without the database."""

import math
from collections.abc import Hashable, Sequence
from dataclasses import dataclass

from scans.services.analyses.inference import wilson_interval

_Z = 1.959963984540054  # the 97.5th percentile of the normal distribution: 95 % intervals


@dataclass(frozen=True)
class Share:
    """`count` of `total`, with its 95 % interval (shares of 1)."""

    count: int
    total: int
    low: float
    high: float

    @property
    def value(self) -> float | None:
        """From 0 to 1; None where `total` is 0."""
        return self.count / self.total if self.total else None


@dataclass(frozen=True)
class Kappa:
    """Cohen's kappa of two raters of the same studies, with its 95 % interval.

    `value` is None where it is not defined: no study, or both gave one and the same rating
    throughout. `low` and `high` are None then, and where the raters always or never agree: that
    leaves no spread to estimate an interval from.
    """

    studies: int
    agreed: int
    value: float | None
    low: float | None
    high: float | None

    @property
    def percent(self) -> float | None:
        """Of the studies those on which both agree, 0 to 100; None without studies."""
        return 100 * self.agreed / self.studies if self.studies else None


def wilson(count: int, total: int) -> Share:
    """The score interval of a share (Wilson 1927): honest also near 0 and 1 and for few cases."""
    return Share(count, total, *wilson_interval(count, n=total))


def cohen_kappa(pairs: Sequence[tuple[Hashable, Hashable]]) -> Kappa:
    """Return Cohen's kappa of pairs of ratings, one pair a study.

    The interval is from the large-sample standard error of Cohen (1960),
    sqrt(p(1 - p) / (n (1 - e)^2)); for few studies it is too narrow, so their number is always
    shown beside it.
    """
    studies = len(pairs)
    agreed = sum(first == second for first, second in pairs)
    if not studies:
        return Kappa(0, 0, None, None, None)
    ratings = {rating for pair in pairs for rating in pair}
    firsts = {rating: sum(first == rating for first, _ in pairs) / studies for rating in ratings}
    seconds = {rating: sum(second == rating for _, second in pairs) / studies for rating in ratings}
    expected = math.fsum(firsts[rating] * seconds[rating] for rating in ratings)
    if len(ratings) == 1 or expected >= 1:
        return Kappa(studies, agreed, None, None, None)
    observed = agreed / studies
    value = (observed - expected) / (1 - expected)
    if observed in (0.0, 1.0):
        return Kappa(studies, agreed, value, None, None)
    error = math.sqrt(observed * (1 - observed) / studies) / (1 - expected)
    return Kappa(
        studies, agreed, value, max(-1.0, value - _Z * error), min(1.0, value + _Z * error)
    )
