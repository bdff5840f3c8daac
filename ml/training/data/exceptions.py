"""Files that are not what their folder says: a committed list, and figures with and without them.

`exceptions.csv` beside this module names them (file, folder, why). They were found by eye, on
contact sheets, blind to any model. Nothing is deleted: whoever trains may leave them out, and
whoever publishes a figure gives it both ways.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Final, Literal, TypeVar

from ml.training.data.manifest import Slice, read_rows

LIST: Final = Path(__file__).with_name("exceptions.csv")
COLUMNS: Final = ("file", "folder", "why")

Found = TypeVar("Found")
Way = Literal["with_exceptions", "without_exceptions"]


def read_exceptions(path: Path = LIST) -> Mapping[tuple[str, str], str]:
    """Why a file is an exception, by the name of its data folder and its own in the manifest.

    Raises:
        DataError: the list cannot be read, or lacks a column.
    """
    rows = read_rows(path, columns=COLUMNS)
    return MappingProxyType({(row["folder"], row["file"]): row["why"] for row in rows})


def reason(item: Slice, exceptions: Mapping[tuple[str, str], str]) -> str | None:
    """Why a slice is an exception, or None."""
    return exceptions.get((item.provenance.folder, item.provenance.file))


def with_and_without(
    slices: Sequence[Slice],
    measure: Callable[[Sequence[int]], Found],
    *,
    exceptions: Mapping[tuple[str, str], str],
) -> dict[Way, Found]:
    """A figure over all slices, and over those that are no exceptions.

    Args:
        slices: what the figure is about.
        measure: called with the places in `slices` that count.
        exceptions: as `read_exceptions` gives them.
    """
    everything = list(range(len(slices)))
    kept = [index for index in everything if reason(slices[index], exceptions) is None]
    return {"with_exceptions": measure(everything), "without_exceptions": measure(kept)}
