"""Sections on the answers: aims, right and wrong, probabilities, abstentions, changes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ml.model_card.parts import Section, figure, table
from ml.releases import Release
from ml.verdicts import verdicts


def aims(metrics: Mapping[str, Any]) -> Section:
    said = {True: "yes", False: "no", None: "not known"}
    signs = {">=": "at least", "<=": "at most"}
    rows = table(
        ["What was aimed at", "Aim", "Reached", "Figure"],
        (
            [
                aim["name"],
                f"{signs[aim['sign']]} {aim['aim']:g}",
                said[aim["reached"]],
                figure(aim),
            ]
            for aim in metrics["aims"]
        ),
    )
    return Section(
        name="aims", title="What was aimed at", tables=(rows,), points=tuple(verdicts(metrics))
    )


def right(metrics: Mapping[str, Any]) -> Section:
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
            [words, f"{found['before'][code]:.4f}", f"{found['after'][code]:.4f}"]
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
        text += f" No probability is nearer to 0 or to 1 than {found['doubt']:.4f}."
    if release.operating is not None:
        point = release.operating
        text += (
            f" The threshold {release.threshold:.3f} was chosen on {point.dataset} ({point.tumor} "
            f"with a tumor, {point.no_tumor} without): there its sensitivity is "
            f"{point.sensitivity:.3f} and its specificity {point.specificity:.3f}."
        )
    return Section(
        name="calibration",
        title="Probabilities and threshold",
        tables=(rows,),
        text=text,
        charts=("reliability",),
    )


def abstention(metrics: Mapping[str, Any]) -> Section:
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
        f"{figure(drawn['share'], percent=True)}; those that got by: {passed or 'none'}."
    )


def robustness(metrics: Mapping[str, Any]) -> Section:
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
