"""A model release: one frozen, versioned set of weights, preprocessing, calibration and card.

A release is a folder with `release.json` and one weights file. Reading the description loads
no weights and no TensorFlow, so the web process can show a release that only workers run.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from datetime import date
from pathlib import Path
from typing import Any, Final

from ml.metrics.calibration import Calibration
from ml.release.parts import (
    Card,
    EngineParity,
    Evidence,
    Operating,
    RegionSettings,
    Repeatability,
    Score,
    check_file,
    items,
    json_object,
    number,
    read_card,
    read_engine,
    read_evidence,
    read_files,
    read_operating,
    read_regions,
    read_repeatability,
    read_score,
    read_widths,
    text,
    whole,
)
from ml.series.rule import SeriesRule, read_rule

DESCRIPTION: Final = "release.json"
_FIRST_ARCHITECTURE: Final = "vgg16"  # of releases from before they named theirs
SHIPPED: Final = Path(__file__).parents[1] / "shipped"  # the release that comes with the code


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
class Release:
    """What release.json says, and where it was read.

    Attributes:
        directory: the folder of the release.
        name, version: together the identity of the release, for example "1.0.0".
        weights: file name of the weights inside `directory`.
        sha256: of the weights file, 64 lowercase hexadecimal digits.
        preprocessing: a name in `ml.imaging.preprocessing.RECIPES`.
        input_size: side of the square the network reads, in pixels.
        threshold: calibrated probability from which on the label is "tumor", 0 to 1.
        calibration: from the network's logit to that probability.
        gate: a name in `ml.gate.GATES`.
        provenance: where the weights come from, in words.
        scores: measured figures, most important first.
        card: the model card.
        created: the day the release was made.
        files: what else lies in `directory` and belongs to the release, name to SHA-256.
        operating: what the threshold does, or None where it was not measured.
        regions: how the suspected regions are found, or None where the release gives none.
        evidence: how its classifier reads the lesion decoder, or None where it does not.
        engines: the engines it was measured with against the reference; it may run on others.
        architecture: a name in `ml.architectures.ARCHITECTURES`.
        widths: the channels of its layers, group by group, or None for the network's own.
        repeatability: by how much a probability differs when a slice is scanned again, or None
            where it was not measured.
        series: how the evidence of slices becomes a statement on their series, or None where the
            release makes none.

    Raises:
        ValueError: a name is not a plain file name, a hash is not one, the threshold does not
            lie between 0 and 1, or there is evidence and no decoder to give it.
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
    architecture: str
    files: Mapping[str, str] = field(default_factory=dict)
    operating: Operating | None = None
    regions: RegionSettings | None = None
    evidence: Evidence | None = None
    engines: tuple[EngineParity, ...] = ()
    widths: tuple[tuple[int, ...], ...] | None = None
    repeatability: Repeatability | None = None
    series: SeriesRule | None = None

    def __post_init__(self) -> None:
        for name, digest in {self.weights: self.sha256, **self.files}.items():
            check_file(name, digest)
        if not 0.0 < self.threshold < 1.0:
            raise ValueError("'threshold' must lie between 0 and 1.")
        if self.evidence is not None and self.regions is None:
            raise ValueError("'evidence' needs the lesion decoder, which 'regions' names.")

    @property
    def weights_path(self) -> Path:
        """The weights file, whether or not it is there."""
        return self.directory / self.weights

    def path(self, name: str) -> Path:
        """One of `files`, whether or not it is there. Raises `KeyError` for another name."""
        self.files[name]
        return self.directory / name

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
        content = path.read_text(encoding="utf-8")
    except (FileNotFoundError, NotADirectoryError):
        raise ReleaseMissingError(
            f"There is no model release in {directory}: no {DESCRIPTION}."
        ) from None
    except (OSError, UnicodeDecodeError) as error:
        raise ReleaseMalformedError(f"{path} cannot be read: {error}.") from error
    try:
        value = json.loads(content)
    except json.JSONDecodeError as error:
        raise ReleaseMalformedError(f"{path} is not valid JSON: {error}.") from error
    try:
        return parse_release(directory, json_object(value, "the file"))
    except (TypeError, ValueError) as error:
        raise ReleaseMalformedError(f"{path} is not a release description: {error}") from error


def write_release(release: Release) -> None:
    """Write `release.json` into the release's folder, replacing the one that is there.

    Raises:
        OSError: it cannot be written.
    """
    value = asdict(release)
    del value["directory"]
    value["calibration"] = release.calibration.to_json()
    value["created"] = release.created.isoformat()
    content = json.dumps(value, indent=2, ensure_ascii=False) + "\n"
    (release.directory / DESCRIPTION).write_text(content, encoding="utf-8")


def verify(release: Release, *, files: Iterable[str] = ()) -> None:
    """Check that the weights file, and those of `files` that are named, are the described ones.

    Raises:
        ReleaseMissingError: a file is not there or may not be read.
        WeightsMismatchError: the SHA-256 of a file differs.
        KeyError: the release does not have a file of that name.
    """
    _verify(release, release.weights, release.sha256)
    for name in files:
        _verify(release, name, release.files[name])


def _verify(release: Release, name: str, digest: str) -> None:
    path = release.directory / name
    what = "weights file" if name == release.weights else f"file {name}"
    try:
        found = file_sha256(path)
    except OSError as error:
        raise ReleaseMissingError(
            f"The {what} of {release} is missing: {error.strerror} ({path})."
        ) from None
    if found != digest:
        raise WeightsMismatchError(
            f"The {what} of {release} is not the one it was released with: "
            f"{path} has SHA-256 {found}, release.json says {digest}. "
            "Restore the file from the release, or make a new release."
        )


def file_sha256(path: Path) -> str:
    """SHA-256 of a file as 64 lowercase hexadecimal digits.

    Raises:
        OSError: it cannot be read.
    """
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def parse_release(directory: Path, value: Mapping[str, Any]) -> Release:
    """The release that the content of a release.json describes.

    Raises:
        ValueError: a field is missing or wrong; the message names it.
    """
    operating, regions = value.get("operating"), value.get("regions")
    evidence = value.get("evidence")  # not of the releases up to 2.1.0
    series, repeatability = value.get("series"), value.get("repeatability")
    release = Release(
        directory=directory,
        name=text(value, "name"),
        version=text(value, "version"),
        weights=text(value, "weights"),
        sha256=text(value, "sha256"),
        preprocessing=text(value, "preprocessing"),
        input_size=whole(value, "input_size"),
        threshold=number(value, "threshold"),
        calibration=Calibration.from_json(json_object(value.get("calibration"), "'calibration'")),
        gate=text(value, "gate"),
        provenance=text(value, "provenance"),
        scores=tuple(read_score(json_object(item, "a score")) for item in items(value, "scores")),
        card=read_card(json_object(value.get("card"), "'card'")),
        created=date.fromisoformat(text(value, "created")),
        files=read_files(json_object(value.get("files", {}), "'files'")),
        operating=None
        if operating is None
        else read_operating(json_object(operating, "'operating'")),
        regions=None if regions is None else read_regions(json_object(regions, "'regions'")),
        evidence=None if evidence is None else read_evidence(json_object(evidence, "'evidence'")),
        engines=tuple(
            read_engine(json_object(item, "an engine")) for item in value.get("engines", [])
        ),
        architecture=text({"architecture": _FIRST_ARCHITECTURE, **value}, "architecture"),
        widths=None if value.get("widths") is None else read_widths(value),
        repeatability=None
        if repeatability is None
        else read_repeatability(json_object(repeatability, "'repeatability'")),
        series=None if series is None else read_rule(json_object(series, "'series'")),
    )
    needed = [name for engine in release.engines for name in engine.files]
    needed += [] if release.regions is None else [release.regions.file]
    for name in needed:
        if name not in release.files:
            raise ValueError(f"{name!r} is needed, and 'files' does not name it.")
    if release.series is not None and release.regions is None:
        raise ValueError(
            "A rule of a 'series' needs the lesion decoder, and there is no 'regions'."
        )
    return release
