"""Read a data folder whose manifest describes each image: role, source, patient, sequence, level.

`manifest.csv` lists single images, `stacks/stacks.csv` slices in order. Masks are images beside
the slices; here they become outlines, as `lesions.json` has them, so that whoever reads slices
need not know which of the two a folder has.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from ml.training.data.class_folders import read_outlines
from ml.training.data.manifest import DataError, Slice, read_rows
from ml.training.data.provenance import UNKNOWN, Provenance, Role, Use, stripped_of, use_of

COLUMNS: Final = (
    *("file", "role", "source", "license", "patient", "sequence", "plane", "level", "tumor"),
    *("kind", "mask", "stripped", "cluster"),
)
STACK_COLUMNS: Final = (
    *("file", "stack", "index", "position_mm", "level", "patient", "sequence", "tumor_in_head"),
    *("tumor", "mask", "stripped", "source", "license"),
)
_ROLES: Final[Mapping[str, Role]] = {"train": "train", "validate": "validate"}
_STACKS: Final = "stacks"
_SEVERAL: Final = re.compile("[,;]")
_BEFORE_NUMBER: Final = re.compile("[^0-9]*")


@dataclass(frozen=True, kw_only=True, slots=True)
class Negative:
    """An image that is no brain MRI: for the gate alone.

    Attributes:
        path: the file.
        source, kind: the collection it is from, and what it shows, for example "head_ct".
        part: which part of the source it is of: the repository, or how its file's name begins where
            a source names several; images of two parts look different.
        use: what it may be used for.
        provenance: where it comes from.
    """

    path: Path
    source: str
    kind: str
    use: Use
    provenance: Provenance
    part: str = ""


def is_described(folder: Path) -> bool:
    """Whether the folder's manifest has the column `role`, and so is read here."""
    manifest = folder / "manifest.csv"
    if not manifest.is_file():
        return False
    with manifest.open(encoding="utf-8", errors="replace") as file:
        return "role" in file.readline().strip().split(",")


def read_described(folder: Path) -> list[Slice]:
    """Every brain MRI slice of the folder, those of its stacks last.

    Args:
        folder: holds manifest.csv and, if there are any, stacks/stacks.csv.

    Raises:
        DataError: a table cannot be read, lacks a column or has a value that is none, or a mask
            cannot be read or is empty.
    """
    manifest = folder / "manifest.csv"
    slices = [
        _slice(row, parent=folder, provenance=_provenance(row, folder=folder))
        for row in read_rows(manifest, columns=COLUMNS)
        if row["tumor"] in ("0", "1")
    ]
    stacks = folder / _STACKS / "stacks.csv"
    if stacks.is_file():
        licenses = {item.source: item.provenance.license for item in slices}
        slices += [
            _slice(
                {**row, "kind": "brain", "cluster": ""},
                parent=folder / _STACKS,
                provenance=_stack_provenance(row, folder=folder, licenses=licenses),
            )
            for row in read_rows(stacks, columns=STACK_COLUMNS)
        ]
    return slices


def read_negatives(folder: Path) -> list[Negative]:
    """Every image of the folder that is no brain MRI, and what it may be used for.

    Raises:
        DataError: the manifest cannot be read, or has a role that is none.
    """
    return [
        Negative(
            path=folder / row["file"],
            source=row["source"],
            kind=row["kind"],
            use=use_of(role=row["role"], source=row["source"], license=row["license"]),
            provenance=_provenance(row, folder=folder),
            part=_part(row),
        )
        for row in read_rows(folder / "manifest.csv", columns=COLUMNS)
        if not row["tumor"]
    ]


def _part(row: Mapping[str, str]) -> str:
    repository = row.get("repository") or ""
    if not repository or _SEVERAL.search(repository):
        return _BEFORE_NUMBER.match(Path(row["file"]).name)[0]  # type: ignore[index]
    return repository.split("/")[-1]


def _slice(row: Mapping[str, str], *, parent: Path, provenance: Provenance) -> Slice:
    return Slice(
        path=parent / row["file"],
        source=row["source"],
        kind=row["kind"],
        tumor=row["tumor"] == "1",
        cluster=row["cluster"],
        outlines=read_outlines(parent / row["mask"]) if row["mask"] else (),
        provenance=provenance,
    )


def _provenance(row: Mapping[str, str], *, folder: Path) -> Provenance:
    if row["role"] not in _ROLES:
        raise DataError(
            f"{folder / 'manifest.csv'} gives {row['file']} the role {row['role']!r}; there are "
            f"{' and '.join(_ROLES)}."
        )
    return Provenance(
        folder=folder.name,
        file=row["file"],
        role=_ROLES[row["role"]],
        license=row["license"],
        patient=row["patient"],
        sequence=row["sequence"] or UNKNOWN,
        plane=row["plane"] or UNKNOWN,
        level=_number(row, "level", folder=folder),
        stripped=stripped_of(row["stripped"]),
    )


def _stack_provenance(
    row: Mapping[str, str], *, folder: Path, licenses: Mapping[str, str]
) -> Provenance:
    index = _number(row, "index", folder=folder)
    return Provenance(
        folder=folder.name,
        file=f"{_STACKS}/{row['file']}",
        license=licenses.get(row["source"], row["license"]),  # there "see README"
        patient=row["patient"],
        sequence=row["sequence"] or UNKNOWN,
        plane="axial",
        level=_number(row, "level", folder=folder),
        stripped=stripped_of(row["stripped"]),
        stack=row["stack"],
        index=None if index is None else int(index),
        position_mm=_number(row, "position_mm", folder=folder),
        tumor_in_head=row["tumor_in_head"] == "1",
    )


def _number(row: Mapping[str, str], name: str, *, folder: Path) -> float | None:
    try:
        return float(row[name]) if row[name] else None
    except ValueError:
        raise DataError(
            f"{folder} gives {row['file']} the {name} {row[name]!r}, which is no number."
        ) from None
