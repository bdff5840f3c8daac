"""Read training data: a folder with a manifest, or a folder for each class."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import numpy as np

from ml.imaging.pixels import PixelsError, Uint8Array
from ml.imaging.preprocessing import crop_square_area
from ml.training.data.class_folders import read_class_folders
from ml.training.data.grouping import groups
from ml.training.data.manifest import DataError, Slice, read_image, read_split
from ml.training.data.near_duplicates import clusters, split_clusters, thumbnail

SPLITS: Final = ("train", "val", "test")
# Further splits, where several folders are read as one (`ml.training.data.folders`):
VALIDATE: Final = "validate"  # what may be looked at and never enters weights
LEFT_OUT: Final = "left-out"  # the sources that are held out
ASIDE: Final = "aside"  # what is not used at all


@dataclass(frozen=True, kw_only=True, slots=True)
class Labeled:
    """A slice and the split it belongs to."""

    slice: Slice
    split: str


def read_folder(folder: Path, *, seed: int) -> list[Labeled]:
    """Every slice of a data folder.

    Args:
        folder: with `manifest.csv` as `ml.training.data.manifest` reads it, whose splits are kept;
            or with one folder of image files a class, as `ml.training.data.class_folders` reads
            it, which is split here by clusters of near-duplicates.
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
    slices = read_class_folders(folder)
    if {item.tumor for item in slices} != {True, False}:
        raise DataError(f"{folder} needs images both with and without a tumor.")
    return slices


def clustered(slices: Sequence[Slice]) -> list[Slice]:
    """The slices with the number of their cluster of near-duplicates, found among these alone.

    Raises:
        DataError: an image cannot be read.
    """
    thumbnails = np.stack([thumbnail(prepare(item.path)) for item in slices])
    return [
        replace(item, cluster=str(cluster))
        for item, cluster in zip(slices, clusters(thumbnails), strict=True)
    ]


def _split(slices: list[Slice], *, seed: int) -> list[Labeled]:
    numbered = clustered(slices)
    group_of = groups(numbered)  # near-duplicates, and where the table names patients, these
    split_of = split_clusters(group_of, [item.kind for item in slices], seed=seed)
    items = [
        Labeled(slice=item, split=split_of[group])
        for item, group in zip(numbered, group_of, strict=True)
    ]
    for split in ("train", "val"):
        if {item.slice.tumor for item in items if item.split == split} != {True, False}:
            raise DataError(
                f"There are too few images for a split: {split} would not get both kinds. Give at "
                "least ten of each that are no near-duplicates of one another, or a manifest.csv "
                "with splits of your own."
            )
    return items
