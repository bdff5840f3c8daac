"""What the codes of metrics.json's part `left_out` are called on the card."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from ml.card.parts import figure

_KINDS: Final[Mapping[str, str]] = {
    "tumor": "tumor",
    "healthy": "healthy head",
    "tumor-head": "tumor-free slice of a head with a tumor",
    "no-tumor": "no tumor, head not known",
    "ms": "multiple sclerosis",
    "stroke": "stroke",
}
_SEQUENCES: Final[Mapping[str, str]] = {
    "T1c": "T1 with contrast",
    "unknown": "sequence not known",
}
_OTHERS: Final[Mapping[str, str]] = {
    "head_ct": "head CT",
    "body_ct": "body CT",
    "body_mri": "body MRI",
    "spine_mri": "MRI of neck and cord",
    "xray": "X-ray",
    "other_medical": "other medical images",
}
_SKULLS: Final[Mapping[str, str]] = {
    "removed": "skull removed",
    "there": "with skull",
    "unknown": "skull not known",
}
_DISPLAYS: Final[Mapping[str, str]] = {
    "dim-display": "dim display",
    "narrow-window": "narrow window",
    "wide-window": "wide window",
    "blurred": "blur",
    "phone-photo": "phone photo",
}
BY: Final[Mapping[str, str]] = {
    "source": "Source",
    "sequence": "Sequence",
    "level": "Plane and quarter of the head",
    "skull": "Skull",
    "kind": "Kind of head",
    "lesion": "Size of the lesion, of the head",
}


def name_of(by: str, name: str) -> str:
    """One name under which slices are counted, for a reader."""
    if by == "source":
        return f"source {name}"
    if by == "level":
        return "level not known" if name == "unknown" else name
    if by == "lesion":
        return f"tumor of {name} of the head"
    words = {"sequence": _SEQUENCES, "skull": _SKULLS, "kind": _KINDS, "other": _OTHERS}.get(by, {})
    return words.get(name, name.replace("_", " "))


def names_of(by: Sequence[str], names: Sequence[str]) -> str:
    """Several of them together, the first letter large."""
    text = ", ".join(name_of(one, name) for one, name in zip(by, names, strict=True))
    return text[:1].upper() + text[1:]


def where(row: Mapping[str, Any]) -> str:
    """What a row of the table `table` is about."""
    code, name = row["code"], row["name"]
    sequence = name_of("sequence", name)
    texts = {
        "within_scans": f"Tumor against tumor-free slices of the same scans, {sequence}: AUC",
        "healthy": "Healthy heads: specificity",
        "healthy_level": f"Healthy heads, lowest level ({name}): specificity",
        "healthy_sequence": f"Healthy heads, lowest sequence ({sequence}): specificity",
        "healthy_certain": "Healthy heads: share called tumor with 0.95 and more",
        "specificity": f"{name_of('kind', name).capitalize()}: specificity",
        "sensitivity": f"Tumors, {sequence}: sensitivity",
        "small": f"Tumors under 2 % of the head, {sequence}: sensitivity",
        "disease": f"{name_of('kind', name).capitalize()}, no tumor: specificity",
        "turned_away": (
            "No brain MRI, all kinds: turned away"
            if name == "all"
            else f"No brain MRI, {name_of('other', name)}: turned away"
        ),
        "refused": (
            "Brain MRI: turned away"
            if name == "all"
            else f"Brain MRI, {name_of('skull', name)}: turned away"
        ),
        "refused_source": f"Brain MRI, the source most turned away ({name})",
        "own": f"The collections that it was trained on ({name} split): AUC",
        "pointing": f"Grad-CAM's peak on the lesion, {sequence}",
        "ece": "Expected calibration error",
        "specificity_fall": f"Display ({_DISPLAYS.get(name, name)}): largest fall of specificity",
        "sensitivity_fall": f"Display ({_DISPLAYS.get(name, name)}): largest fall of sensitivity",
    }
    return texts.get(code, f"{code} {name}".strip().replace("_", " "))


def split_words(found: Mapping[str, Any]) -> str:
    """What the slices of a part `left_out` are to the release."""
    networks = found["networks"]
    folds = [name for one in networks for name in one["hold_out"]]
    fitted = "validate" in (networks[0].get("fitted_on") or "") if networks else False
    texts = {
        "validate": (
            "sources of which nothing entered the weights of the network; but numbers, which are "
            "not such weights, were fitted on these slices (how much the two parts of the logit "
            "count, calibration, threshold, what counts as a region, the gate's limit), and the "
            "recipe was chosen by them: by so much the figures flatter the release"
            if fitted
            else "sources of which nothing entered the weights; the recipe, the threshold and the "
            "gate may have been chosen by them"
        ),
        "left-out": f"sources that training was told to leave out ({', '.join(folds)})",
        "all": "all images of the folders given",
    }
    text = texts.get(str(found["split"]), str(found["split"]))
    if folds and found["split"] != "left-out":
        text += (
            f"; and {', '.join(folds)}, read by networks of the same recipe that were not trained "
            "on them, each at a threshold of its own"
        )
    return text


def flattered(found: Mapping[str, Any]) -> str:
    """By how much the figures of a part `left_out` are too good, as far as that was measured.

    Empty where calibration and threshold were not fitted on these slices.
    """
    cross = found.get("cross_fitted")
    if cross is None:
        return ""
    words = {
        "ece": ("calibration error", False),
        "specificity": ("specificity", True),
        "sensitivity": ("sensitivity", True),
    }
    parts = [
        f"{name} {figure(cross['apart'][code], percent=percent)} instead of "
        f"{figure(cross['as_released'][code], percent=percent)}"
        for code, (name, percent) in words.items()
        if cross["apart"][code] is not None and cross["as_released"][code] is not None
    ]
    return (
        "By how much, for calibration and threshold: fitted for each source in turn on the others "
        "of these alone, as if it had not been among those chosen by, and counted together "
        f"({cross['slices']} slices of {cross['sources']} sources), {'; '.join(parts)}."
    )
