"""Right and wrong answers as figures: over all images, by source and class, within one source."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import numpy as np

from ml.metrics.classification import BoolArray, Float64Array
from ml.metrics.intervals import auc_interval, wilson_interval
from ml.training.data.manifest import Slice
from ml.training.evaluation import measures
from ml.training.evaluation.bootstrap import Bootstrap, Estimate
from ml.training.evaluation.passes import Row

SPECIFICITY: Final = 0.95  # at which sensitivity is asked for


class Answers:
    """What a release said about a split, as arrays; one entry a slice.

    Attributes:
        slices: the slices.
        truths: bool, shape (N,), whether a slice shows a tumor.
        answered: bool, shape (N,), whether there was an opinion.
        probabilities: float64, shape (N,); 0.5 where there was none.
        called: bool, shape (N,), whether the label was "tumor".
        units: what is drawn of each slice in a resample: its cluster, or what it was given.
        bootstrap: resamples of all the slices.
    """

    def __init__(
        self, slices: Sequence[Slice], rows: Sequence[Row], *, units: Sequence[str] | None = None
    ) -> None:
        self.slices = slices
        self.truths: BoolArray = np.array([item.tumor for item in slices], dtype=bool)
        self.answered: BoolArray = np.array(["label" in row for row in rows], dtype=bool)
        self.probabilities: Float64Array = np.array([row.get("probability", 0.5) for row in rows])
        self.called: BoolArray = np.array([row.get("label") == "tumor" for row in rows], dtype=bool)
        self.units = [item.cluster for item in slices] if units is None else list(units)
        self.bootstrap = Bootstrap(self.units)

    @property
    def right(self) -> BoolArray:
        """Whether an opinion was given and was right."""
        found: BoolArray = self.answered & (self.called == self.truths)
        return found

    def chosen(self, *, source: str | None = None, kind: str | None = None) -> BoolArray:
        """Which slices are of a source, and of a class."""
        return np.array(
            [
                (source is None or item.source == source) and (kind is None or item.kind == kind)
                for item in self.slices
            ],
            dtype=bool,
        )

    def within_source(self) -> BoolArray:
        """The tumor slices of `br35h` and all slices without a tumor, which share its source."""
        return self.chosen(source="br35h") | ~self.truths


def overall(answers: Answers, *, among: BoolArray) -> dict[str, Any]:
    """Every figure of a classifier on the answered ones among some slices."""
    found = among & answers.answered
    draw = answers.bootstrap
    truths, called = answers.truths[found], answers.called[found]
    scores = answers.probabilities[found]
    positives, negatives = found & answers.truths, found & ~answers.truths
    both = {"among": found, "fallback": separated(answers, found)}
    estimates = {
        "accuracy": draw.share(answers.right, among=found),
        "precision": draw.estimate(
            measures.precision(called, truths), among=found, fallback=_share_of(answers, found)
        ),
        "recall": draw.share(answers.called, among=positives),
        "specificity": draw.share(~answers.called, among=negatives),
        "f1": draw.estimate(
            measures.f1(called, truths), among=found, fallback=_share_of(answers, positives)
        ),
        "roc_auc": draw.estimate(measures.auc(scores, truths), **both),
        "pr_auc": draw.estimate(
            measures.average_precision(scores, truths),
            among=found,
            fallback=_share_of(answers, positives),
        ),
        "sensitivity_at_95_specificity": draw.estimate(
            measures.sensitivity_at(scores, truths, specificity=SPECIFICITY),
            among=found,
            fallback=_share_of(answers, positives),
        ),
        "brier": draw.mean((answers.probabilities - answers.truths) ** 2, among=found),
    }
    return {
        "figures": {name: value.to_json() for name, value in estimates.items()},
        "confusion": {
            "tumor_called_tumor": int((called & truths).sum()),
            "tumor_called_no_tumor": int((~called & truths).sum()),
            "no_tumor_called_tumor": int((called & ~truths).sum()),
            "no_tumor_called_no_tumor": int((~called & ~truths).sum()),
        },
    }


def curves(answers: Answers, *, among: BoolArray) -> dict[str, Any]:
    """Points of the ROC and the precision-recall curve on the answered ones."""
    found = among & answers.answered
    scores, truths = answers.probabilities[found], answers.truths[found]
    if not truths.any() or truths.all():
        return {"roc": [], "pr": []}
    return {
        "roc": measures.roc_curve(scores, truths),
        "pr": measures.pr_curve(scores, truths),
    }


def histogram(answers: Answers, *, bins: int = 20) -> dict[str, list[int]]:
    """How many answered slices of each kind got a probability in each of so many equal bins."""
    kinds = {"tumor": answers.truths, "no_tumor": ~answers.truths}
    return {
        kind: np.histogram(
            answers.probabilities[answers.answered & chosen], bins=bins, range=(0.0, 1.0)
        )[0].tolist()
        for kind, chosen in kinds.items()
    }


def by_group(answers: Answers) -> list[dict[str, Any]]:
    """Each source and class: right answers, abstentions, and its AUC against the other label.

    A class has one label, so its AUC is that of its slices against all slices of the other label.
    """
    groups = sorted({(item.source, item.kind, item.tumor) for item in answers.slices})
    rows = []
    for source, kind, tumor in groups:
        members = answers.chosen(source=source, kind=kind) & (answers.truths == tumor)
        found = members & answers.answered
        against = (members | (answers.truths != tumor)) & answers.answered
        rows.append(
            {
                "source": source,
                "class": kind,
                "tumor": tumor,
                "slices": int(members.sum()),
                "clusters": _clusters(answers, members),
                "right": answers.bootstrap.share(answers.right, among=found).to_json(),
                "roc_auc": _auc(answers, against).to_json(),
                "mean_probability": round(float(answers.probabilities[found].mean()), 4)
                if found.any()
                else None,
                "abstained": answers.bootstrap.share(~answers.answered, among=members).to_json(),
            }
        )
    return rows


def by_source(answers: Answers) -> list[dict[str, Any]]:
    """Every figure for each source that has answered slices."""
    return [
        {
            "source": source,
            "slices": int(answers.chosen(source=source).sum()),
            **overall(answers, among=answers.chosen(source=source)),
        }
        for source in sorted({item.source for item in answers.slices})
    ]


def abstentions(answers: Answers, rows: Sequence[Row]) -> dict[str, Any]:
    """How often there was no opinion, and why; by kind of slice in `by_group`."""
    reasons = [str(row["reason"]) for row in rows if "reason" in row]
    return {
        "share": answers.bootstrap.share(~answers.answered).to_json(),
        "reasons": {reason: reasons.count(reason) for reason in sorted(set(reasons))},
        # For who would rather count an abstention as a failure.
        "right_of_all": answers.bootstrap.share(answers.right).to_json(),
    }


def _auc(answers: Answers, among: BoolArray) -> Estimate:
    return answers.bootstrap.estimate(
        measures.auc(answers.probabilities[among], answers.truths[among]),
        among=among,
        fallback=separated(answers, among),
    )


def _clusters(answers: Answers, among: BoolArray) -> int:
    return len({unit for unit, one in zip(answers.units, among, strict=True) if one})


def separated(answers: Answers, among: BoolArray) -> Any:
    """The interval of an AUC where every resample gives the same (Newcombe 2006), as a fallback."""
    positives = _clusters(answers, among & answers.truths)
    negatives = _clusters(answers, among & ~answers.truths)

    def interval(value: float, clusters: int) -> tuple[float, float]:
        del clusters
        return auc_interval(value, positives=positives, negatives=negatives)

    return interval


def _share_of(answers: Answers, among: BoolArray) -> Any:
    clusters = _clusters(answers, among)

    def interval(value: float, drawn: int) -> tuple[float, float]:
        del drawn
        return wilson_interval(round(value * clusters), n=clusters)

    return interval
