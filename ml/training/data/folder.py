"""Read training data: a folder with a manifest, or a folder for each class."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import numpy as np

from ml.imaging import formats
from ml.imaging.pixels import PixelsError, Uint8Array
from ml.imaging.preprocessing import crop_square_area
from ml.training.data.manifest import DataError, Slice, read_image, read_split
from ml.training.data.near_duplicates import clusters, split_clusters, thumbnail

# Their source, whatever the folder is called: a name of a known collection would split it into
# families (`ml.training.loop.config.Sampling`).
CLASS_FOLDERS: Final = "class-folders"
SPLITS: Final = ("train", "val", "test")
# Further splits, where several folders are read as one (`ml.training.data.folders`):
VALIDATE: Final = "validate"  # what may be looked at and never enters weights
LEFT_OUT: Final = "left-out"  # the sources that are held out
ASIDE: Final = "aside"  # what is not used at all
_TUMOR_NAMES: Final = {"yes": True, "tumor": True, "no": False, "no_tumor": False}


@dataclass(frozen=True, kw_only=True, slots=True)
class Labeled:
    """A slice and the split it belongs to."""

    slice: Slice
    split: str


def read_folder(folder: Path, *, seed: int) -> list[Labeled]:
    """Every slice of a data folder.

    Args:
        folder: with `manifest.csv` as `ml.training.data.manifest` reads it, whose splits are kept;
            or with one folder of image files a class, named yes and no, or tumor and
            no_tumor, which are split here by clusters of near-duplicates.
        seed: of the split made here.

    Raises:
        DataError: it is neither, a class has too few images, or an image cannot be read.
    """
    if (folder / "manifest.csv").is_file():
        return [
            Labeled(slice=item, split=split)
            for split in SPLITS
            for item in read_split(folder, split=split)
        ]
    return _split(_class_folders(folder), seed=seed)


def prepare(path: Path) -> Uint8Array:
    """One file through the release's preprocessing, as 8-bit gray: (224, 224).

    Raises:
        DataError: it is missing, broken, or no image that the preprocessing takes.
    """
    try:
        tensor = crop_square_area(read_image(path)).tensor
    except PixelsError as error:
        raise DataError(f"{path} cannot be used: {error}") from error
    gray: Uint8Array = np.rint(tensor[:, :, 0] * 255.0).astype(np.uint8)
    return gray


def _class_folders(folder: Path) -> list[Slice]:
    found = {path: _TUMOR_NAMES[path.name.lower()] for path in _folders(folder)}
    if set(found.values()) != {True, False}:
        raise DataError(
            f"{folder} holds neither a manifest.csv nor one folder each of images with and without "
            "a tumor; name those folders yes and no, or tumor and no_tumor."
        )
    slices = [
        Slice(
            path=path, source=CLASS_FOLDERS, kind=parent.name, tumor=tumor, cluster="", outlines=()
        )
        for parent, tumor in found.items()
        for path in sorted(parent.rglob("*"))
        if path.suffix.lower() in formats.suffixes()
    ]
    if {item.tumor for item in slices} != {True, False}:
        raise DataError(f"{folder} needs images both with and without a tumor.")
    return slices


def _folders(folder: Path) -> Iterable[Path]:
    if not folder.is_dir():
        raise DataError(f"There is no folder {folder}.")
    return sorted(p for p in folder.iterdir() if p.is_dir() and p.name.lower() in _TUMOR_NAMES)


def _split(slices: list[Slice], *, seed: int) -> list[Labeled]:
    thumbnails = np.stack([thumbnail(prepare(item.path)) for item in slices])
    cluster_of = clusters(thumbnails)
    split_of = split_clusters(cluster_of, [item.kind for item in slices], seed=seed)
    items = [
        Labeled(slice=replace(item, cluster=str(cluster)), split=split_of[cluster])
        for item, cluster in zip(slices, cluster_of, strict=True)
    ]
    for split in ("train", "val"):
        if {item.slice.tumor for item in items if item.split == split} != {True, False}:
            raise DataError(
                f"There are too few images for a split: {split} would not get both kinds. Give at "
                "least ten of each that are no near-duplicates of one another, or a manifest.csv "
                "with splits of your own."
            )
    return items
