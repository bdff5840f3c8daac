"""A probability as it is written on pages, in files and in reports: never more than is known."""

from typing import Protocol

from scans.models.analysis import Label

IN_REPORTS = 2  # decimals of a report's sentences; pages and files have three


class AIResult(Protocol):
    """An analysis, a statement on a series, or what statistics keep of either."""

    @property
    def label(self) -> str:
        """`Label`; empty for no opinion."""

    @property
    def probability(self) -> float | None:
        """Of a tumor, calibrated, 0 to 1."""

    @property
    def threshold(self) -> float | None:
        """The probability from which the release says that there is a tumor."""


def probability_text(value: float | None, *, decimals: int = 3) -> str:
    """Return a probability (0 to 1), never as a flat 0 or 1; empty for none."""
    if value is None:
        return ""
    least = 10**-decimals
    if round(value, decimals) >= 1:
        return f">{1 - least:.{decimals}f}"
    return f"<{least:.{decimals}f}" if round(value, decimals) <= 0 else f"{value:.{decimals}f}"


def tumor_probability_text(result: AIResult, *, decimals: int = 3) -> str:
    """Return the probability of a tumor; just below the threshold it must not read as on it."""
    shown = probability_text(result.probability, decimals=decimals)
    is_below = result.label == Label.NO_TUMOR
    is_as_on_it = shown == probability_text(result.threshold, decimals=decimals)
    if not (is_below and is_as_on_it and result.probability is not None):
        return shown
    # Of what is written as less or more than a limit already, more decimals tell the two apart.
    if not shown[0].isdigit():
        return tumor_probability_text(result, decimals=decimals + 1) if decimals < 9 else shown
    return f"<{shown}"
