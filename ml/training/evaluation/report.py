"""All figures of a release on one split, as the content of metrics.json."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any, Final

import numpy as np

from ml.release.releases import Release
from ml.training.data.exceptions import read_exceptions, reason
from ml.training.data.manifest import Slice
from ml.training.evaluation.bootstrap import RESAMPLES
from ml.training.evaluation.calibrated import reliability
from ml.training.evaluation.classification import (
    Answers,
    abstentions,
    by_group,
    by_source,
    curves,
    histogram,
    overall,
)
from ml.training.evaluation.passes import Passes, Row
from ml.training.evaluation.pointing import deletion, localization
from ml.training.evaluation.refusal import refusals
from ml.training.evaluation.robustness import robustness

SCHEMA: Final = 1


def measure(
    passes: Passes, *, slices: Sequence[Slice], release: Release, engine: str, split: str, day: date
) -> dict[str, Any]:
    """Run everything that is not stored yet, and evaluate it.

    Returns:
        The content of metrics.json: numbers, lists, text. Each figure is an object with `value`,
        `low`, `high` (95 %), `n` and `clusters`; see `ml.training.evaluation.bootstrap`.
    """
    unchanged = passes.as_it_is()
    answers = Answers(slices, unchanged)
    everyone = np.ones(len(slices), dtype=bool)
    found: dict[str, Any] = {
        "schema": SCHEMA,
        "release": {"name": release.name, "version": release.version, "sha256": release.sha256},
        "engine": engine,
        "measured": day.isoformat(),
        "split": split,
        "data": {
            "slices": len(slices),
            "clusters": len({item.cluster for item in slices}),
            "tumor": int(answers.truths.sum()),
            "no_tumor": int((~answers.truths).sum()),
            "outlined": sum(bool(item.outlines) for item in slices),
            "answered": int(answers.answered.sum()),
        },
        "bootstrap": {"resamples": RESAMPLES, "unit": "cluster of near-duplicates"},
        "threshold": release.threshold,
        "all": {**overall(answers, among=everyone), **curves(answers, among=everyone)},
        "within_source": {
            "tumor": int((answers.within_source() & answers.truths).sum()),
            "no_tumor": int((~answers.truths).sum()),
            **overall(answers, among=answers.within_source()),
            **curves(answers, among=answers.within_source()),
        },
        "histogram": histogram(answers),
        "groups": by_group(answers),
        "sources": by_source(answers),
        "calibration": _calibration(answers, unchanged, release=release),
        "abstention": {
            **abstentions(answers, unchanged),
            "other_things": refusals(passes.drawings()),
        },
        "robustness": robustness(
            unchanged, passes.changed(), truths=answers.truths, bootstrap=answers.bootstrap
        ),
        "localization": localization(
            slices,
            unchanged,
            bootstrap=answers.bootstrap,
            regions=release.regions is not None,
        ),
        "deletion": deletion(
            passes.deletion(unchanged),
            bootstrap=answers.bootstrap,
            calibration=release.calibration,
        ),
    }
    found |= _without_exceptions(answers, slices=slices)
    return {**found, "aims": aims(found)}


def _without_exceptions(answers: Answers, *, slices: Sequence[Slice]) -> dict[str, Any]:
    """The overall figures once more without what is listed as an exception, if anything is."""
    listed = read_exceptions()
    kept = np.array([reason(item, listed) is None for item in slices], dtype=bool)
    if kept.all():
        return {}
    left_out = int((~kept).sum())
    return {"without_exceptions": {"left_out": left_out, **overall(answers, among=kept)}}


def aims(metrics: dict[str, Any]) -> list[dict[str, Any]]:
    """What the release was to reach, and whether it did; `reached` is None where unknown."""
    everyone, within = metrics["all"]["figures"], metrics["within_source"]["figures"]
    heatmap = {row["among"]: row for row in metrics["localization"]["heatmap"]}
    calibration = metrics["calibration"]
    unknown: dict[str, Any] = {"value": None, "low": None, "high": None, "n": 0}
    pointing = heatmap.get("true positives", {}).get("pointing", unknown)
    ece = {**unknown, **calibration_error(calibration)}
    wanted: list[tuple[str, str, dict[str, Any], str, float]] = [
        ("roc_auc", "ROC AUC", everyone["roc_auc"], ">=", 0.99),
        ("within_source_auc", "ROC AUC within one source", within["roc_auc"], ">=", 0.97),
        ("ece", "Expected calibration error", ece, "<=", 0.03),
        ("pointing", "Heatmap's peak on the lesion, true positives", pointing, ">=", 0.75),
        (
            "stable",
            "Label stable under every mild change",
            metrics["robustness"]["every_mild"],
            ">=",
            0.97,
        ),
        ("abstained", "No opinion on brain MRI", metrics["abstention"]["share"], "<=", 0.02),
        (
            "refused",
            "No opinion on drawings of other things",
            metrics["abstention"]["other_things"]["share"],
            ">=",
            0.99,
        ),
    ]
    return [
        {
            "code": code,
            "name": name,
            "sign": sign,
            "aim": aim,
            **{key: figure[key] for key in ("value", "low", "high")},
            "reached": _reached(figure["value"], sign=sign, aim=aim),
        }
        for code, name, figure, sign, aim in wanted
    ]


def calibration_error(calibration: dict[str, Any] | None) -> dict[str, Any]:
    """The calibrated network's error as a figure; {} where there is none."""
    if not calibration:
        return {}
    after = calibration["after"]
    return {"value": after["ece"], **after["intervals"]["ece"]}


def _reached(value: float | None, *, sign: str, aim: float) -> bool | None:
    if value is None:
        return None
    return value >= aim if sign == ">=" else value <= aim


def _calibration(
    answers: Answers, rows: Sequence[Row], *, release: Release
) -> dict[str, Any] | None:
    logits = np.array([row["logit"] for row in rows if "label" in row], dtype=np.float64)
    if not logits.size:
        return None
    truths = answers.truths[answers.answered]
    return reliability(
        logits,
        truths,
        calibration=release.calibration,
        bootstrap=answers.bootstrap,
        among=answers.answered,
    )
