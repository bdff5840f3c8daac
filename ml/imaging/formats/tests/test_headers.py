"""What a header alone says of a file is what decoding gives; every file of the wheels is asked."""

from __future__ import annotations

import gzip
import importlib.util
import io
from collections import Counter
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import nibabel
import numpy as np
import pydicom
import pytest
from pydicom.encaps import encapsulate
from pydicom.uid import MPEG2MPML, JPEGLosslessSV1

from ml.imaging import formats
from ml.imaging.formats import FileHeader, ImageHeader, Refusal
from ml.imaging.formats.dicom.tests.drawing import LIMITS, mr_slice, written
from ml.imaging.formats.dicom.tests.test_wheels import files as dicom_files
from ml.imaging.formats.tests.drawn_files import readable as drawn_pictures

_SAME = [one.name for one in fields(ImageHeader) if one.name != "bits_stored"]
_LIMITS = replace(LIMITS, max_file_pixels=8_000_000)  # larger ones take the time of all others


def _header(content: bytes) -> FileHeader:
    header = formats.read_header(content, limits=_LIMITS, objects=True)
    assert header is not None
    return header


def _compared(content: bytes) -> str:
    """What became of the file, after comparing both ways of reading it."""
    try:
        header = _header(content)
    except Refusal:
        with pytest.raises(Refusal):
            formats.read(content, limits=_LIMITS, objects=True)
        return "refused"
    try:
        decoded = formats.read(content, limits=_LIMITS, objects=True)
    except Refusal:
        return "not shown"
    assert header.metadata == decoded.metadata
    assert [[getattr(row, name) for name in _SAME] for row in header.images] == [
        [getattr(row, name) for name in _SAME] for row in decoded.images
    ]
    promised = [row.bits_stored for row in header.images]
    assert all(row.bits_stored <= bits for row, bits in zip(decoded.images, promised, strict=True))
    return "same"


def _volumes() -> list[Path]:
    spec = importlib.util.find_spec("nibabel")
    assert spec is not None
    assert spec.submodule_search_locations
    data = Path(next(iter(spec.submodule_search_locations))) / "tests" / "data"
    return sorted(path for path in data.rglob("*") if path.name.endswith((".nii", ".nii.gz")))


@pytest.mark.filterwarnings("ignore")
def test_headers_of_all_dicom_files_of_the_wheels_say_what_decoding_gives() -> None:
    outcomes = Counter(_compared(path.read_bytes()) for path in dicom_files())
    assert outcomes["same"] > 150, outcomes
    assert outcomes["not shown"] < 12, outcomes


@pytest.mark.filterwarnings("ignore")
def test_headers_of_all_nifti_files_of_the_wheels_say_what_decoding_gives() -> None:
    assert {path.name: _compared(path.read_bytes()) for path in _volumes()}.items() >= {
        ("example4d.nii.gz", "same"),
        ("example_nifti2.nii.gz", "same"),
        ("anatomical.nii", "same"),
        ("functional.nii", "same"),
    }


def test_pictures_have_no_header_that_is_read_alone() -> None:
    assert {formats.read_header(content) for content in drawn_pictures().values()} == {None}


def test_no_decoder_is_asked_for_a_header(monkeypatch: Any) -> None:
    content = written(mr_slice())

    def refuse(*_: Any, **__: Any) -> None:
        raise AssertionError("the pixels were read")

    monkeypatch.setattr("ml.imaging.formats.dicom.pixels.pixel_array", refuse)
    monkeypatch.setattr(pydicom.Dataset, "pixel_array", property(refuse))
    (image,) = _header(content).images
    assert (image.width, image.height, image.bits_stored) == (80, 64, 12)


def _encapsulated(fragments: list[bytes], syntax: str = JPEGLosslessSV1) -> bytes:
    made = mr_slice()
    made.file_meta.TransferSyntaxUID = syntax
    made.PixelData = encapsulate(fragments) if fragments else b"\xfe\xff\x00\xe0" + bytes(4)
    made["PixelData"].is_undefined_length = True
    return written(made)


def _without(*keywords: str) -> bytes:
    made = mr_slice()
    for keyword in keywords:
        delattr(made, keyword)
    return written(made)


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (_without("PixelData"), "no_pixels"),
        (_without("Rows"), "no_pixels"),
        (_without("Columns"), "no_pixels"),
        (_without("BitsAllocated"), "undecodable"),
        (_encapsulated([]), "undecodable"),
        (_encapsulated([b"\0" * 64], MPEG2MPML), "undecodable"),
        (written(mr_slice())[:-400], "undecodable"),
        (written(mr_slice(NumberOfFrames=2)), "undecodable"),
        (written(mr_slice(NumberOfFrames=401)), "too_many_frames"),
        (written(mr_slice(Rows=60_000, Columns=60_000)), "too_many_pixels"),
        (written(mr_slice(BitsAllocated=32, BitsStored=32)), "unsupported_pixels"),
    ],
    ids=[
        *("no pixels", "no rows", "no columns", "no bits", "no fragments", "another syntax"),
        *("cut off", "a frame too few", "too many frames", "too many pixels", "too many bits"),
    ],
)
def test_what_the_header_shows_to_be_unreadable_is_refused_at_once(content: bytes, code: str):
    with pytest.raises(Refusal) as refused:
        _header(content)
    assert refused.value.code == code


def test_fragments_that_are_damaged_come_to_light_when_they_are_decoded() -> None:
    content = _encapsulated([b"\xff\xd8\xff" + bytes(61)])
    assert len(_header(content).images) == 1
    with pytest.raises(Refusal, match="cannot be read"):
        formats.read(content, limits=_LIMITS)


def test_a_volume_that_is_too_short_is_refused_at_once_unless_it_is_compressed() -> None:
    values = np.zeros((40, 40, 3), np.int16)
    content = nibabel.Nifti1Image(values, np.eye(4)).to_bytes()
    with pytest.raises(Refusal, match="fewer values"):
        _header(content[:-2])
    packed = gzip.compress(content[:-2])
    assert len(_header(packed).images) == 3
    with pytest.raises(Refusal):
        formats.read(packed, limits=_LIMITS)


def test_a_compressed_volume_that_would_expand_too_far_is_refused_before_it_does() -> None:
    header = nibabel.Nifti1Header()
    header.set_data_dtype(np.int16)
    header.set_data_shape((1000, 1000, 40))
    packed = gzip.compress(bytes(header.binaryblock) + bytes(1000))
    with pytest.raises(Refusal) as refused:
        formats.read_header(packed, limits=replace(_LIMITS, max_file_pixels=10**9))
    assert refused.value.code == "too_large"


def test_a_decoder_that_needs_too_much_memory_is_a_refusal(monkeypatch: Any) -> None:
    def fill(*_: Any, **__: Any) -> None:
        raise MemoryError

    monkeypatch.setattr("ml.imaging.formats.dicom.pixels.pixel_array", fill)
    with pytest.raises(Refusal, match="more memory") as refused:
        formats.read(io.BytesIO(written(mr_slice())), limits=_LIMITS)
    assert refused.value.code == "too_much_memory"
