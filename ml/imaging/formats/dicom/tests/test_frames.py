"""Frames of enhanced files and tiles of mosaics: where each lies, and what it is."""

from __future__ import annotations

import gzip
import importlib.resources
import io
import warnings
from typing import Any

import numpy as np
import pytest
from pydicom import Dataset

from ml.imaging.formats import geometry
from ml.imaging.formats.contract import Window
from ml.imaging.formats.dicom import DICOM
from ml.imaging.formats.dicom import header as header_module
from ml.imaging.formats.dicom.tests.drawing import (
    LIMITS,
    enhanced,
    group,
    header,
    mr_slice,
    ramp,
    read,
    written,
)
from ml.imaging.formats.geometry import Spacing

AXIAL = [1, 0, 0, 0, 1, 0]


def drawn_enhanced() -> Dataset:
    """Two slices of two echoes; the frames lie in the file from the last slice to the first."""
    shared = group(
        PixelMeasures={"PixelSpacing": [1.5, 1.25], "SliceThickness": 4, "SpacingBetweenSlices": 5},
        PlaneOrientation={"ImageOrientationPatient": AXIAL},
        MRTimingAndRelatedParameters={"RepetitionTime": 3000},
        MRImageFrameType={"FrameType": ["ORIGINAL", "PRIMARY"], "ComplexImageComponent": "PHASE"},
    )
    frames = [
        group(
            PlanePosition={"ImagePositionPatient": [0, 0, z]},
            MREcho={"EffectiveEchoTime": echo},
            FrameVOILUT={"WindowCenter": 100 + echo, "WindowWidth": 200},
            PixelValueTransformation={"RescaleSlope": 2, "RescaleIntercept": echo},
            FrameContent={"StackID": "1", "TemporalPositionIndex": 1},
        )
        for z in (5, 0)
        for echo in (10, 90)
    ]
    return enhanced(np.stack([ramp() // (n + 1) for n in range(4)]), frames, shared)


def test_each_frame_of_an_enhanced_file_has_its_own_place_echo_and_window() -> None:
    found = header(drawn_enhanced()).frames
    assert [frame.plane and frame.plane.position[2] for frame in found] == [5.0, 5.0, 0.0, 0.0]
    assert [frame.echo_time for frame in found] == [10.0, 90.0, 10.0, 90.0]
    assert [frame.spacing for frame in found] == [Spacing(row=1.5, column=1.25)] * 4
    assert [frame.windows[0].center for frame in found] == [110.0, 190.0, 110.0, 190.0]
    assert {frame.thickness for frame in found} == {4.0}
    assert {frame.component for frame in found} == {"phase"}
    assert {frame.stack for frame in found} == {"1"}


def test_the_frames_of_an_enhanced_file_are_decoded_each_with_its_window() -> None:
    decoded = read(written(drawn_enhanced()))
    assert len(decoded.images) == 4
    for n, image in enumerate(decoded.images):
        assert (image.pixels == ramp() // (n + 1)).all()
    assert decoded.images[1].window == Window(center=(190 - 90) / 2, width=100.0)


def test_a_frame_without_groups_of_its_own_states_only_what_all_share() -> None:
    made = drawn_enhanced()
    made.PerFrameFunctionalGroupsSequence = made.PerFrameFunctionalGroupsSequence[:1]
    frames = header(made).frames
    assert len(frames) == 4
    assert frames[0].plane is not None
    assert frames[1].plane is None
    assert frames[1].spacing == Spacing(row=1.5, column=1.25)


@pytest.mark.parametrize("name", ["siemens_dwi_0.dcm.gz", "siemens_dwi_1000.dcm.gz"])
def test_the_tiles_of_a_mosaic_lie_where_nibabel_places_them(name: str) -> None:
    """Mosaics that come inside nibabel's wheel."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from nibabel.nicom import dicomwrappers
    content = importlib.resources.files("nibabel.nicom.tests.data").joinpath(name).read_bytes()
    content = gzip.decompress(content)
    found = header(content)
    wrapped = dicomwrappers.wrapper_from_data(found.dataset)
    rows, columns, slices = wrapped.image_shape[:3]
    assert len(found.frames) == slices
    for index in (0, 1, slices - 1):
        expected = wrapped.affine @ [0, 0, index, 1]
        plane = found.frames[index].plane
        assert plane is not None
        # nibabel's coordinates grow to the right and to the front.
        assert np.allclose(plane.position, expected[:3], atol=0.02)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        full = dicomwrappers.wrapper_from_file(io.BytesIO(content))
        volume = full.get_unscaled_data()
    decoded = read(content, limits=LIMITS)
    for index, image in enumerate(decoded.images):
        assert image.pixels.shape == (rows, columns)
        assert (image.pixels == volume[..., index]).all()


def test_a_picture_called_mosaic_that_says_no_count_is_one_image() -> None:
    made = mr_slice(ImageType=["ORIGINAL", "PRIMARY", "M", "MOSAIC"])
    assert len(header(made).frames) == 1


@pytest.mark.parametrize(
    ("orientation", "plane"),
    [
        (AXIAL, "axial"),
        ([1, 0, 0, 0, 0, -1], "coronal"),
        ([0, 1, 0, 0, 0, -1], "sagittal"),
        ([0.98, 0.2, 0, -0.2, 0.98, 0], "axial"),
    ],
)
def test_the_plane_is_the_one_that_the_normal_is_nearest_to(
    orientation: list[float], plane: str
) -> None:
    found = geometry.image_plane([0, 0, 0], orientation)
    assert found is not None
    assert found.plane == plane


def test_slices_are_ordered_along_their_normal() -> None:
    planes = [geometry.image_plane([9, 9, z], AXIAL) for z in (-3, 4, 11)]
    assert [plane.distance for plane in planes if plane] == [-3.0, 4.0, 11.0]


@pytest.mark.parametrize(
    ("position", "orientation"),
    [
        ([0, 0], AXIAL),
        ([0, 0, 0], AXIAL[:5]),
        ([0, 0, 0], [1, 0, 0, 1, 0, 0]),
        ([0, 0, 0], [2, 0, 0, 0, 1, 0]),
        ([0, 0, 0], [0, 0, 0, 0, 0, 0]),
        ([0, 0, float("nan")], AXIAL),
        (None, AXIAL),
        ([0, 0, 0], None),
    ],
)
def test_no_plane_is_made_up(position: list[float] | None, orientation: list[float] | None) -> None:
    assert geometry.image_plane(position, orientation) is None


@pytest.mark.parametrize("number", [1, 3, 9])
def test_of_the_frame_that_is_asked_for_alone_a_header_is_made(
    number: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    drawn = np.stack([ramp() // (n + 1) for n in range(3)])
    own = [group(FrameContent={"StackID": str(n)}) for n in range(3)]
    content = written(enhanced(drawn, own, group(PixelMeasures={"SliceThickness": 3})))
    whole = DICOM.read(io.BytesIO(content), limits=LIMITS).images
    made: list[int] = []
    really = header_module._frame

    def counted(*args: Any, **facts: Any) -> Any:
        made.append(facts["number"])
        return really(*args, **facts)

    monkeypatch.setattr(header_module, "_frame", counted)
    found = DICOM.read(io.BytesIO(content), limits=LIMITS, only=number).images
    expected = [image for image in whole if image.frame_number == number]
    assert made == [image.frame_number for image in expected]
    assert [image.varied for image in found] == [image.varied for image in expected]
    assert all((a.pixels == b.pixels).all() for a, b in zip(found, expected, strict=True))
