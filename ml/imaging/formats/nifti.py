"""NIfTI-1 and NIfTI-2 in one file (.nii, .nii.gz), read with nibabel: a volume becomes slices.

The slices lie in the plane with the finest pixels, as a reader looks at them: axial ones from
below, with the patient's left on the right; the others with the head up. Each volume of a file of
four dimensions is a series of its own. Where the file states no place in space, the slices are
those of the last axis, and nothing is said of sides or planes.
"""

from __future__ import annotations

import importlib
import io
import logging
import math
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, BinaryIO, Final

import numpy as np
import numpy.typing as npt

from ml.imaging.formats.contract import (
    DecodedFile,
    DecodedImage,
    FileHeader,
    FileMetadata,
    ImageHeader,
    Limits,
    Refusal,
)
from ml.imaging.formats.geometry import ImagePlane, Spacing, Vector, image_plane
from ml.imaging.pixels import Pixels

MEDIA_TYPE: Final = "application/x-nifti"
_HEADER_1, _HEADER_2 = 348, 540  # bytes, and how the header begins
_COMPRESSED_HEAD: Final = 64 * 1024  # bytes, more than enough for a compressed header
_GZIP: Final = b"\x1f\x8b"
_HIGHEST: Final = 65535.0
# How rows and columns run, by the plane: to the patient's left, back and feet (DICOM's axes).
_LEFT, _BACK, _FEET = (1, 0, 0), (0, 1, 0), (0, 0, -1)
_VIEWS: Final = {0: (_BACK, _FEET), 1: (_LEFT, _FEET), 2: (_LEFT, _BACK)}
_TO_DICOM: Final = np.diag([-1.0, -1.0, 1.0, 1.0])  # NIfTI's x and y grow to the right and front


class Nifti:
    """The format. What it holds besides the grid of numbers is not read: it names no patient."""

    name = "NIfTI"
    media_types = (MEDIA_TYPE, "application/gzip")
    suffixes = (".nii", ".nii.gz")
    head_bytes = 4096  # enough of a compressed file to see its header

    def recognizes(self, head: bytes) -> bool:
        """Whether the file is NIfTI in one file, compressed or not."""
        if head.startswith(_GZIP):
            try:
                head = zlib.decompressobj(wbits=31).decompress(head, _HEADER_2)
            except zlib.error:
                return False
        return any(
            (size == _HEADER_1 and head[344:348] == b"n+1\0")
            or (size == _HEADER_2 and head[4:8] == b"n+2\0")
            for size in (int.from_bytes(head[:4], "little"), int.from_bytes(head[:4], "big"))
        )

    def read(self, file: BinaryIO, *, limits: Limits, only: int | None = None) -> DecodedFile:
        """Decode every slice, volume by volume; or the one that is asked for.

        Its values are spread over the bits as those of its volume are.

        Raises:
            Refusal: with code `unsupported_pixels` for colors and complex numbers, or `too_large`
                for a compressed file that expands beyond the limit.
        """
        image = _loaded(_plain(file, limits=limits))
        shape, cut = _checked(image, limits=limits)
        images = tuple(_images(image, shape, cut, only=only))
        return DecodedFile(images=images, metadata=_metadata(cut))

    def read_header(self, file: BinaryIO, *, limits: Limits) -> FileHeader:
        """What `read` gives, without the numbers; of a compressed file a few bytes are inflated.

        Raises:
            Refusal: as `read` does, and with code `truncated` for a file that is too short.
        """
        head, available = _head(file)
        image = _loaded(head)
        shape, cut = _checked(image, limits=limits)
        kind = image.header.get_data_dtype()
        first = int(image.header["vox_offset"]) or len(head)
        needed = first + math.prod(shape) * kind.itemsize
        if available is None:
            limits.check_bytes(needed)
        elif available < needed:
            raise Refusal(
                "truncated",
                "The NIfTI file is truncated: it holds fewer values than its header says.",
                "Export or copy it again.",
            )
        slices = shape[cut.order[2]]
        images = tuple(
            ImageHeader(
                width=shape[cut.order[0]],
                height=shape[cut.order[1]],
                bits_stored=8 if kind == np.uint8 else 16,
                spacing=cut.spacing,
                frame_number=volume * slices + index + 1,
                place=_place(cut, index),
                volume=volume + 1,
            )
            for volume in range(shape[3])
            for index in range(slices)
        )
        return FileHeader(images=images, metadata=_metadata(cut))


@dataclass(frozen=True, kw_only=True, slots=True)
class _Cut:
    """How slices are cut from the grid.

    Attributes:
        order: which axis of the grid runs along a row, along a column, and from slice to slice.
        flips: whether each of these is turned around.
        spacing: of the pixels of a slice; None where the file states none.
        slice_spacing: millimeters from slice to slice.
        affine: from (along row, along column, slice) to DICOM's millimeters; None where not stated.
    """

    order: tuple[int, int, int]
    flips: tuple[bool, bool, bool]
    spacing: Spacing | None
    slice_spacing: float | None
    affine: npt.NDArray[np.float64] | None


def _checked(image: Any, *, limits: Limits) -> tuple[tuple[int, ...], _Cut]:
    """The four sides of the grid, and how slices are cut from it; nothing else is read of it."""
    shape = tuple(int(side) for side in image.shape)
    _check_values(image.header)
    if not 2 <= len(shape) <= 4 or min(shape) < 1:
        raise Refusal(
            "unsupported_pixels",
            f"This NIfTI file has {len(shape)} dimensions.",
            "Export it with three, or with four where the fourth is a series of volumes.",
        )
    shape = (*shape, *(1,) * (4 - len(shape)))
    affine = _TO_DICOM @ image.affine if _is_placed(image.header) else None
    cut = _cut(shape[:3], affine, tuple(float(zoom) for zoom in image.header.get_zooms()[:3]))
    size = (shape[cut.order[0]], shape[cut.order[1]])
    limits.check_frames(shape[cut.order[2]] * shape[3])
    limits.check_images([size] * (shape[cut.order[2]] * shape[3]))
    return shape, cut


def _metadata(cut: _Cut) -> FileMetadata:
    place = _place(cut, 0)
    return FileMetadata(
        media_type=MEDIA_TYPE,
        modality="MR",
        plane=place.plane if place else None,
        slice_spacing=cut.slice_spacing,
        is_volume=True,
    )


def _head(file: BinaryIO) -> tuple[bytes, int | None]:
    """The header without extensions, and how many bytes the file has; None of a compressed one."""
    file.seek(0)
    head = file.read(_COMPRESSED_HEAD)
    available: int | None = file.seek(0, 2)
    if head.startswith(_GZIP):
        head, available = zlib.decompressobj(wbits=31).decompress(head, _HEADER_2), None
    sizes = (int.from_bytes(head[:4], "little"), int.from_bytes(head[:4], "big"))
    return head[: _HEADER_1 if _HEADER_1 in sizes else _HEADER_2] + bytes(4), available


def _plain(file: BinaryIO, *, limits: Limits) -> bytes:
    file.seek(0)
    content = file.read()
    if not content.startswith(_GZIP):
        return content
    inflate = zlib.decompressobj(wbits=31)
    plain = inflate.decompress(content, limits.max_bytes)
    if not inflate.eof and len(plain) >= limits.max_bytes:
        limits.check_bytes(limits.max_bytes + 1)
    return plain


def _loaded(content: bytes) -> Any:
    """nibabel's image; nibabel is imported for the first one, since it is large."""
    nibabel = importlib.import_module("nibabel")
    # What it says of a damaged header is for the developer of a file, and this is an upload's.
    logging.getLogger("nibabel.global").setLevel(logging.CRITICAL)
    is_first = _HEADER_1 in (
        int.from_bytes(content[:4], "little"),
        int.from_bytes(content[:4], "big"),
    )
    kind = nibabel.Nifti1Image if is_first else nibabel.Nifti2Image
    return kind.from_stream(io.BytesIO(content))


def _check_values(header: Any) -> None:
    kind = header.get_data_dtype()
    if kind.fields is not None:
        raise Refusal(
            "unsupported_pixels",
            "This NIfTI file holds colors: it is a map or a picture, and no MR image.",
            "Export the MR images themselves, in gray.",
        )
    if kind.kind not in "iuf":
        raise Refusal(
            "unsupported_pixels",
            "This NIfTI file holds complex numbers.",
            "Export their magnitude.",
        )


def _is_placed(header: Any) -> bool:
    """Whether sform or qform state where the grid lies."""
    return bool(int(header["sform_code"]) or int(header["qform_code"]))


def _cut(
    shape: tuple[int, ...],
    affine: npt.NDArray[np.float64] | None,
    zooms: tuple[float, ...],
) -> _Cut:
    sizes = [zoom if np.isfinite(zoom) and zoom > 0 else 0.0 for zoom in (*zooms, 0.0, 0.0)[:3]]
    if affine is None or not np.isfinite(affine).all() or abs(np.linalg.det(affine[:3, :3])) < 1e-9:
        return _Cut(
            order=(0, 1, 2),
            flips=(False, False, False),
            spacing=Spacing(row=sizes[1], column=sizes[0]) if sizes[0] and sizes[1] else None,
            slice_spacing=sizes[2] or None,
            affine=None,
        )
    steps = affine[:3, :3]
    lengths = np.linalg.norm(steps, axis=0)
    directions = steps / lengths
    anatomical = _axes_of_patient(directions)
    # The coarsest axis runs from slice to slice; of equal ones the one nearest to feet and head.
    coarsest = max(
        range(3), key=lambda axis: (round(float(lengths[axis]), 3), anatomical[axis] == 2)
    )
    row_to, column_to = _VIEWS[anatomical[coarsest]]
    along = {anatomical[axis]: axis for axis in range(3)}
    row_axis, column_axis = (
        along[int(np.argmax(np.abs(row_to)))],
        along[int(np.argmax(np.abs(column_to)))],
    )
    order = (row_axis, column_axis, coarsest)
    flips = (
        bool(directions[:, row_axis] @ row_to < 0),
        bool(directions[:, column_axis] @ column_to < 0),
        bool(directions[:, coarsest] @ np.cross(row_to, column_to) < 0),  # as DICOM's normal
    )
    turned = np.eye(4)
    turned[:3, :3] = np.stack(
        [steps[:, axis] * (-1 if flip else 1) for axis, flip in zip(order, flips, strict=True)],
        axis=1,
    )
    first = affine[:3, 3].copy()
    for axis, flip in zip(order, flips, strict=True):
        if flip:
            first = first + steps[:, axis] * (shape[axis] - 1)
    turned[:3, 3] = first
    return _Cut(
        order=order,
        flips=flips,
        spacing=Spacing(row=float(lengths[column_axis]), column=float(lengths[row_axis])),
        slice_spacing=float(lengths[coarsest]),
        affine=turned,
    )


def _axes_of_patient(directions: npt.NDArray[np.float64]) -> list[int]:
    """Which of the patient's axes each axis of the grid is nearest to, each used once."""
    left = np.abs(directions).copy()
    found = [0, 0, 0]
    for _ in range(3):
        patient, grid = np.unravel_index(int(np.argmax(left)), left.shape)
        found[int(grid)] = int(patient)
        left[patient, :] = -1
        left[:, grid] = -1
    return found


def _images(
    image: Any, shape: tuple[int, ...], cut: _Cut, *, only: int | None
) -> Iterator[DecodedImage]:
    number = 0
    for volume in range(shape[3]):
        slices = shape[cut.order[2]]
        if only is not None and not volume * slices < only <= (volume + 1) * slices:
            number += slices
            continue
        values = np.asarray(
            image.dataobj[..., volume] if len(image.shape) == 4 else image.dataobj
        ).reshape(shape[:3])
        grid, bits = _pixels(values)
        turned: Any = np.transpose(grid, cut.order)
        for axis, flip in enumerate(cut.flips):
            if flip:
                turned = np.flip(turned, axis)
        for index in range(turned.shape[2]):
            number += 1
            if only not in (None, number):
                continue
            yield DecodedImage(
                pixels=np.ascontiguousarray(turned[:, :, index].T),
                bits_stored=bits,
                photometric="MONOCHROME2",
                spacing=cut.spacing,
                frame_number=number,
                place=_place(cut, index),
                volume=volume + 1,
            )


def _place(cut: _Cut, index: int) -> ImagePlane | None:
    if cut.affine is None:
        return None
    position = cut.affine @ [0.0, 0.0, float(index), 1.0]
    row, column = (_unit(cut.affine[:3, axis]) for axis in (0, 1))
    return image_plane(position[:3].tolist(), [*row, *column])


def _unit(step: npt.NDArray[np.float64]) -> Vector:
    x, y, z = (float(part) for part in step / np.linalg.norm(step))
    return (x, y, z)


def _pixels(values: npt.NDArray[Any]) -> tuple[Pixels, int]:
    """A volume in 8 or 16 bits: whole numbers as they are, moved up; others from least to most."""
    finite = np.nan_to_num(values, nan=0.0, posinf=0.0, neginf=0.0)
    low, high = float(finite.min()), float(finite.max())
    if values.dtype.kind in "iu" or bool((finite == np.rint(finite)).all()):
        if low >= 0 and high < 256:
            return finite.astype(np.uint8), 8
        base = min(low, 0.0)
        if high - base <= _HIGHEST:
            return (finite - base).astype(np.uint16), max(9, int(high - base).bit_length())
    scale = _HIGHEST / (high - low) if high > low else 0.0
    return np.rint((finite - low) * scale).astype(np.uint16), 16


NIFTI: Final = Nifti()
