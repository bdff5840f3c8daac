"""What must not enter weights: refused, or left out where that was asked for.

A training set must hold no file that may only be looked at or counted, no near-duplicate of one,
no slice of its patient; nor anything that a slice of another split is a near-duplicate of.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from ml.imaging.pixels import Float32Array
from ml.training.data.folder import ASIDE, LEFT_OUT, VALIDATE, Labeled
from ml.training.data.manifest import DataError, Slice
from ml.training.data.near_duplicates import close_pairs
from ml.training.data.provenance import use_of

_HINT: Final = "Leave such files out with --leave-out-copies."


class ForbiddenTrainingError(DataError):
    """A training set holds what must not be trained on; the message names the file and why."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Conflict:
    """A slice of the split `train` that must not be there.

    Attributes:
        index: its place among the items.
        why: the rest of a sentence that begins with its file.
        removable: whether it may simply be left out; a file that its own folder forbids says that
            the data was put together wrongly.
    """

    index: int
    why: str
    removable: bool


def conflicts(items: Sequence[Labeled], *, thumbnails: Float32Array | None) -> list[Conflict]:
    """Every slice of the split `train` that must not be there, with the first reason found.

    Args:
        items: all slices, of all folders.
        thumbnails: shape (N, 1024), of all of them as `ml.training.data.near_duplicates.thumbnail`
            makes them; None compares none, which is right where `compares` says so.
    """
    train = [index for index, item in enumerate(items) if item.split == "train"]
    others = [index for index, item in enumerate(items) if item.split not in ("train", ASIDE)]
    # What a manifest itself deals out to train, val and test is that manifest's affair.
    kept_apart = [index for index in others if items[index].split in (VALIDATE, LEFT_OUT)]
    found: dict[int, Conflict] = {}
    for index in train:
        why = _forbidden(items[index].slice)
        if why is not None:
            found[index] = Conflict(index=index, why=why, removable=False)
    for name, said in (("patient", "shows the patient"), ("cluster", "is of the near-duplicates")):
        first: dict[tuple[str, str], int] = {}
        for index in kept_apart:
            first.setdefault(_key(items[index].slice, name), index)
        for index in train:
            key = _key(items[index].slice, name)
            if key[1] and key in first and index not in found:
                why = f"{said} of {_named(items[first[key]])}"
                found[index] = Conflict(index=index, why=why, removable=True)
    if thumbnails is not None:
        for index, other in _near_duplicates(items, train, others, thumbnails=thumbnails).items():
            why = f"is a near-duplicate of {_named(items[other])}"
            found.setdefault(index, Conflict(index=index, why=why, removable=True))
    return [found[index] for index in sorted(found)]


def compares(items: Sequence[Labeled]) -> bool:
    """Whether near-duplicates must be looked for: in several folders, or beside a `validate`."""
    folders = {item.slice.provenance.folder for item in items}
    return len(folders) > 1 or any(item.split == VALIDATE for item in items)


def check_training_set(items: Sequence[Labeled], *, thumbnails: Float32Array | None) -> None:
    """Refuse a training set that holds what must not be trained on.

    Args:
        items, thumbnails: as `conflicts` takes them.

    Raises:
        ForbiddenTrainingError: there is such a slice; the message names the first, and how many.
    """
    found = conflicts(items, thumbnails=thumbnails)
    if not found:
        return
    # What cannot be left out comes first: leaving the rest out would not help.
    first = min(found, key=lambda one: one.removable)
    more = f" So it is with {len(found)} slices in all." if len(found) > 1 else ""
    hint = f" {_HINT}" if first.removable else ""
    path = items[first.index].slice.path
    raise ForbiddenTrainingError(f"{path} must not be trained on: it {first.why}.{more}{hint}")


def leave_out(items: Sequence[Labeled], found: Sequence[Conflict]) -> list[Labeled]:
    """The items with those that may simply be left out moved to the split `aside`."""
    out = {one.index for one in found if one.removable}
    return [
        replace(item, split=ASIDE) if index in out else item for index, item in enumerate(items)
    ]


def _forbidden(item: Slice) -> str | None:
    origin = item.provenance
    use = use_of(role=origin.role, source=item.source, license=origin.license)
    if use == "look":
        return "has the role validate, which may be looked at and never enters weights"
    if use == "statistics":
        license_ = origin.license or "no license"
        return f"is of {item.source} ({license_}), which gives statistics alone"
    return None


def _key(item: Slice, name: str) -> tuple[str, str]:
    origin = item.provenance
    return origin.folder, origin.patient if name == "patient" else item.cluster


def _near_duplicates(
    items: Sequence[Labeled], train: list[int], others: list[int], *, thumbnails: Float32Array
) -> dict[int, int]:
    """Each slice in question, and the one it is nearest to.

    Those that may only be looked at are compared with everything; within one folder its own
    clusters count for the rest.
    """
    folder = [item.slice.provenance.folder for item in items]
    looked = [index for index in others if items[index].split == VALIDATE]
    found = close_pairs(thumbnails, rows=train, columns=looked)
    for name in sorted({folder[index] for index in train}):
        rows = [index for index in train if folder[index] == name]
        columns = [index for index in others if folder[index] != name]
        found = close_pairs(thumbnails, rows=rows, columns=columns) | found
    return found


def _named(item: Labeled) -> str:
    return f"{item.slice.provenance.file or item.slice.path.name} (split {item.split})"
