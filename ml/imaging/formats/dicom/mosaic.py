"""Mosaics: the slices of a volume side by side in one picture, split into tiles again.

Siemens writes them ("MOSAIC"), and United Imaging ("VFRAME").
"""

from __future__ import annotations

import importlib
import math
import warnings
from dataclasses import dataclass
from typing import Any

from pydicom import Dataset

from ml.imaging.formats.dicom import private, values
from ml.imaging.formats.geometry import (
    ImagePlane,
    Vector,
    dot,
    image_plane,
    moved,
    spacing_of,
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Tile:
    """One slice in the picture: its first row and column, and its size; in pixels."""

    top: int
    left: int
    height: int
    width: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Mosaic:
    """How many slices there are, how many in a row of the picture, and the way to the next slice.

    Attributes:
        step: from one slice to the next, millimeters; None where the header does not tell.
        positions: of the slices, millimeters, where the header has one for each.
    """

    count: int
    columns: int
    height: int
    width: int
    step: Vector | None
    positions: tuple[Vector, ...] = ()

    def tile(self, index: int) -> Tile:
        """Slice `index`, from 0, in the order in which they lie."""
        row, column = divmod(index, self.columns)
        return Tile(
            top=row * self.height, left=column * self.width, height=self.height, width=self.width
        )


def mosaic_of(dataset: Dataset) -> Mosaic | None:
    """The mosaic that a header describes, or None where the image is one slice."""
    image_type = {part.upper() for part in values.texts(dataset, "ImageType")}
    if "VFRAME" in image_type:
        return _of_united_imaging(dataset)
    if "MOSAIC" not in image_type:
        return None
    rows, columns = values.whole(dataset, "Rows"), values.whole(dataset, "Columns")
    count, normal = _stated(dataset)
    if not rows or not columns or not count or count < 1:
        return None
    side = math.ceil(math.sqrt(count))
    if rows % side or columns % side:
        return None
    gap = values.number(dataset, "SpacingBetweenSlices")
    step = None
    if normal is not None and gap and gap > 0:
        step = (normal[0] * gap, normal[1] * gap, normal[2] * gap)
    return Mosaic(count=count, columns=side, height=rows // side, width=columns // side, step=step)


def plane_of(dataset: Dataset, mosaic: Mosaic, index: int) -> ImagePlane | None:
    """Where slice `index` lies.

    The position in the header is that of the first pixel that the whole picture would have, were
    it one slice; the first slice begins half the difference of the sizes further in.
    Source: nibabel, "Siemens mosaic" (dicom_mosaic), after SPM.
    """
    orientation = values.numbers(dataset, "ImageOrientationPatient")
    if mosaic.positions:
        return image_plane(mosaic.positions[index], orientation)
    whole = image_plane(values.numbers(dataset, "ImagePositionPatient"), orientation)
    spacing = spacing_of(values.numbers(dataset, "PixelSpacing"))
    if whole is None or spacing is None or mosaic.step is None:
        return None
    first = moved(
        whole,
        along_row=spacing.column * mosaic.width * (mosaic.columns - 1) / 2,
        along_column=spacing.row * mosaic.height * (mosaic.columns - 1) / 2,
    )
    x, y, z = (
        origin + index * step for origin, step in zip(first.position, mosaic.step, strict=True)
    )
    return ImagePlane(position=(x, y, z), row=first.row, column=first.column)


def _of_united_imaging(dataset: Dataset) -> Mosaic | None:
    """As many columns as the square root of the number of slices, as many rows as these need.

    Each slice has an item with its own position. Source: the vendor's table of private elements.
    """
    rows, columns = values.whole(dataset, "Rows"), values.whole(dataset, "Columns")
    count, items = private.slices_of_a_frame(dataset)
    count = count or len(items)
    if not rows or not columns or count < 1:
        return None
    across = math.ceil(math.sqrt(count))
    down = math.ceil(count / across)
    if rows % down or columns % across:
        return None
    positions = [values.numbers(item, "ImagePositionPatient") for item in items]
    stated = len(positions) == count and all(len(position) == 3 for position in positions)
    return Mosaic(
        count=count,
        columns=across,
        height=rows // down,
        width=columns // across,
        step=None,
        positions=tuple((x, y, z) for x, y, z in positions) if stated else (),
    )


def _stated(dataset: Dataset) -> tuple[int | None, Vector | None]:
    """The number of slices and their normal, from Siemens' own header (CSA) or elements."""
    count, normal = None, None
    try:
        reader = _csa_reader()
        if csa := reader.get_csa_header(dataset):
            count = reader.get_n_mosaic(csa)
            found = reader.get_slice_normal(csa)
            if found is not None:
                normal = (float(found[0]), float(found[1]), float(found[2]))
    except Exception:  # a vendor's private bytes, changed by who knows whom
        normal = None
    if count is None and (0x0019, 0x100A) in dataset:  # NumberOfImagesInMosaic, Siemens MR Header
        try:
            count = int(dataset[0x0019, 0x100A].value)
        except (TypeError, ValueError):
            count = None
    if normal is not None and abs(math.sqrt(dot(normal, normal)) - 1.0) > 0.02:
        normal = None
    return count, normal


def _csa_reader() -> Any:
    """nibabel's, imported for the first mosaic: it is large, and warns that it is unfinished."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return importlib.import_module("nibabel.nicom.csareader")
