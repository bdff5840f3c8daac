"""A plain data folder: a folder of images for each class and, if there are any, masks and a table.

    tumor/a.png     no_tumor/b.jpg     masks/a.png     images.csv

The classes may be called yes and no as well, and hold folders of their own. The mask of
`tumor/x/a.jpg` is `masks/x/a.png`: of the image's size, the lesion lighter than the middle gray.
`images.csv` has the column `file` (`tumor/x/a.jpg`) and any of `DESCRIBING`, and need not name
every image; what it does not say is unknown.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import cv2

from ml.imaging import formats
from ml.training.data.lesions import mask_outlines
from ml.training.data.manifest import DataError, Slice, read_image, read_rows
from ml.training.data.provenance import UNKNOWN, Provenance, stripped_of

# Their source, whatever the folder is called: a name of a known collection would split it into
# families (`ml.training.loop.config.Sampling`).
CLASS_FOLDERS: Final = "class-folders"
DESCRIBING: Final = ("patient", "sequence", "plane", "level", "stripped", "kind")
MASKS: Final = "masks"
TABLE: Final = "images.csv"
_TUMOR_NAMES: Final = {"yes": True, "tumor": True, "no": False, "no_tumor": False}
_NAMES: Final = "name those folders yes and no, or tumor and no_tumor"
_MASK_SUFFIXES: Final = (".png", ".tif", ".tiff", ".bmp")  # a mask in JPEG has a rim of its own


def is_plain(folder: Path) -> bool:
    """Whether a folder is read here: it has no manifest."""
    return not (folder / "manifest.csv").is_file()


def read_class_folders(folder: Path) -> list[Slice]:
    """Every image of a plain folder, in the order of the names; `cluster` is empty.

    Raises:
        DataError: it has no class folder or no image in them, or a mask or the table does not fit.
    """
    found = {path: _TUMOR_NAMES[path.name.lower()] for path in _folders(folder)}
    if not found:
        raise DataError(
            f"{folder} holds neither a manifest.csv nor one folder each of images with and without "
            f"a tumor; {_NAMES}."
        )
    slices = [
        Slice(
            path=path,
            source=CLASS_FOLDERS,
            kind=parent.name,
            tumor=tumor,
            cluster="",
            outlines=(),
            provenance=Provenance(file=path.relative_to(folder).as_posix()),
        )
        for parent, tumor in found.items()
        for path in sorted(parent.rglob("*"))
        if path.suffix.lower() in formats.suffixes()
    ]
    if not slices:
        names = " and ".join(path.name for path in found)
        kinds = ", ".join(sorted(formats.suffixes()))
        raise DataError(
            f"{folder} has no image ({kinds}) in {names}. It takes images with and without a "
            f"tumor; {_NAMES}."
        )
    return _described(_masked(slices, folder=folder), folder=folder)


def read_outlines(path: Path, *, like: Path | None = None) -> tuple[dict[str, Any], ...]:
    """The outlines of a mask.

    Args:
        path: an image, the lesion lighter than the middle gray.
        like: the image that it must have the size of; None asks for none.

    Raises:
        DataError: it cannot be read, is of another size, or nothing is marked in it.
    """
    mask = read_image(path)
    gray = mask if mask.ndim == 2 else cv2.cvtColor(mask, cv2.COLOR_RGB2GRAY)
    if like is not None:
        height, width = read_image(like).shape[:2]
        if gray.shape != (height, width):
            raise DataError(
                f"{path} is {gray.shape[1]} x {gray.shape[0]} pixels, and its image {like} "
                f"{width} x {height}; a mask has the size of its image."
            )
    outlines = mask_outlines(gray > 127)
    if not outlines:
        raise DataError(f"{path} is the mask of a lesion, and nothing is marked in it.")
    return outlines


def _folders(folder: Path) -> Iterable[Path]:
    if not folder.is_dir():
        raise DataError(f"There is no folder {folder}.")
    return sorted(p for p in folder.iterdir() if p.is_dir() and p.name.lower() in _TUMOR_NAMES)


def _masked(slices: list[Slice], *, folder: Path) -> list[Slice]:
    """The slices with the outlines of their masks."""
    masks = folder / MASKS
    if not masks.is_dir():
        return slices
    image_of: dict[str, Slice] = {}
    for item in slices:
        name = _mask_name(item)
        if item.tumor and name in image_of:
            raise DataError(
                f"{item.path} and {image_of[name].path} would have one mask, {masks / name}; "
                "give one of the two another name."
            )
        if item.tumor:
            image_of[name] = item
    outlines: dict[str, tuple[dict[str, Any], ...]] = {}
    for path in sorted(masks.rglob("*")):
        if path.suffix.lower() not in _MASK_SUFFIXES:
            continue
        name = path.relative_to(masks).with_suffix("").as_posix()
        if name not in image_of:
            raise DataError(
                f"{path} is the mask of no image with a tumor; it is found by its name: "
                f"tumor/a.jpg has {MASKS}/a.png."
            )
        outlines[name] = read_outlines(path, like=image_of[name].path)
    return [
        replace(item, outlines=outlines.get(_mask_name(item), ())) if item.tumor else item
        for item in slices
    ]


def _mask_name(item: Slice) -> str:
    """The path of a slice inside its class folder, without the ending."""
    return Path(*Path(item.provenance.file).parts[1:]).with_suffix("").as_posix()


def _described(slices: list[Slice], *, folder: Path) -> list[Slice]:
    """The slices with what `images.csv` says of them."""
    table = folder / TABLE
    if not table.is_file():
        return slices
    rows = {row["file"]: row for row in read_rows(table, columns=("file",))}
    unknown = sorted(set(rows) - {item.provenance.file for item in slices})
    if unknown:
        raise DataError(
            f"{table} names {unknown[0]!r}, and there is no such image; files are named from "
            f"{folder} on, for example tumor/a.png."
        )
    return [
        _one(item, rows[item.provenance.file], table=table)
        if item.provenance.file in rows
        else item
        for item in slices
    ]


def _one(item: Slice, row: Mapping[str, str | None], *, table: Path) -> Slice:
    said = {name: (row.get(name) or "").strip() for name in DESCRIBING}
    return replace(
        item,
        kind=said["kind"] or item.kind,
        provenance=replace(
            item.provenance,
            patient=said["patient"],
            sequence=said["sequence"] or UNKNOWN,
            plane=said["plane"] or UNKNOWN,
            level=_level(said["level"], file=item.provenance.file, table=table),
            stripped=stripped_of(said["stripped"]),
        ),
    )


def _level(text: str, *, file: str, table: Path) -> float | None:
    if not text:
        return None
    try:
        level = float(text)
    except ValueError:
        level = -1.0
    if not 0.0 <= level <= 1.0:
        raise DataError(
            f"{table} gives {file} the level {text!r}; it is a number from 0 (base) to 1 (vertex)."
        )
    return level
