"""The figures that release.json names, from what metrics.json says."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from ml.card.content import left_out, tested
from ml.card.words import split_words, where
from ml.release.parts import Score
from ml.training.evaluation.report import calibration_error

# Of the test split, where figures of sources left out stand before them.
_OF_BOTH: Final = frozenset({"AUC", "AUC within one source"})
_SHORT: Final = {"validate": "sources left out of training", "left-out": "sources left out in turn"}


def scores(metrics: Mapping[str, Any]) -> tuple[Score, ...]:
    """What is known of a release, most important first.

    Sources left out of training come first; beside them the test split is named by its AUC alone.
    """
    elsewhere, own = left_out(metrics), tested(metrics)
    found = () if own is None else of_the_test(own)
    if elsewhere is None:
        return found
    return of_sources_left_out(elsewhere) + tuple(one for one in found if one.name in _OF_BOTH)


def of_sources_left_out(found: Mapping[str, Any]) -> tuple[Score, ...]:
    """The rows of the table that a release is judged by."""
    dataset = _SHORT.get(found["split"], split_words(found))
    return tuple(
        Score(
            name=where(row),
            dataset=dataset,
            value=row["value"],
            n=row["n"],
            low=row["low"],
            high=row["high"],
            note="" if row["aim"] is None else f"Aimed at: {_SAID_OF[row['sign']]} {row['aim']:g}.",
        )
        for row in found["table"]
    )


_SAID_OF: Final = {">=": "at least", "<=": "at most"}


def of_the_test(metrics: Mapping[str, Any]) -> tuple[Score, ...]:
    """The figures of a part `test`, most important first."""
    split, data = metrics["split"], metrics["data"]
    words = f"{split} split ({data['clusters']} groups of near-duplicates)"
    everyone, within = metrics["all"]["figures"], metrics["within_source"]["figures"]
    tumors = metrics["within_source"]["tumor"]
    heatmap = {row["among"]: row for row in metrics["localization"]["heatmap"]}
    found = [
        _score("AUC", f"{words}, tumor against no tumor", everyone["roc_auc"]),
        _score(
            "AUC within one source",
            f"{split} split, br35h tumor against no tumor",
            within["roc_auc"],
            f"Only {tumors} tumor slices: the interval, not the figure, is what is known.",
        ),
        _score("Accuracy", words, everyone["accuracy"]),
        _score("Sensitivity", f"{split} split, tumor", everyone["recall"]),
        _score("Specificity", f"{split} split, no tumor", everyone["specificity"]),
    ]
    if metrics["calibration"]:
        error = {**calibration_error(metrics["calibration"]), "n": data["answered"]}
        found.append(_score("Expected calibration error", words, error, "0 is best."))
    for among in ("true positives", "all outlined"):
        if among in heatmap:
            row = heatmap[among]
            middle = row["center_prior"]["value"]
            near = metrics["localization"]["near"]
            found.append(
                _score(
                    "Heatmap peak on the lesion",
                    f"{split} split, {_SAID[among]}",
                    row["pointing"],
                    f"Within {near * 100:.0f} % of the image's width of the outline; "
                    f"the middle of the image is so in {middle * 100:.0f} %.",
                )
            )
    regions = metrics["localization"]["regions"]
    if regions:
        row = {item["among"]: item for item in regions["outlined"]}.get("all outlined")
        if row:
            dataset = f"{split} split, {_SAID['all outlined']}"
            found.append(_score("Suspected region on the lesion", dataset, row["pointing"]))
            found.append(_score("Suspected regions, Dice", dataset, row["dice"]))
    found.append(
        _score(
            "Stable under every mild change",
            f"{split} split",
            metrics["robustness"]["every_mild"],
            "Brightness, contrast, blur, noise, JPEG, quarter turn and flips.",
        )
    )
    found.append(
        _score(
            "Abstained",
            f"{split} split",
            metrics["abstention"]["share"],
            "Left out of the other figures.",
        )
    )
    return tuple(one for one in found if one is not None)


_SAID: Final = {
    "true positives": "outlined tumors that were called so",
    "all outlined": "slices with an outline",
}


def _score(name: str, dataset: str, figure: dict[str, Any], note: str = "") -> Score | None:
    if figure["value"] is None:
        return None
    return Score(
        name=name,
        dataset=dataset,
        value=figure["value"],
        n=figure["n"],
        low=figure.get("low"),
        high=figure.get("high"),
        note=note,
    )
