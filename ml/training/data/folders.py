"""Several data folders read as one data set, split by patient and cluster, sources held out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final, TypeAlias

import numpy as np

from ml.imaging.pixels import Float32Array
from ml.training.data.class_folders import is_plain, read_class_folders
from ml.training.data.described import is_described, read_described
from ml.training.data.exceptions import read_exceptions, reason
from ml.training.data.folder import (
    ASIDE,
    LEFT_OUT,
    SPLITS,
    VALIDATE,
    Labeled,
    clustered,
    prepare,
    read_folder,
)
from ml.training.data.folds import held_out
from ml.training.data.grouping import groups
from ml.training.data.manifest import DataError, Slice, read_split
from ml.training.data.near_duplicates import split_clusters, thumbnail
from ml.training.data.roles import check_training_set, compares, conflicts, leave_out
from ml.training.data.sampling import Sampling, family_of

EVERYTHING: Final = "all"
CHOICES: Final = (*SPLITS, VALIDATE, LEFT_OUT, EVERYTHING)  # of what may be read of them
Folders: TypeAlias = Path | Sequence[Path]
_SHARES: Final = (("train", 0.9), ("val", 0.1))  # the test is a whole source, never a part of one


def read_folders(
    folders: Sequence[Path],
    *,
    seed: int,
    hold_out: Sequence[str] = (),
    exceptions: bool = True,
    whole: bool = False,
) -> list[Labeled]:
    """Every brain MRI slice of some data folders.

    A folder alone, with nothing held out, is what `ml.training.data.folder.read_folder` gives, but
    for one whose manifest has roles. The splits of a manifest are kept. Of a manifest with roles,
    `validate` is a split of its own, and the rest is dealt out to `train` and `val` here, by
    patient and cluster.

    Args:
        folders: as `read_folder` or `ml.training.data.described` reads them.
        seed: of the splits made here.
        hold_out: sources, or folds such as "fold-2-of-5": what `train` and `val` have of them
            becomes the split `left-out`.
        exceptions: False puts the exceptions of `train` and `val` aside.
        whole: False splits a plain folder; True leaves it whole, as the split `test`, however few
            images it has.

    Raises:
        DataError: a folder is not what it must be, or is given twice, or there is nothing of that
            name to hold out.
    """
    items: list[Labeled] = []
    names: set[str] = set()
    for folder in folders:
        name = folder.resolve().name
        if name in names:
            raise DataError(f"Two data folders are called {name}; each needs a name of its own.")
        names.add(name)
        found = _whole(folder) if whole and is_plain(folder) else _read(folder, seed=seed)
        items += _named(found, folder=name, alone=len(folders) == 1)
    if hold_out:
        items = _hold_out(items, hold_out)
    if not exceptions:
        listed = read_exceptions()
        items = [
            replace(item, split=ASIDE)
            if item.split in ("train", "val") and reason(item.slice, listed) is not None
            else item
            for item in items
        ]
    return items


def as_folders(folders: Folders) -> tuple[Path, ...]:
    """One data folder or several, as several."""
    return (folders,) if isinstance(folders, Path) else tuple(folders)


def has_splits(folder: Path) -> bool:
    """Whether the folder's manifest deals its slices out to splits itself."""
    return (folder / "manifest.csv").is_file() and not is_described(folder)


def tables_of(folder: Path) -> tuple[Path, ...]:
    """The files that say what is in a data folder; not all need be there."""
    if is_described(folder):
        return folder / "manifest.csv", folder / "stacks" / "stacks.csv"
    return folder / "manifest.csv", folder / "lesions.json"


def read_slices(
    folders: Folders, *, split: str, seed: int = 1, hold_out: Sequence[str] = ()
) -> list[Slice]:
    """The slices of one split of some data folders, to measure or to fit something on.

    Args:
        folders: one or several, as `read_folders` takes them.
        seed, hold_out: as `read_folders` takes them.
        split: one of `CHOICES`; "all" is every slice, and splits no plain folder.

    Raises:
        DataError: as `read_folders` does, or there is no slice of that split.
    """
    folders = as_folders(folders)
    one = folders[0]
    if len(folders) == 1 and not hold_out and split in SPLITS and has_splits(one):
        return read_split(one, split=split)  # which asks nothing of the other splits
    items = read_folders(folders, seed=seed, hold_out=hold_out, whole=split == EVERYTHING)
    slices = [item.slice for item in items if split in (EVERYTHING, item.split)]
    if not slices:
        names = ", ".join(str(folder) for folder in folders)
        raise DataError(f"There is no slice of the split {split!r} in {names}.")
    return slices


def training_set(
    items: Sequence[Labeled], *, without_copies: bool, store: Path
) -> tuple[list[Labeled], int]:
    """The items as they may be trained on.

    Args:
        items: as `read_folders` gives them.
        without_copies: put aside the training slices that are near-duplicates of other splits, or
            of their patients; otherwise they are refused.
        store: .npz in which the thumbnails are kept.

    Returns:
        The items, and how many were put aside.

    Raises:
        ForbiddenTrainingError: what must not enter weights is in the split `train`.
        DataError: an image cannot be read.
    """
    thumbnails = read_thumbnails(items, store=store) if compares(items) else None
    kept = list(items)
    left = 0
    if without_copies:
        found = conflicts(items, thumbnails=thumbnails)
        kept = leave_out(items, found)
        left = sum(one.removable for one in found)
    check_training_set(kept, thumbnails=thumbnails)
    return kept, left


def read_thumbnails(items: Sequence[Labeled], *, store: Path) -> Float32Array:
    """The thumbnails of all items, shape (N, 1024); those in the store are not made again.

    Raises:
        DataError: an image cannot be read.
    """
    keys = [_thumbnail_key(item.slice) for item in items]
    known: dict[str, Float32Array] = {}
    if store.is_file():
        with np.load(store, allow_pickle=False) as archive:
            known = dict(zip(archive["keys"].tolist(), archive["thumbnails"], strict=True))
    missing = {
        key: item.slice.path for key, item in zip(keys, items, strict=True) if key not in known
    }
    known |= {key: thumbnail(prepare(path)) for key, path in missing.items()}
    thumbnails = np.stack([known[key] for key in keys])
    if missing:
        store.parent.mkdir(parents=True, exist_ok=True)
        np.savez(store, allow_pickle=False, keys=np.array(keys), thumbnails=thumbnails)
    return np.asarray(thumbnails, dtype=np.float32)


def _thumbnail_key(item: Slice) -> str:
    origin = item.provenance
    return f"{origin.folder}/{origin.file or item.path}/{item.path.stat().st_size}"


def _whole(folder: Path) -> list[Labeled]:
    return [Labeled(slice=item, split="test") for item in clustered(read_class_folders(folder))]


def _read(folder: Path, *, seed: int) -> list[Labeled]:
    if not is_described(folder):
        return read_folder(folder, seed=seed)
    slices = read_described(folder)
    together = groups(slices)
    dealt = [place for place, item in enumerate(slices) if item.provenance.role == "train"]
    split_of = split_clusters(
        [together[place] for place in dealt],
        [slices[place].source for place in dealt],
        seed=seed,
        shares=_SHARES,
    )
    return [
        Labeled(
            slice=item,
            split=split_of[group] if item.provenance.role == "train" else VALIDATE,
        )
        for item, group in zip(slices, together, strict=True)
    ]


def _named(items: Sequence[Labeled], *, folder: str, alone: bool) -> list[Labeled]:
    """The items with their folder noted, so that numbers of clusters do not meet."""
    return [
        replace(
            item,
            slice=replace(
                item.slice,
                cluster=item.slice.cluster if alone else _cluster(item.slice, folder=folder),
                provenance=replace(item.slice.provenance, folder=folder),
            ),
        )
        for item in items
    ]


def _cluster(item: Slice, *, folder: str) -> str:
    # The slices of a stack have no number; for an interval they are one head.
    origin = item.provenance
    return f"{folder}/{item.cluster or origin.patient or origin.file or item.path.name}"


def _hold_out(items: Sequence[Labeled], names: Sequence[str]) -> list[Labeled]:
    sampling = Sampling()
    families = [family_of(item.slice, sampling=sampling) for item in items]
    out = {one for name in names for one in held_out(name, items=items, families=families)}
    return [
        replace(item, split=LEFT_OUT) if family in out and item.split in ("train", "val") else item
        for item, family in zip(items, families, strict=True)
    ]
