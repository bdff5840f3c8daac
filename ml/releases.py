"""A model release: one frozen, versioned set of weights, preprocessing, calibration and card.

A release is a folder with `release.json` and one weights file. Reading the description loads
no weights and no TensorFlow, so the web process can show a release that only workers run.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path
from typing import Any, Final

from ml.calibration import Calibration

DESCRIPTION: Final = "release.json"
_PLAIN_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
_SHA256 = re.compile(r"[0-9a-f]{64}")


class ReleaseError(Exception):
    """A release cannot be used; the message is a full sentence for the operator."""


class ReleaseMissingError(ReleaseError):
    """The folder, its description or its weights file is not there."""


class ReleaseMalformedError(ReleaseError):
    """The description is not what release.json must be."""


class WeightsMismatchError(ReleaseError):
    """The weights file is not the one the description was written for."""


class ReleaseUnsupportedError(ReleaseError):
    """The release asks for a preprocessing, gate or engine that this NeuroScan does not have."""


class WrongArchitectureError(ReleaseError):
    """The weights belong to another network; the message says what differs."""


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
class Release:
    """What release.json says, and where it was read.

    Attributes:
        directory: the folder of the release.
        name, version: together the identity of the release, for example "1.0.0".
        weights: file name of the weights inside `directory`.
        sha256: of the weights file, 64 lowercase hexadecimal digits.
        preprocessing: a name in `ml.preprocessing.RECIPES`.
        input_size: side of the square the network reads, in pixels.
        threshold: calibrated probability from which on the label is "tumor", 0 to 1.
        calibration: from the network's logit to that probability.
        gate: a name in `ml.gate.GATES`.
        provenance: where the weights come from, in words.
        scores: measured figures, most important first.
        card: the model card.
        created: the day the release was made.

    Raises:
        ValueError: the weights are not a plain file name, the hash is not one, or the threshold
            does not lie between 0 and 1.
    """

    directory: Path
    name: str
    version: str
    weights: str
    sha256: str
    preprocessing: str
    input_size: int
    threshold: float
    calibration: Calibration
    gate: str
    provenance: str
    scores: tuple[Score, ...]
    card: Card
    created: date

    def __post_init__(self) -> None:
        if not _PLAIN_NAME.fullmatch(self.weights):
            raise ValueError("'weights' must be a plain file name.")
        if not _SHA256.fullmatch(self.sha256):
            raise ValueError("'sha256' must be 64 lowercase hexadecimal digits.")
        if not 0.0 < self.threshold < 1.0:
            raise ValueError("'threshold' must lie between 0 and 1.")

    @property
    def weights_path(self) -> Path:
        """The weights file, whether or not it is there."""
        return self.directory / self.weights

    def __str__(self) -> str:
        return f"{self.name} {self.version}"


def read_release(directory: Path) -> Release:
    """Read the description of a release; the weights are not opened.

    Raises:
        ReleaseMissingError: there is no such folder or no release.json in it.
        ReleaseMalformedError: release.json is not JSON, or a field is missing or wrong.
    """
    path = directory / DESCRIPTION
    try:
        text = path.read_text(encoding="utf-8")
    except (FileNotFoundError, NotADirectoryError):
        raise ReleaseMissingError(
            f"There is no model release in {directory}: no {DESCRIPTION}."
        ) from None
    except (OSError, UnicodeDecodeError) as error:
        raise ReleaseMalformedError(f"{path} cannot be read: {error}.") from error
    try:
        value = json.loads(text)
    except json.JSONDecodeError as error:
        raise ReleaseMalformedError(f"{path} is not valid JSON: {error}.") from error
    try:
        return parse_release(directory, _object(value, "the file"))
    except (TypeError, ValueError) as error:
        raise ReleaseMalformedError(f"{path} is not a release description: {error}") from error


def write_release(release: Release) -> None:
    """Write `release.json` into the release's folder, replacing the one that is there."""
    value = asdict(release)
    del value["directory"]
    value["calibration"] = release.calibration.to_json()
    value["created"] = release.created.isoformat()
    text = json.dumps(value, indent=2, ensure_ascii=False) + "\n"
    (release.directory / DESCRIPTION).write_text(text, encoding="utf-8")


def verify(release: Release) -> None:
    """Check that the weights file is there and is the one the description names.

    Raises:
        ReleaseMissingError: the weights file is not there or may not be read.
        WeightsMismatchError: its SHA-256 differs.
    """
    try:
        found = file_sha256(release.weights_path)
    except OSError as error:
        raise ReleaseMissingError(
            f"The weights of {release} are missing: {error.strerror} ({release.weights_path})."
        ) from None
    if found != release.sha256:
        raise WeightsMismatchError(
            f"The weights of {release} are not the ones it was released with: "
            f"{release.weights_path} has SHA-256 {found}, release.json says {release.sha256}. "
            "Restore the file from the release, or make a new release."
        )


def file_sha256(path: Path) -> str:
    """SHA-256 of a file as 64 lowercase hexadecimal digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def parse_release(directory: Path, value: Mapping[str, Any]) -> Release:
    """The release that the content of a release.json describes.

    Raises:
        ValueError: a field is missing or wrong; the message names it.
    """
    card = _object(value.get("card"), "'card'")
    return Release(
        directory=directory,
        name=_text(value, "name"),
        version=_text(value, "version"),
        weights=_text(value, "weights"),
        sha256=_text(value, "sha256"),
        preprocessing=_text(value, "preprocessing"),
        input_size=_whole(value, "input_size"),
        threshold=_number(value, "threshold"),
        calibration=Calibration.from_json(_object(value.get("calibration"), "'calibration'")),
        gate=_text(value, "gate"),
        provenance=_text(value, "provenance"),
        scores=tuple(_score(_object(item, "a score")) for item in _list(value, "scores")),
        card=Card(
            intended_use=_text(card, "intended_use"),
            training=_text(card, "training"),
            testing=_text(card, "testing"),
            limits=tuple(str(item) for item in _list(card, "limits")),
        ),
        created=date.fromisoformat(_text(value, "created")),
    )


def _score(value: Mapping[str, Any]) -> Score:
    return Score(
        name=_text(value, "name"),
        dataset=_text(value, "dataset"),
        value=_number(value, "value"),
        n=_whole(value, "n"),
        low=None if value.get("low") is None else _number(value, "low"),
        high=None if value.get("high") is None else _number(value, "high"),
        note=str(value.get("note", "")),
    )


def _object(value: object, what: str) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        raise ValueError(f"{what} must be a JSON object.")
    return value


def _list(value: Mapping[str, Any], key: str) -> list[Any]:
    items = value.get(key)
    if not isinstance(items, list):
        raise ValueError(f"{key!r} must be a list.")
    return items


def _text(value: Mapping[str, Any], key: str) -> str:
    text = value.get(key)
    if not isinstance(text, str) or not text.strip():
        raise ValueError(f"{key!r} must be a text that is not empty.")
    return text


def _whole(value: Mapping[str, Any], key: str) -> int:
    number = value.get(key)
    if isinstance(number, bool) or not isinstance(number, int) or number < 0:
        raise ValueError(f"{key!r} must be a whole number.")
    return number


def _number(value: Mapping[str, Any], key: str) -> float:
    number = value.get(key)
    if isinstance(number, bool) or not isinstance(number, (int, float)):
        raise ValueError(f"{key!r} must be a number.")
    return float(number)
