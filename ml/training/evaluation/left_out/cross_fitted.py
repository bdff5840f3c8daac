"""What a release would do on each source, had that source not been among those it was set by.

Calibration and threshold are numbers, not weights of the network, and may be fitted on the very
slices that the release is judged by. Here they are fitted for each source in turn on the slices of
the others, and what they say of that source's slices is counted together. So the difference to the
release's own figures is by how much these are flattered, but for what else was chosen by the same
slices: how much the parts of the logit count, the gate's limit, the recipe.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

import numpy as np

from ml.metrics.calibration import Calibration
from ml.metrics.classification import BoolArray, Float64Array
from ml.training.data.manifest import Slice
from ml.training.evaluation.classification import Answers
from ml.training.evaluation.left_out.figures import calibration_error
from ml.training.evaluation.left_out.strata import Facts
from ml.training.evaluation.passes import Row


class Settings(Protocol):
    """What a fit finds."""

    @property
    def calibration(self) -> Calibration:
        """From logit to probability."""

    @property
    def threshold(self) -> float:
        """Calibrated probability from which on the label is "tumor", 0 to 1."""


class Fit(Protocol):
    """How a release's calibration and threshold are fitted."""

    def __call__(
        self,
        logits: Float64Array,
        truths: BoolArray,
        *,
        sources: Sequence[str],
        clusters: Sequence[str],
    ) -> Settings:
        """Fit them.

        Args:
            logits: shape (N,), uncalibrated.
            truths: shape (N,), True for tumors; both kinds are there.
            sources, clusters: of each slice.
        """


def cross_fitted(
    slices: Sequence[Slice], rows: Sequence[Row], *, facts: Facts, fit: Fit
) -> dict[str, Any] | None:
    """Calibration error, sensitivity and specificity, and the same with each source fitted without.

    Args:
        slices, rows: what was read, and what the release said, by its own calibration.
        facts: of the same slices.
        fit: as the release's calibration and threshold were fitted.

    Returns:
        `sources` and `slices` that are counted, and `as_released` and `apart`: each `ece`,
        `sensitivity` and `specificity`, or None for one with nothing to rest on. Both are of the
        same slices: those with an answer, of sources without which both labels are left. None
        where there is no such source.
    """
    apart = _apart(slices, rows, fit=fit)
    counted = np.array([bool(row) for row in apart], dtype=bool)
    if not counted.any():
        return None
    released = [row if one else {} for row, one in zip(rows, counted, strict=True)]
    return {
        "sources": len({item.source for item, one in zip(slices, counted, strict=True) if one}),
        "slices": int(counted.sum()),
        "as_released": _figures(Answers(slices, released, units=facts.units)),
        "apart": _figures(Answers(slices, apart, units=facts.units)),
    }


def _apart(slices: Sequence[Slice], rows: Sequence[Row], *, fit: Fit) -> list[Row]:
    """What is said of each slice by a fit without its source; {} where there is none."""
    sources = np.array([item.source for item in slices])
    clusters = np.array([item.cluster for item in slices])
    truths = np.array([item.tumor for item in slices], dtype=bool)
    answered = np.array(["logit" in row for row in rows], dtype=bool)
    logits = np.array([row.get("logit", 0.0) for row in rows], dtype=np.float64)
    found: list[Row] = [{} for _ in rows]
    for source in np.unique(sources):
        others = answered & (sources != source)
        if not truths[others].any() or truths[others].all():
            continue
        settings = fit(
            logits[others],
            truths[others],
            sources=sources[others].tolist(),
            clusters=clusters[others].tolist(),
        )
        for place in np.flatnonzero(answered & (sources == source)).tolist():
            probability = settings.calibration.probability(float(logits[place]))
            label = "tumor" if probability >= settings.threshold else "no_tumor"
            found[place] = {"probability": probability, "label": label}
    return found


def _figures(answers: Answers) -> dict[str, Any]:
    draw, found = answers.bootstrap, answers.answered
    estimates = {
        "ece": calibration_error(answers, among=found),
        "sensitivity": draw.share(answers.called, among=found & answers.truths),
        "specificity": draw.share(~answers.called, among=found & ~answers.truths),
    }
    return {
        name: one.to_json() if one is not None and one.value is not None else None
        for name, one in estimates.items()
    }
