"""Sections on the answers: aims, right and wrong, probabilities, abstentions, changes."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, Final

from ml.card.conclusions import conclusions
from ml.card.parts import Section, Table, figure, table
from ml.release.releases import Release

_SURE: Final = 0.9  # probability from which on "tumor" is said with some certainty


def aims(metrics: Mapping[str, Any]) -> Section:
    """What was aimed at and whether it was reached, from the content of a metrics.json."""
    reached = {True: "yes", False: "no", None: "not known"}
    signs = {">=": "at least", "<=": "at most"}
    rows = table(
        ["What was aimed at", "Aim", "Reached", "Figure"],
        (
            [
                aim["name"],
                f"{signs[aim['sign']]} {aim['aim']:g}",
                reached[aim["reached"]],
                figure(aim),
            ]
            for aim in metrics["aims"]
        ),
    )
    sentences = conclusions(metrics)
    drawn = next((aim for aim in metrics["aims"] if aim["code"] == "refused"), None)
    if drawn is not None:
        name = "No opinion on real photographs, documents, X-rays and CTs of other body parts"
        row = (name, f"at least {drawn['aim']:g}", reached[None], figure(None))
        rows = Table(head=rows.head, rows=(*rows.rows, row))
        sentences.append(
            "Real photographs, documents, X-rays and CTs of other parts of the body: not known. "
            "The drawings are of the kinds that the gate was fitted on, and say nothing of real "
            "ones."
        )
    return Section(name="aims", title="What was aimed at", tables=(rows,), points=tuple(sentences))


def right(metrics: Mapping[str, Any]) -> Section:
    """Right and wrong answers: over all slices, within one source, and by source."""
    columns = [("All slices", metrics["all"]), ("Within one source", metrics["within_source"])]
    columns += [(f"Source {row['source']}", row) for row in metrics["sources"]]
    names = {
        "roc_auc": "ROC AUC",
        "pr_auc": "PR AUC",
        "accuracy": "Accuracy",
        "precision": "Precision",
        "recall": "Recall (sensitivity)",
        "specificity": "Specificity",
        "f1": "F1",
        "sensitivity_at_95_specificity": "Sensitivity at 95 % specificity",
        "brier": "Brier score",
    }
    rows = table(
        ["Figure", *(name for name, _ in columns)],
        (
            [words, *(figure(column["figures"][code]) for _, column in columns)]
            for code, words in names.items()
        ),
    )
    counts = metrics["all"]["confusion"]
    confusion = table(
        [f"Threshold {metrics['threshold']:.3f}", "Called tumor", "Called no tumor"],
        (
            [words, counts[f"{name}_called_tumor"], counts[f"{name}_called_no_tumor"]]
            for name, words in (("tumor", "Tumor"), ("no_tumor", "No tumor"))
        ),
    )
    within = metrics["within_source"]
    return Section(
        name="right",
        title="Right and wrong",
        tables=(rows, confusion),
        text=(
            f"Within one source: the {within['tumor']} tumor slices of br35h against the "
            f"{within['no_tumor']} slices without a tumor, which share its source. The overall "
            "figures may only say that the model sees sources; this one says whether it sees "
            "tumors."
        ),
        charts=("roc", "precision-recall", "probabilities"),
    )


def groups(metrics: Mapping[str, Any]) -> Section:
    """Right answers and AUC of each class of each source."""
    rows = table(
        ["Source and class", "Slices", "Groups", "Right", "ROC AUC", "No opinion"],
        (
            [
                f"{row['source']}, {row['class'].replace('_', ' ')}",
                row["slices"],
                row["clusters"],
                figure(row["right"], percent=True),
                figure(row["roc_auc"]),
                figure(row["abstained"], percent=True),
            ]
            for row in metrics["groups"]
        ),
    )
    return Section(
        name="groups",
        title="By source and class",
        tables=(rows,),
        text="The AUC of a class is that against all slices of the other label.",
    )


def calibration(release: Release, metrics: Mapping[str, Any]) -> Section | None:
    """Whether probabilities come true as often as they say; None where it was not measured."""
    found = metrics["calibration"]
    if not found:
        return None
    names = {
        "ece": "Expected calibration error, ten bins of equal count",
        "ece_equal_width": "The same, ten bins of equal width",
        "brier": "Brier score",
        "log_loss": "Log loss",
    }
    rows = table(
        ["Figure (0 is best)", "Before calibration", "After"],
        (
            [words, *(_error(found[when], code) for when in ("before", "after"))]
            for code, words in names.items()
        ),
    )
    text = (
        f"Calibration: {found['method']}, slope {found['slope']:.3f}, intercept "
        f"{found['intercept']:.3f}."
    )
    text += (
        " It is fitted as if half of the slices had a tumor, and measured here at the split's own "
        "share."
    )
    if found["doubt"]:
        text += (
            f" No probability is nearer to 0 or to 1 than {found['doubt']:.4f}, from the number of "
            "slices of the rarer kind; counted in groups of near-duplicates it would be further."
        )
    if release.operating is not None:
        point = release.operating
        text += (
            f" The threshold {release.threshold:.3f} was chosen on {point.dataset} ({point.tumor} "
            f"with a tumor, {point.no_tumor} without): there its sensitivity is "
            f"{point.sensitivity:.3f} and its specificity {point.specificity:.3f}. Those are of "
            "the slices that it was chosen on, and flatter it"
        )
        figures = metrics["all"]["figures"]
        here = [figures[name]["value"] for name in ("recall", "specificity")]
        if None not in here:
            text += f": on the {metrics['split']} split they are {here[0]:.3f} and {here[1]:.3f}"
        text += "."
    text += _less_sure(metrics)
    return Section(
        name="calibration",
        title="Probabilities and threshold",
        tables=(rows,),
        text=text,
        charts=("reliability",),
    )


def _error(found: Mapping[str, Any], code: str) -> str:
    """An error with its interval, where one was recorded."""
    ends = found.get("intervals", {}).get(code, {})
    text = f"{found[code]:.4f}"
    if ends.get("low") is None or ends.get("high") is None:
        return text
    return f"{text} ({ends['low']:.4f} to {ends['high']:.4f})"


def _less_sure(metrics: Mapping[str, Any]) -> str:
    """What came true of "tumor" where it was said with less than 0.9, and of its false alarms."""
    threshold, text = metrics["threshold"], ""
    rows = [row for row in metrics["calibration"]["after"]["bins"] if row["n"]]
    rows = [row for row in rows if threshold <= row["promised"] < _SURE]
    n = sum(row["n"] for row in rows)
    if n:
        promised, true = (
            sum(row["n"] * row[key] for row in rows) / n for key in ("promised", "true")
        )
        text += (
            f" Of the {n} slices called tumor in the bins below {_SURE:g}, {promised * 100:.0f} % "
            f"should have had one by their probabilities, and {true * 100:.0f} % had one."
        )
    alarms = metrics["all"]["confusion"]["no_tumor_called_tumor"]
    counts = metrics["histogram"]["no_tumor"]
    first = math.ceil(threshold * len(counts))
    if sum(counts[first:]) != alarms:  # some lie in the threshold's own bin
        first = max(0, first - 1)
    held = [index for index in range(first, len(counts)) if counts[index]]
    if alarms and held:
        low, high = held[0] / len(counts), (held[-1] + 1) / len(counts)
        text += (
            f" The {alarms} slices without a tumor that were called so have probabilities between "
            f"{low:.2f} and {high:.2f}."
        )
    return text


def abstention(metrics: Mapping[str, Any]) -> Section:
    """How often the release gives no opinion, on slices and on drawings of other things."""
    found = metrics["abstention"]
    reasons = ", ".join(
        f"{reason.replace('_', ' ')} {count}" for reason, count in found["reasons"].items()
    )
    return Section(
        name="abstention",
        title="No opinion",
        text=(
            f"On {figure(found['share'], percent=True)} of these slices, all of them brain MRI, "
            f"the release gives no opinion (reasons: {reasons or 'none'}). Right answers among all "
            "slices, an abstention counted as not right: "
            f"{figure(found['right_of_all'], percent=True)}.{_other_things(found)}"
        ),
    )


def _other_things(found: Mapping[str, Any]) -> str:
    drawn = found.get("other_things")
    if not drawn:
        return ""
    passed = ", ".join(f"{family} {count}" for family, count in drawn["passed"].items())
    return (
        f" Of {drawn['share']['n']} drawings of {drawn['families']} kinds of other things "
        "(photographs, papers, screens, X-rays, CT and MRI of other parts of the body; the kinds "
        "that the gate was fitted on, drawn anew) it turned away "
        f"{figure(drawn['share'], percent=True)}, an interval that counts drawings, not kinds; "
        f"those that got by: {passed or 'none'}."
    )


def robustness(metrics: Mapping[str, Any]) -> Section:
    """How many labels stay under each change of the image."""
    found = metrics["robustness"]
    rows = table(
        ["Change", "Level", "Label stays", "Turned", "No opinion", "Accuracy"],
        (
            [
                row["words"],
                row["level"],
                figure(row["stable"], percent=True),
                row["turned"],
                row["abstained"],
                figure(row["accuracy"], percent=True),
            ]
            for row in found["changes"]
        ),
    )
    return Section(
        name="robustness",
        title="Changed images",
        tables=(rows,),
        text=(
            "The label stays under every mild change on "
            f"{figure(found['every_mild'], percent=True)} of the slices; on "
            f"{found['turned_by_any_mild']} slices at least one of them turns it."
        ),
        charts=("robustness-mild", "robustness-strong"),
    )
