"""Sensitivity and specificity under changes of the display, against the unchanged images."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np

from ml.metrics.classification import BoolArray
from ml.training.augmentation.display_set import DISPLAY
from ml.training.augmentation.perturbation import Perturbation
from ml.training.evaluation.classification import Answers
from ml.training.evaluation.passes import Row

SAMPLE: Final = 400  # slices, half of them with a tumor where there are as many


def sample(truths: Sequence[bool], *, size: int = SAMPLE) -> list[int]:
    """Places of a fixed sample: half with a tumor, each half evenly spaced in the order given."""
    chosen: list[int] = []
    for tumor in (True, False):
        places = [place for place, truth in enumerate(truths) if truth is tumor]
        count = min(len(places), size // 2)
        chosen += [places[index * len(places) // count] for index in range(count)]
    return sorted(chosen)


def displays(
    answers: Answers,
    changed: Mapping[str, Sequence[Row]],
    *,
    changes: Sequence[Perturbation] = DISPLAY,
) -> dict[str, Any]:
    """The figures of the sample under each change.

    Args:
        answers: the unchanged images of the sample.
        changed: for each change what the release says of them, in the same order.
        changes: in the order of reading.

    Returns:
        `slices`, the `unchanged` figures, and a row of `changes` each: `sensitivity`,
        `specificity` and `abstained` of the changed images, and how far the first two fell on the
        images that have an answer both times (`sensitivity_fall`, `specificity_fall`; below 0
        where they rose).
    """
    everyone = np.ones(len(answers.slices), dtype=bool)
    draw, answered = answers.bootstrap, answers.answered
    rows = []
    for change in changes:
        after = Answers(answers.slices, changed[change.name], units=answers.units)
        both = answered & after.answered
        fell = {
            "sensitivity_fall": draw.mean(
                answers.called.astype(float) - after.called, among=both & answers.truths
            ),
            "specificity_fall": draw.mean(
                after.called.astype(float) - answers.called, among=both & ~answers.truths
            ),
        }
        rows.append(
            {
                "change": change.name,
                "words": change.words,
                **_figures(after, among=everyone),
                **{name: value.to_json() for name, value in fell.items()},
            }
        )
    return {
        "slices": len(answers.slices),
        "unchanged": _figures(answers, among=everyone),
        "changes": rows,
    }


def _figures(answers: Answers, *, among: BoolArray) -> dict[str, Any]:
    draw, found = answers.bootstrap, among & answers.answered
    return {
        "sensitivity": draw.share(answers.called, among=found & answers.truths).to_json(),
        "specificity": draw.share(~answers.called, among=found & ~answers.truths).to_json(),
        "abstained": draw.share(~answers.answered, among=among).to_json(),
    }
