"""What the rule of a series does on whole stacks, and what the source alone would."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from ml.metrics.classification import BoolArray, Float64Array, auc
from ml.series import SeriesOperating
from ml.training.evaluation.bootstrap import Bootstrap, Estimate

UNKNOWN_INTERVAL: Final = (0.0, 1.0)


@dataclass(frozen=True, kw_only=True, slots=True)
class JudgedSeries:
    """A series, and what was said of it by a rule that was fitted without its patient.

    Attributes:
        patient, source, sequence, variant: of its stack; the variant is what was done to it.
        spacing_mm: from slice to slice.
        whole: False for every other slice of a stack, which count by spacing alone.
        tumor: whether it shows one.
        log_odds: the rule's.
        called: whether the rule called it a tumor.
        any_slice: whether a single slice was called a tumor by the slices' threshold.
        weight: in the fit.
    """

    patient: str
    source: str
    sequence: str
    variant: str
    spacing_mm: float
    whole: bool
    tumor: bool
    log_odds: float
    called: bool
    any_slice: bool
    weight: float


def operating(series: Sequence[JudgedSeries], *, abstained: int, dataset: str) -> SeriesOperating:
    """The operating point with intervals by patient: whole series, planted ones apart.

    Args:
        series: with both labels.
        abstained: how many more there were, without an opinion.
        dataset: which they are, in words.
    """
    series = [one for one in series if one.whole and one.variant != "planted"]
    figures = _Figures(series)
    sensitivity, specificity = figures.sensitivity(), figures.specificity()
    return SeriesOperating(
        dataset=dataset,
        sensitivity=round(sensitivity.value or 0.0, 4),
        specificity=round(specificity.value or 0.0, 4),
        sensitivity_interval=_interval(sensitivity),
        specificity_interval=_interval(specificity),
        abstained=round(abstained / (len(series) + abstained), 4),
        tumor=int(figures.tumor.sum()),
        no_tumor=int((~figures.tumor).sum()),
        patients=len({one.patient for one in series}),
    )


def report(series: Sequence[JudgedSeries]) -> dict[str, Any]:
    """Figures over all, and by what was done, sequence, source and spacing, as JSON.

    Each has `sensitivity`, `specificity` and `auc` (with `low` and `high` by patient), and
    `any_slice`: the two that come of calling a series by its highest slice.
    """
    every = series
    series = [one for one in every if one.whole]
    as_they_are = [one for one in series if one.variant == "as it is"]
    return {
        "all": _figures(series),
        "all but planted": _figures([one for one in series if one.variant != "planted"]),
        "by_variant": {
            "tumor stacks as they are and erased": _figures(
                [one for one in series if one.variant == "erased" or _real_tumor(one)]
            ),
            "healthy stacks as they are and planted": _figures(
                [one for one in series if not (one.variant == "erased" or _real_tumor(one))]
            ),
            "all as they are": _figures(as_they_are),
        },
        "by_sequence": _by(series, [one.sequence for one in series]),
        "by_source": _by(series, [f"{one.source} {one.sequence}" for one in series]),
        "by_spacing": _by(every, [f"{one.spacing_mm:g} mm" for one in every]),
        "source_alone": {
            "as_they_are": _guess(as_they_are, weighed=False),
            "with_changed": _guess(series, weighed=False),
            "by_weight": _guess(every, weighed=True),
        },
    }


def _real_tumor(one: JudgedSeries) -> bool:
    return one.tumor and one.variant == "as it is"


class _Figures:
    def __init__(self, series: Sequence[JudgedSeries]) -> None:
        self.tumor: BoolArray = np.array([one.tumor for one in series], dtype=bool)
        self.called: BoolArray = np.array([one.called for one in series], dtype=bool)
        self.any_slice: BoolArray = np.array([one.any_slice for one in series], dtype=bool)
        self.log_odds: Float64Array = np.array([one.log_odds for one in series])
        self._bootstrap = Bootstrap([one.patient for one in series])

    def sensitivity(self) -> Estimate:
        return self._bootstrap.share(self.called, among=self.tumor)

    def specificity(self) -> Estimate:
        return self._bootstrap.share(~self.called, among=~self.tumor)

    def to_json(self) -> dict[str, Any]:
        both = self.tumor.any() and not self.tumor.all()
        return {
            "sensitivity": self.sensitivity().to_json(),
            "specificity": self.specificity().to_json(),
            "auc": round(auc(self.log_odds, self.tumor), 4) if both else None,
            "any_slice": {
                "sensitivity": self._bootstrap.share(self.any_slice, among=self.tumor).to_json(),
                "specificity": self._bootstrap.share(~self.any_slice, among=~self.tumor).to_json(),
            },
        }


def _figures(series: Sequence[JudgedSeries]) -> dict[str, Any]:
    return _Figures(series).to_json() if series else {}


def _by(series: Sequence[JudgedSeries], names: Sequence[str]) -> dict[str, Any]:
    return {
        name: _figures([one for one, own in zip(series, names, strict=True) if own == name])
        for name in sorted(set(names))
    }


def _guess(series: Sequence[JudgedSeries], *, weighed: bool) -> float | None:
    """How often the best guess of the label from source and sequence alone is right."""
    totals: defaultdict[tuple[str, str, bool], float] = defaultdict(float)
    for one in series:
        totals[one.source, one.sequence, one.tumor] += one.weight if weighed else 1.0
    cells = {(source, sequence) for source, sequence, _ in totals}
    right = sum(max(totals[*cell, True], totals[*cell, False]) for cell in cells)
    return round(right / sum(totals.values()), 4) if totals else None


def _interval(estimate: Estimate) -> tuple[float, float]:
    if estimate.low is None or estimate.high is None:
        return UNKNOWN_INTERVAL
    return round(estimate.low, 4), round(estimate.high, 4)
