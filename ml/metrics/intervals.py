"""95 % intervals of proportions and AUCs that stay honest for small counts; plain arithmetic."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Final

Z95: Final = 1.959963984540054  # two-sided 95 % point of the normal distribution


def auc_interval(value: float, *, positives: int, negatives: int) -> tuple[float, float]:
    """95 % interval of an AUC, method 5 of Newcombe 2006 (Stat Med 25:559-573).

    The usual intervals shrink to a point at an AUC of 1, however few images it rests on; this
    one, like Wilson's for a proportion, does not.

    Args:
        value: the AUC, 0 to 1.
        positives, negatives: how many images of each class it rests on, at least 1.

    Returns:
        The lower and the upper end, 0 to 1.
    """
    mean = (positives + negatives) / 2.0 - 1.0

    def deviation(theta: float) -> float:
        spread = (1.0 - theta) / (2.0 - theta) + theta / (1.0 + theta)
        return math.sqrt(theta * (1.0 - theta) / (positives * negatives) * (1.0 + mean * spread))

    low = _root(lambda theta: value - theta - Z95 * deviation(theta), low=0.0, high=value)
    high = _root(lambda theta: value - theta + Z95 * deviation(theta), low=value, high=1.0)
    return low, high


def wilson_interval(successes: int, *, n: int) -> tuple[float, float]:
    """95 % interval of a proportion, the score interval of Wilson 1927 (JASA 22:209-212).

    Args:
        successes: how often it was so, 0 to n.
        n: of how many; 0 gives (0, 1).

    Returns:
        The lower and the upper end, 0 to 1, with the proportion between them.
    """
    if n == 0:
        return 0.0, 1.0
    share, z2 = successes / n, Z95**2
    center = (share + z2 / (2 * n)) / (1 + z2 / n)
    half = Z95 / (1 + z2 / n) * math.sqrt(share * (1 - share) / n + z2 / (4 * n * n))
    # Rounding must not put an end on the wrong side of a proportion of 0 or 1.
    return max(0.0, min(share, center - half)), min(1.0, max(share, center + half))


def _root(function: Callable[[float], float], *, low: float, high: float) -> float:
    """Where a function that falls through 0 between `low` and `high` does so (bisection)."""
    for _ in range(60):
        middle = (low + high) / 2.0
        if function(middle) > 0.0:
            low = middle
        else:
            high = middle
    return (low + high) / 2.0
