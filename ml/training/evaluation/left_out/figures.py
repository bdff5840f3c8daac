"""The figures of some slices: right answers, certainty, pointing; each with its interval."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from ml.metrics.classification import (
    BoolArray,
    auc,
    expected_calibration_error,
)
from ml.training.evaluation import measures
from ml.training.evaluation.bootstrap import Estimate
from ml.training.evaluation.classification import Answers, separated
from ml.training.evaluation.measures import of_resamples
from ml.training.evaluation.passes import Row

CERTAIN: Final = 0.95  # from which probability on a tumor is said with certainty
_LEAST_FOR_ECE: Final = 20  # slices of both labels; of fewer its ten bins say nothing


@dataclass(frozen=True, kw_only=True, slots=True)
class Read:
    """What was read of N slices, and what the release said.

    Attributes:
        answers: as arrays, with resamples that draw patients.
        peak_on, region_on: bool, shape (N,): the heatmap's peak, the best region's innermost point
            lies on the lesion (`ml.training.evaluation.localization`).
        outlined: bool, shape (N,): answered, with an outline.
        regions: whether the release gives suspected regions.
        scans: the same for slices of one scan, empty where that is not known.
    """

    answers: Answers
    peak_on: BoolArray
    region_on: BoolArray
    outlined: BoolArray
    regions: bool
    scans: tuple[str, ...]


def read_of(answers: Answers, rows: Sequence[Row], *, scans: Sequence[str], regions: bool) -> Read:
    """The same from the rows of the unchanged pass; `scans` as in `strata.Facts`."""
    return Read(
        answers=answers,
        peak_on=np.array([row.get("peak_on") is True for row in rows], dtype=bool),
        region_on=np.array([row.get("region_on") is True for row in rows], dtype=bool),
        outlined=np.array(["area" in row for row in rows], dtype=bool),
        regions=regions,
        scans=tuple(scans),
    )


def figures(read: Read, *, among: BoolArray, calibration: bool = False) -> dict[str, Any]:
    """Every figure of some slices, as it stands in metrics.json.

    Args:
        read: all slices.
        among: bool, shape (N,).
        calibration: whether to give the calibration error, which takes a while.

    Returns:
        `slices`, `patients` (patients or clusters), `tumor`, `no_tumor`, and figures that are None
        where nothing is there to rest on: `sensitivity`, `specificity`, `certain` (share of a
        probability of 0.95 and more among slices without a tumor), `auc`, `within_scans` (the AUC
        of slices with against slices without a tumor of the same scan, all pairs of all scans
        pooled), `ece` (ten bins of equal count; only where there are both labels), `abstained`,
        `heatmap` and `regions` (pointing). But for `abstained` they are of the slices with an
        answer.
    """
    answers, draw = read.answers, read.answers.bootstrap
    found = among & answers.answered
    positives, negatives = found & answers.truths, found & ~answers.truths
    outlined = found & read.outlined
    estimates: dict[str, Estimate] = {
        "sensitivity": draw.share(answers.called, among=positives),
        "specificity": draw.share(~answers.called, among=negatives),
        "certain": draw.share(answers.probabilities >= CERTAIN, among=negatives),
        "auc": _auc(answers, found),
        "within_scans": within_scans(read, among=found),
        "abstained": draw.share(~answers.answered, among=among),
        "heatmap": draw.share(read.peak_on, among=outlined),
    }
    if read.regions:
        estimates["regions"] = draw.share(read.region_on, among=outlined)
    error = calibration_error(answers, among=found) if calibration else None
    if error is not None:
        estimates["ece"] = error
    return {
        "slices": int(among.sum()),
        "patients": len({unit for unit, one in zip(answers.units, among, strict=True) if one}),
        "tumor": int((among & answers.truths).sum()),
        "no_tumor": int((among & ~answers.truths).sum()),
        **{
            name: value.to_json() if value.value is not None else None
            for name, value in estimates.items()
        },
    }


def calibration_error(answers: Answers, *, among: BoolArray) -> Estimate | None:
    """The expected calibration error in ten bins of equal count, which takes a while.

    Args:
        answers: what a release said.
        among: bool, shape (N,), slices with an answer.

    Returns:
        None where there are not both labels, or too few slices for ten bins.
    """
    scores, truths = answers.probabilities[among], answers.truths[among]
    if len(truths) < _LEAST_FOR_ECE or truths.all() or not truths.any():
        return None
    measure = of_resamples(expected_calibration_error, scores, truths)
    return answers.bootstrap.estimate(measure, among=among)


def within_scans(read: Read, *, among: BoolArray) -> Estimate:
    """The AUC of slices with against slices without a tumor of the same scan.

    The pairs of all scans are pooled, so a scan counts by its number of pairs; a tie counts half.
    """
    answers = read.answers
    pairs, won = np.zeros(len(among)), np.zeros(len(among))
    places: dict[str, list[int]] = {}
    for place in np.flatnonzero(among & answers.answered).tolist():
        if read.scans[place]:
            places.setdefault(read.scans[place], []).append(place)
    chosen = np.zeros(len(among), dtype=bool)
    for scan in places.values():
        truths = answers.truths[scan]
        positives = int(truths.sum())
        count = positives * (len(scan) - positives)
        if count:
            # A scan is of one patient, so its slices are drawn together: one may stand for all.
            pairs[scan[0]] = count
            won[scan[0]] = count * auc(answers.probabilities[scan], truths)
            chosen[scan] = True
    return answers.bootstrap.estimate(
        measures.ratio(won[chosen], pairs[chosen]),
        among=chosen,
        fallback=separated(answers, chosen),
    )


def _auc(answers: Answers, found: BoolArray) -> Estimate:
    return answers.bootstrap.estimate(
        measures.auc(answers.probabilities[found], answers.truths[found]),
        among=found,
        fallback=separated(answers, found),
    )
