"""The parts of a release's description, each with its place in release.json."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

_PLAIN_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
_SHA256: Final = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, kw_only=True, slots=True)
class Score:
    """One measured figure with what it was measured on.

    Attributes:
        name: what was measured, for example "AUC" or "Sensitivity".
        dataset: on which images, in words.
        value: the figure, 0 to 1.
        n: how many images it rests on.
        low, high: 95 % interval, or None where none was computed.
        note: what a reader must know beside the figure; may be empty.
    """

    name: str
    dataset: str
    value: float
    n: int
    low: float | None = None
    high: float | None = None
    note: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Card:
    """The model card in plain text: for what, made of what, tested on what, weak where."""

    intended_use: str
    training: str
    testing: str
    limits: tuple[str, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Operating:
    """What the threshold does, on the images that it was chosen on.

    Attributes:
        dataset: which images, in words.
        sensitivity, specificity: at the release's threshold, 0 to 1.
        tumor, no_tumor: how many images of each kind they rest on.
    """

    dataset: str
    sensitivity: float
    specificity: float
    tumor: int
    no_tumor: int


@dataclass(frozen=True, kw_only=True, slots=True)
class RegionSettings:
    """How the lesion decoder's map becomes suspected regions.

    Attributes:
        file: a name in the release's `files`: the decoder's arrays.
        threshold: a cell of the map belongs to a region from this score on, 0 to 1.
        least_cells: regions of fewer cells (of 56 x 56) are dropped.
    """

    file: str
    threshold: float
    least_cells: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Evidence:
    """How the classifier reads the lesion decoder (`ml.engines.evidence`).

    Attributes:
        weight: of the decoder's evidence in the tumor logit: its other part is the network's last
            layer.
    """

    weight: float


@dataclass(frozen=True, kw_only=True, slots=True)
class EngineParity:
    """How far an engine's answers are from the reference engine's, as measured at release time.

    Attributes:
        name: a name in `ml.engines.ENGINES`.
        files: names in the release's `files` that this engine needs beside the weights.
        dataset: on which images, in words; `n` of them.
        within: share of them whose probability differs by at most 0.02.
        largest_difference: the largest difference of probability, 0 to 1.
        auc_loss: AUC of the reference minus AUC of this engine.
        heatmap_correlation: median over the images of Pearson's correlation of the heatmaps.
        holds: whether all this is good enough for "auto" to choose this engine.
    """

    name: str
    files: tuple[str, ...]
    dataset: str
    n: int
    within: float
    largest_difference: float
    auc_loss: float
    heatmap_correlation: float
    holds: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class Repeatability:
    """By how much a probability differs when the same slice is scanned again.

    Attributes:
        dataset: which slices, in words; `slices` of them, `copies` in all.
        changes: what was done to a slice for a copy, in words.
        share: of the copies whose probability differs by at most `within`, 0 to 1.
        within: that difference, 0 to 1.
    """

    dataset: str
    changes: str
    share: float
    within: float
    slices: int
    copies: int


def read_score(value: Mapping[str, Any]) -> Score:
    """A score from its JSON object. Raises `ValueError`."""
    return Score(
        name=text(value, "name"),
        dataset=text(value, "dataset"),
        value=number(value, "value"),
        n=whole(value, "n"),
        low=None if value.get("low") is None else number(value, "low"),
        high=None if value.get("high") is None else number(value, "high"),
        note=str(value.get("note", "")),
    )


def read_card(value: Mapping[str, Any]) -> Card:
    """The card from its JSON object. Raises `ValueError`."""
    return Card(
        intended_use=text(value, "intended_use"),
        training=text(value, "training"),
        testing=text(value, "testing"),
        limits=tuple(str(item) for item in items(value, "limits")),
    )


def read_operating(value: Mapping[str, Any]) -> Operating:
    """The operating point from its JSON object. Raises `ValueError`."""
    return Operating(
        dataset=text(value, "dataset"),
        sensitivity=number(value, "sensitivity"),
        specificity=number(value, "specificity"),
        tumor=whole(value, "tumor"),
        no_tumor=whole(value, "no_tumor"),
    )


def read_regions(value: Mapping[str, Any]) -> RegionSettings:
    """The settings of the suspected regions from their JSON object. Raises `ValueError`."""
    threshold = number(value, "threshold")
    if not 0.0 < threshold < 1.0:
        raise ValueError("The regions' 'threshold' must lie between 0 and 1.")
    return RegionSettings(
        file=text(value, "file"),
        threshold=threshold,
        least_cells=whole(value, "least_cells"),
    )


def read_evidence(value: Mapping[str, Any]) -> Evidence:
    """How the classifier reads the decoder, from its JSON object. Raises `ValueError`."""
    weight = number(value, "weight")
    if not math.isfinite(weight):
        raise ValueError("The evidence's 'weight' must be finite.")
    return Evidence(weight=weight)


def read_engine(value: Mapping[str, Any]) -> EngineParity:
    """An engine's parity from its JSON object. Raises `ValueError`."""
    return EngineParity(
        name=text(value, "name"),
        files=tuple(str(item) for item in items(value, "files")),
        dataset=text(value, "dataset"),
        n=whole(value, "n"),
        within=number(value, "within"),
        largest_difference=number(value, "largest_difference"),
        auc_loss=number(value, "auc_loss"),
        heatmap_correlation=number(value, "heatmap_correlation"),
        holds=value.get("holds") is True,
    )


def read_repeatability(value: Mapping[str, Any]) -> Repeatability:
    """What a second scan changes, from its JSON object. Raises `ValueError`."""
    share, within = number(value, "share"), number(value, "within")
    if not (0.0 < share <= 1.0 and 0.0 <= within <= 1.0):
        raise ValueError("The repeatability's 'share' and 'within' must lie between 0 and 1.")
    return Repeatability(
        dataset=text(value, "dataset"),
        changes=text(value, "changes"),
        share=share,
        within=within,
        slices=whole(value, "slices"),
        copies=whole(value, "copies"),
    )


def read_files(value: Mapping[str, Any]) -> dict[str, str]:
    """The files beside the weights, name to SHA-256. Raises `ValueError`."""
    found = {str(name): str(digest) for name, digest in value.items()}
    for name, digest in found.items():
        check_file(name, digest)
    return found


def read_widths(value: Mapping[str, Any]) -> tuple[tuple[int, ...], ...]:
    """The channels of the layers, a list of lists. Raises `ValueError`."""
    groups = items(value, "widths")
    for group in groups:
        if not isinstance(group, list) or any(
            type(width) is not int or width < 1 for width in group
        ):
            raise ValueError("'widths' must be lists of whole numbers above 0.")
    return tuple(tuple(group) for group in groups)


def check_file(name: str, digest: str) -> None:
    """Raise `ValueError` unless the name is a plain one and the digest a SHA-256."""
    if not _PLAIN_NAME.fullmatch(name):
        raise ValueError(f"{name!r} must be a plain file name.")
    if not _SHA256.fullmatch(digest):
        raise ValueError(f"The SHA-256 of {name!r} must be 64 lowercase hexadecimal digits.")


def json_object(value: object, what: str) -> Mapping[str, Any]:
    """The value, which must be a JSON object. Raises `ValueError`."""
    if not isinstance(value, dict):
        raise ValueError(f"{what} must be a JSON object.")
    return value


def items(value: Mapping[str, Any], key: str) -> list[Any]:
    """The list under a key. Raises `ValueError`."""
    found = value.get(key)
    if not isinstance(found, list):
        raise ValueError(f"{key!r} must be a list.")
    return found


def text(value: Mapping[str, Any], key: str) -> str:
    """The text under a key, not empty. Raises `ValueError`."""
    found = value.get(key)
    if not isinstance(found, str) or not found.strip():
        raise ValueError(f"{key!r} must be a text that is not empty.")
    return found


def whole(value: Mapping[str, Any], key: str) -> int:
    """The whole number under a key, 0 and up. Raises `ValueError`."""
    found = value.get(key)
    if isinstance(found, bool) or not isinstance(found, int) or found < 0:
        raise ValueError(f"{key!r} must be a whole number.")
    return found


def number(value: Mapping[str, Any], key: str) -> float:
    """The number under a key. Raises `ValueError`."""
    found = value.get(key)
    if isinstance(found, bool) or not isinstance(found, (int, float)):
        raise ValueError(f"{key!r} must be a number.")
    return float(found)
