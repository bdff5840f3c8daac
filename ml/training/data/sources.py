"""Which sources are in some data folders, and what each is used for; from their tables alone."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from ml.training.data.class_folders import CLASS_FOLDERS, is_plain, read_class_folders
from ml.training.data.described import COLUMNS, STACK_COLUMNS, is_described
from ml.training.data.manifest import COLUMNS as SPLIT_COLUMNS
from ml.training.data.manifest import read_rows
from ml.training.data.provenance import use_of

TRAINED: Final = "trained"
VALIDATED: Final = "validated"
CHOSEN: Final = "chosen by"
TESTED: Final = "tested"
GATE: Final = "gate"
GATE_STATISTICS: Final = "gate statistics"
_BY_SPLIT: Final = {"train": TRAINED, "val": VALIDATED, "test": TESTED}


@dataclass(slots=True)
class _Source:
    images: int = 0
    uses: set[str] = field(default_factory=set)
    licenses: set[str] = field(default_factory=set)


def sources_used(folders: Sequence[Path]) -> list[dict[str, Any]]:
    """Every source, in the order of the names.

    Returns:
        A row each: `source`, `folder`, `images`, `uses` (of `trained`, `validated`, `tested`,
        `chosen by`, `gate`, `gate statistics`) and `licenses` in the folder's words.

    Raises:
        DataError: a table cannot be read.
    """
    found: dict[tuple[str, str], _Source] = {}
    for folder in folders:
        name = folder.resolve().name
        for source, use, license_ in _rows(folder):
            one = found.setdefault((source, name), _Source())
            one.images += 1
            one.uses.add(use)
            one.licenses |= {license_} - {""}
    return [
        {
            "source": source,
            "folder": name,
            "images": one.images,
            "uses": sorted(one.uses),
            "licenses": sorted(one.licenses),
        }
        for (source, name), one in sorted(found.items())
    ]


def _rows(folder: Path) -> Iterator[tuple[str, str, str]]:
    """Of each image its source, its use and its license."""
    if is_described(folder):
        yield from _described(folder)
    elif is_plain(folder):
        for item in read_class_folders(folder):
            yield item.source or CLASS_FOLDERS, TRAINED, ""
    else:
        for row in read_rows(folder / "manifest.csv", columns=SPLIT_COLUMNS):
            yield row["source"], _BY_SPLIT.get(row["split"], TESTED), ""


def _described(folder: Path) -> Iterator[tuple[str, str, str]]:
    license_of: dict[str, str] = {}
    for row in read_rows(folder / "manifest.csv", columns=COLUMNS):
        use = use_of(role=row["role"], source=row["source"], license=row["license"])
        license_of[row["source"]] = row["license"]
        if use == "look":
            yield row["source"], CHOSEN, row["license"]
        elif use == "statistics":
            yield row["source"], GATE_STATISTICS, row["license"]
        else:
            yield row["source"], TRAINED if row["tumor"] else GATE, row["license"]
    stacks = folder / "stacks" / "stacks.csv"
    if stacks.is_file():
        for row in read_rows(stacks, columns=STACK_COLUMNS):
            yield row["source"], TRAINED, license_of.get(row["source"], row["license"])
