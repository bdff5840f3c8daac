"""Figures of agreement: plain arithmetic on counts, no rows and no database."""

import math
from collections.abc import Hashable, Sequence
from dataclasses import dataclass

from scans.services.analyses.inference import wilson_interval

_Z = 1.959963984540054  # the 97.5th percentile of the normal distribution: 95 % intervals


@dataclass(frozen=True)
class Share:
    """`count` of `total`, with its 95 % interval; `value` is None where there is nothing."""

    count: int
    total: int
    low: float
    high: float

    @property
    def value(self) -> float | None:
        return self.count / self.total if self.total else None


@dataclass(frozen=True)
class Kappa:
    """Cohen's kappa of two readers on the same cases, with its 95 % interval.

    `value` is None where it is not defined: no case, or both said the same one word throughout;
    `low` and `high` also where all agree or all differ, which says nothing about the spread.
    """

    cases: int
    agreed: int
    value: float | None
    low: float | None
    high: float | None

    @property
    def percent(self) -> float | None:
        return 100 * self.agreed / self.cases if self.cases else None


def wilson(count: int, total: int) -> Share:
    """The score interval of a share (Wilson 1927): honest also near 0 and 1 and for few cases."""
    return Share(count, total, *wilson_interval(count, n=total))


def cohen_kappa(pairs: Sequence[tuple[Hashable, Hashable]]) -> Kappa:
    """Agreement beyond chance of the first and the second word of each pair.

    The interval is from the large-sample standard error of Cohen (1960),
    sqrt(p(1 - p) / (n (1 - e)^2)); for few cases it is too narrow, so the number of cases is
    always shown beside it.
    """
    cases = len(pairs)
    agreed = sum(first == second for first, second in pairs)
    if not cases:
        return Kappa(0, 0, None, None, None)
    words = {word for pair in pairs for word in pair}
    firsts = {word: sum(first == word for first, _ in pairs) / cases for word in words}
    seconds = {word: sum(second == word for _, second in pairs) / cases for word in words}
    expected = math.fsum(firsts[word] * seconds[word] for word in words)
    if len(words) == 1 or expected >= 1:
        return Kappa(cases, agreed, None, None, None)
    observed = agreed / cases
    value = (observed - expected) / (1 - expected)
    if observed in (0.0, 1.0):  # no spread to estimate an interval from
        return Kappa(cases, agreed, value, None, None)
    error = math.sqrt(observed * (1 - observed) / cases) / (1 - expected)
    return Kappa(cases, agreed, value, max(-1.0, value - _Z * error), min(1.0, value + _Z * error))
