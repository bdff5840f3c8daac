"""Read a labeled data folder: `manifest.csv`, `images/` and `lesions.json`."""

from __future__ import annotations

import csv
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from ml.imaging import formats
from ml.imaging.pixels import Uint8Array, to_8bit
from ml.training.data.provenance import NOTHING_KNOWN, Provenance

COLUMNS: Final = ("file", "source", "class", "tumor", "cluster", "split")


class DataError(Exception):
    """The data folder is not what it must be; the message is a full sentence."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Slice:
    """One labeled image of a data folder.

    Attributes:
        path: the file.
        source, kind: the collection it is from, and its class there, for example "glioma".
        tumor: whether it shows a tumor.
        cluster: number shared by near-duplicates.
        outlines: outlines of the lesion as in `lesions.json`, in pixels of the file; empty
            where none is known.
        provenance: where it comes from, as far as its folder says.
    """

    path: Path
    source: str
    kind: str
    tumor: bool
    cluster: str
    outlines: tuple[dict[str, Any], ...]
    provenance: Provenance = NOTHING_KNOWN


def read_split(folder: Path, *, split: str) -> list[Slice]:
    """The slices of one split, in the order of the manifest.

    Args:
        folder: holds manifest.csv (columns file, source, class, tumor, cluster, split), images/
            and, if outlines are known, lesions.json.
        split: "train", "val" or "test".

    Raises:
        DataError: there is no manifest, it lacks a column, or there is no image of that split.
    """
    manifest, lesions = folder / "manifest.csv", folder / "lesions.json"
    if not manifest.is_file():
        raise DataError(f"There is no manifest.csv in {folder}.")
    outlines = _outlines(lesions) if lesions.is_file() else {}
    slices = [
        Slice(
            path=folder / "images" / row["file"],
            source=row["source"],
            kind=row["class"],
            tumor=row["tumor"] == "1",
            cluster=row["cluster"],
            outlines=tuple(outlines.get(row["file"], ())),
            provenance=Provenance(folder=folder.name, file=row["file"]),
        )
        for row in read_rows(manifest, columns=COLUMNS)
        if row["split"] == split
    ]
    if not slices:
        raise DataError(f"{manifest} lists no image of the split {split!r}.")
    return slices


def read_image(path: Path) -> Uint8Array:
    """The pixels of an image file, read as the command line and the application read them.

    Returns:
        uint8, shape (H, W) for gray or (H, W, 3) RGB; 16 bits become 8 as before the network.

    Raises:
        DataError: the file is missing or no such image.
    """
    try:
        return to_8bit(formats.read_path(path).image.pixels)
    except formats.Refusal as error:
        raise DataError(f"{path} cannot be used. {error}") from error


def read_rows(manifest: Path, *, columns: Sequence[str]) -> list[dict[str, str]]:
    """The rows of a table with a header.

    Args:
        manifest: the .csv file.
        columns: that it must have.

    Raises:
        DataError: it cannot be read, or lacks a column, or a row is too short.
    """
    try:
        with manifest.open(encoding="utf-8", newline="") as file:
            rows = csv.DictReader(file)
            missing = [name for name in columns if name not in (rows.fieldnames or ())]
            if missing:
                raise DataError(f"{manifest} lacks the columns: {', '.join(missing)}.")
            found = list(rows)
    except (OSError, ValueError, csv.Error) as error:
        raise DataError(f"{manifest} cannot be read: {error}.") from error
    for number, row in enumerate(found, start=2):
        if any(row[name] is None for name in columns):
            raise DataError(f"Line {number} of {manifest} has too few columns.")
    return found


def _outlines(lesions: Path) -> dict[str, Any]:
    try:
        found = json.loads(lesions.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise DataError(f"{lesions} cannot be read: {error}.") from error
    if not isinstance(found, dict):
        raise DataError(f"{lesions} must be a JSON object of outlines by file.")
    return found
