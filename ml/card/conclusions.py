"""What the figures mean, in sentences that follow from them; said the same in card and limits."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

# What would move each figure, said where it was not reached.
_MOVES: Final[Mapping[str, str]] = {
    "roc_auc": "Longer training at full size, and slices of more clinics, would move it.",
    "within_source_auc": (
        "Slices with and without a tumor from one and the same source would move it: there are "
        "few of them."
    ),
    "ece": "A validation split from the clinic where it is used, and fitting anew, would move it.",
    "pointing": (
        "More outlines in training, and training longer with Grad-CAM itself as a teacher, would "
        "move it; the suspected regions, which were taught outlines, point better."
    ),
    "stable": (
        "Stronger changes in training, and averaging over changed copies at a cost in time, would "
        "move it."
    ),
    "abstained": "Fitting the gate on slices of more scanners and clinics would move it.",
    "refused": "Real X-rays and CTs to fit the gate on, beside the drawings, would move it.",
}
_FEW: Final = 50  # slices of a kind below which a figure is named as uncertain


def conclusions(metrics: Mapping[str, Any]) -> list[str]:
    """A sentence for each aim: reached or not, how surely, and what would move it."""
    found = []
    for aim in metrics["aims"]:
        if aim["value"] is None:
            found.append(f"{aim['name']}: these slices do not allow the figure.")
            continue
        text = f"{aim['name']}: {aim['value']:.3f}, "
        if aim["reached"]:
            text += f"which reaches the aim ({aim['sign']} {aim['aim']:g})"
            if aim["low"] is None or aim["high"] is None:
                text += "; no interval was recorded, so how surely is not known."
            else:
                text += ", but its interval does not exclude missing it." if _unsure(aim) else "."
        else:
            text += f"which misses the aim ({aim['sign']} {aim['aim']:g}). {_MOVES[aim['code']]}"
        found.append(text)
    return found


def limits(metrics: Mapping[str, Any]) -> list[str]:
    """What a reader must know of the weaknesses that were measured."""
    found = []
    within = metrics["within_source"]
    auc = within["figures"]["roc_auc"]
    if auc["value"] is not None:
        text = (
            "All no-tumor slices come from one family of sources and nearly all tumor slices from "
            "another, so the overall figures may partly measure the source and not the tumor. "
            f"Within one source the AUC is {auc['value']:.3f}"
        )
        if auc["low"] is not None:
            text += f" (95 % interval {auc['low']:.3f} to {auc['high']:.3f})"
        if within["tumor"] < _FEW:
            text += f", on only {within['tumor']} tumor slices"
        found.append(f"{text}.")
    found += _wrong(metrics)
    found += _pointing(metrics)
    robust = metrics["robustness"]
    worst = min(
        (row for row in robust["changes"] if row["stable"]["value"] is not None),
        key=lambda row: row["stable"]["value"],
        default=None,
    )
    if worst is not None:
        found.append(
            f"On {robust['turned_by_any_mild']} of {metrics['data']['answered']} "
            f"{metrics['split']} slices a mild change of brightness, contrast, sharpness, noise, "
            "compression or orientation turns the label. Of all changes tried, "
            f"“{worst['words']}” keeps the fewest labels: "
            f"{worst['stable']['value'] * 100:.1f} %."
        )
    return found


def _wrong(metrics: Mapping[str, Any]) -> list[str]:
    counts = metrics["all"]["confusion"]
    missed, alarms = counts["tumor_called_no_tumor"], counts["no_tumor_called_tumor"]
    tumors = missed + counts["tumor_called_tumor"]
    without = alarms + counts["no_tumor_called_no_tumor"]
    if not tumors or not without:
        return []
    return [
        f"On the {metrics['split']} slices it missed {missed} of {tumors} tumors and called "
        f"{alarms} of {without} slices without one “tumor”."
    ]


def _pointing(metrics: Mapping[str, Any]) -> list[str]:
    rows = {row["among"]: row for row in metrics["localization"]["heatmap"]}
    if "all outlined" not in rows:
        return []
    row = rows["all outlined"]
    hit, blind = row["pointing"]["value"], row["center_prior"]["value"]
    text = (
        "The heatmap shows where the model looked, not where a tumor is: on the outlined "
        f"{metrics['split']} slices its hottest point lies on the lesion in {hit * 100:.0f} %, the "
        f"middle of the image in {blind * 100:.0f} %."
    )
    small = rows.get("small lesions")
    if small is not None:
        text += f" On small lesions it is {small['pointing']['value'] * 100:.0f} %."
    found = [text]
    regions = metrics["localization"]["regions"]
    if regions:
        table = {item["among"]: item for item in regions["outlined"]}
        missed = table["all outlined"]["missed"]["value"]
        text = (
            f"No suspected region meets the lesion on {missed * 100:.0f} % of the outlined slices"
        )
        if "small lesions" in table:
            small_missed = table["small lesions"]["missed"]["value"]
            text += f", and on {small_missed * 100:.0f} % of small lesions"
        alarms = regions["no_tumor"]["with_a_region"]["value"]
        if alarms is not None:
            text += (
                f"; {alarms * 100:.0f} % of the slices without a tumor have a region all the same"
            )
        found.append(f"{text}.")
    return found


def _unsure(aim: Mapping[str, Any]) -> bool:
    """Whether the interval reaches beyond the aim."""
    return bool(aim["low"] < aim["aim"] if aim["sign"] == ">=" else aim["high"] > aim["aim"])
