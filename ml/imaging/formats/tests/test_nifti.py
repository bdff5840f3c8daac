"""NIfTI volumes: every value lies where the file says, in the plane with the finest pixels."""

from __future__ import annotations

import gzip
import io
import itertools
from dataclasses import replace
from typing import Any

import nibabel
import numpy as np
import numpy.typing as npt
import pytest

from ml.imaging.formats.contract import DecodedFile, Limits, Refusal
from ml.imaging.formats.nifti import NIFTI

LIMITS = Limits(max_bytes=8 * 1024**2, max_pixels=1_000_000, min_side=1, max_frames=400)
SHAPE = (5, 7, 4)
TURNS = list(
    itertools.product(itertools.permutations(range(3)), itertools.product((1, -1), repeat=3))
)


def drawn(
    values: npt.NDArray[Any] | None = None, affine: Any = None, kind: Any = nibabel.Nifti1Image
) -> bytes:
    if values is None:
        values = np.arange(np.prod(SHAPE), dtype=np.int16).reshape(SHAPE)
    return bytes(
        kind(values, np.diag([1.0, 1.0, 3.0, 1.0]) if affine is None else affine).to_bytes()
    )


def read(content: bytes, limits: Limits = LIMITS) -> DecodedFile:
    assert NIFTI.recognizes(content[: NIFTI.head_bytes])
    return NIFTI.read(io.BytesIO(content), limits=limits)


@pytest.mark.parametrize("kind", [nibabel.Nifti1Image, nibabel.Nifti2Image])
@pytest.mark.parametrize("turn", TURNS, ids=str)
def test_every_value_lies_where_the_file_says(turn: Any, kind: Any) -> None:
    """Whatever axis of the grid runs along which of the patient, and whichever way."""
    axes, signs = turn
    affine = np.eye(4)
    affine[:3, :3] = 0
    for grid, (patient, sign, size) in enumerate(zip(axes, signs, (0.9, 1.1, 4.0), strict=True)):
        affine[patient, grid] = sign * size
    affine[:3, 3] = [11, -7, 23]
    values = np.arange(np.prod(SHAPE), dtype=np.int16).reshape(SHAPE)
    decoded = read(drawn(values, affine, kind))
    assert len(decoded.images) == SHAPE[2]
    back = np.linalg.inv(affine)
    distances = []
    for image in decoded.images:
        place, spacing = image.place, image.spacing
        assert place is not None
        assert spacing is not None
        distances.append(place.distance)
        row, column, origin = map(np.asarray, (place.row, place.column, place.position))
        for r, c in itertools.product(range(image.height), range(image.width)):
            point = origin + row * spacing.column * c + column * spacing.row * r
            voxel = back @ [-point[0], -point[1], point[2], 1.0]
            assert image.pixels[r, c] == values[tuple(np.rint(voxel[:3]).astype(int))]
        # As a reader looks at it: the patient's left to the right, head or front up.
        assert max(row[0], row[1]) == 1
        assert column[1] == 1 or column[2] == -1
    assert distances == sorted(distances)
    assert decoded.metadata.slice_spacing == pytest.approx(4.0)
    assert decoded.metadata.plane == {0: "sagittal", 1: "coronal", 2: "axial"}[axes[2]]


def test_a_volume_of_equal_sides_is_cut_in_axial_slices() -> None:
    decoded = read(drawn(affine=np.eye(4)))
    assert decoded.metadata.plane == "axial"
    assert len(decoded.images) == SHAPE[2]


def test_each_volume_of_four_dimensions_is_a_series() -> None:
    values = np.arange(np.prod(SHAPE) * 2, dtype=np.int16).reshape(*SHAPE, 2)
    decoded = read(drawn(values))
    assert [image.volume for image in decoded.images] == [1] * 4 + [2] * 4
    assert [image.frame_number for image in decoded.images] == list(range(1, 9))
    assert decoded.images[0].pixels.max() < decoded.images[4].pixels.max()


def test_the_slice_that_is_asked_for_is_the_one_of_the_whole_file() -> None:
    values = np.linspace(0, 1, int(np.prod(SHAPE)) * 2).reshape(*SHAPE, 2)
    content = drawn(values)
    for number in (1, 4, 6):
        (found,) = NIFTI.read(io.BytesIO(content), limits=LIMITS, only=number).images
        expected = read(content).images[number - 1]
        assert (found.frame_number, found.place) == (number, expected.place)
        assert (found.pixels == expected.pixels).all()
    assert NIFTI.read(io.BytesIO(content), limits=LIMITS, only=9).images == ()


def test_a_file_that_states_no_place_has_none() -> None:
    made = nibabel.Nifti1Image(np.zeros(SHAPE, dtype=np.int16), None)
    made.header["sform_code"] = made.header["qform_code"] = 0
    made.header["pixdim"][1:4] = [2, 3, 5]
    decoded = read(bytes(made.to_bytes()))
    image = decoded.images[0]
    assert image.place is None
    assert decoded.metadata.plane is None
    assert image.spacing is not None
    assert (image.spacing.row, image.spacing.column, decoded.metadata.slice_spacing) == (3, 2, 5)


def test_a_compressed_file_is_read_and_inflated_only_as_far_as_allowed() -> None:
    packed = gzip.compress(drawn())
    assert len(read(packed).images) == SHAPE[2]
    with pytest.raises(Refusal) as refused:
        read(packed, replace(LIMITS, max_bytes=500))
    assert refused.value.code == "too_large"


@pytest.mark.parametrize(
    ("kind", "least", "most"),
    [(np.float32, -1.5, 7.25), (np.int32, -70_000, 90_000), (np.float64, 0, 1)],
)
def test_other_numbers_are_spread_over_16_bits(kind: Any, least: float, most: float) -> None:
    values = np.linspace(least, most, int(np.prod(SHAPE))).reshape(SHAPE).astype(kind)
    pixels = np.stack([image.pixels for image in read(drawn(values)).images])
    assert pixels.dtype == np.uint16
    assert (pixels.min(), pixels.max()) == (0, 65535)


def test_what_is_no_number_is_dark() -> None:
    values = np.full(SHAPE, np.nan, dtype=np.float32)
    values[2] = 3.5
    assert read(drawn(values)).images[0].pixels.min() == 0


@pytest.mark.parametrize(
    "kind", [np.dtype([("R", "u1"), ("G", "u1"), ("B", "u1")]), np.dtype(np.complex64)]
)
def test_colors_and_complex_numbers_are_refused(kind: Any) -> None:
    with pytest.raises(Refusal) as refused:
        read(drawn(np.zeros(SHAPE, dtype=kind)))
    assert refused.value.code == "unsupported_pixels"
    assert refused.value.remedy


def test_more_slices_than_allowed_are_refused() -> None:
    with pytest.raises(Refusal) as refused:
        read(drawn(), replace(LIMITS, max_frames=3))
    assert refused.value.code == "too_many_frames"


@pytest.mark.parametrize(
    "content",
    [b"", gzip.compress(b"words", mtime=0), b"\x1f\x8bxx", b"\x5c\x01\0\0" + bytes(400)],
    ids=["empty", "words", "damaged", "without-magic"],
)
def test_other_bytes_are_not_nifti(content: bytes) -> None:
    assert not NIFTI.recognizes(content)
