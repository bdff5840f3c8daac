"""What vendors write in elements of their own, as they write it and as archives leave it."""

from __future__ import annotations

import struct
from typing import Any

import numpy as np
import pytest
from pydicom import Dataset, uid
from pydicom.dataelem import DataElement
from pydicom.sequence import Sequence

from ml.imaging.formats.dicom.tests.drawing import header, mr_slice, read, written


def with_private(made: Dataset, group: int, creator: str, element: int, vr: str, value: Any) -> Any:
    made.private_block(group, creator, create=True).add_new(element, vr, value)
    return made


B_VALUES = [
    ("siemens", (0x0019, "SIEMENS MR HEADER", 0x0C, "IS", 1000)),
    ("siemens, type lost", (0x0019, "SIEMENS MR HEADER", 0x0C, "UN", b"1000")),
    ("philips", (0x2001, "Philips Imaging DD 001", 0x03, "FL", 1000.0)),
    ("philips, type lost", (0x2001, "Philips Imaging DD 001", 0x03, "UN", struct.pack("<f", 1000))),
    ("ge", (0x0043, "GEMS_PARM_01", 0x39, "IS", [1000, 8, 0, 0])),
    ("ge, newer", (0x0043, "GEMS_PARM_01", 0x39, "IS", [1000001000, 8, 0, 0])),
    ("uih", (0x0065, "Image Private Header", 0x09, "FD", 1000.0)),
    ("uih, type lost", (0x0065, "Image Private Header", 0x09, "UN", struct.pack("<d", 1000.0))),
]


@pytest.mark.parametrize("element", [row[1] for row in B_VALUES], ids=[r[0] for r in B_VALUES])
def test_a_b_value_is_read_from_the_vendors_element(element: Any) -> None:
    found = header(with_private(mr_slice(SeriesDescription="axial"), *element))
    assert found.frames[0].b_value == 1000
    assert found.sequence == "DWI"


@pytest.mark.parametrize("syntax", [uid.ImplicitVRLittleEndian, uid.ExplicitVRLittleEndian])
def test_it_is_read_whatever_the_transfer_syntax(syntax: uid.UID) -> None:
    made = with_private(mr_slice(), 0x0065, "Image Private Header", 0x09, "FD", 700.0)
    made.file_meta.TransferSyntaxUID = syntax
    implicit = syntax == uid.ImplicitVRLittleEndian
    content = written(made, implicit_vr=implicit, little_endian=True)
    assert header(content).frames[0].b_value == 700


def test_canon_writes_it_in_the_comments() -> None:
    assert header(mr_slice(ImageComments="b=800(0.45,0.00,0.89)")).frames[0].b_value == 800


@pytest.mark.parametrize(
    ("creator", "value"),
    [("SOMEBODY ELSE", 1000), ("SIEMENS MR HEADER", "many"), ("SIEMENS MR HEADER", None)],
)
def test_what_another_creator_writes_there_or_nonsense_counts_for_nothing(
    creator: str, value: Any
) -> None:
    made = mr_slice()
    block = made.private_block(0x0019, creator, create=True)
    raw = value if not isinstance(value, str) else value.encode()
    made[block.get_tag(0x0C)] = DataElement(
        block.get_tag(0x0C), "UN" if isinstance(raw, bytes) else "IS", raw
    )
    assert header(made).frames[0].b_value is None


@pytest.mark.parametrize(
    ("element", "expected"),
    [
        ((0x0043, "GEMS_PARM_01", 0x2F, "SS", 1), "phase"),
        ((0x0043, "GEMS_PARM_01", 0x2F, "SS", 3), "imaginary"),
        ((0x0043, "GEMS_PARM_01", 0x2F, "SS", 9), ""),
        ((0x2005, "Philips MR Imaging DD 001", 0x11, "CS", "P"), "phase"),
    ],
)
def test_the_part_of_a_complex_image_is_read(element: Any, expected: str) -> None:
    made = with_private(mr_slice(ImageType=["ORIGINAL", "PRIMARY", "OTHER"]), *element)
    assert header(made).frames[0].component == expected


def united_imaging(count: int, **changes: Any) -> Dataset:
    """Slices of 16 x 16 in three columns, slice n of the value n; each 4 mm above another."""
    pixels = np.zeros((-(-count // 3) * 16, 48), np.uint16)
    for index in range(count):
        row, column = divmod(index, 3)
        pixels[row * 16 : row * 16 + 16, column * 16 : column * 16 + 16] = index + 1
    made = mr_slice(pixels, ImageType=["ORIGINAL", "PRIMARY", "M", "VFRAME"], **changes)
    items = []
    for index in range(count):
        item = Dataset()
        item.ImagePositionPatient = [-10, -10, 4 * index]
        items.append(item)
    block = made.private_block(0x0065, "Image Private Header", create=True)
    block.add_new(0x50, "DS", str(count))
    block.add_new(0x51, "SQ", Sequence(items))
    return made


def test_a_picture_of_a_volume_of_united_imaging_is_split_into_its_slices() -> None:
    decoded = read(written(united_imaging(8)))
    assert [image.pixels.shape for image in decoded.images] == [(16, 16)] * 8
    assert [image.place and image.place.position[2] for image in decoded.images] == [
        4.0 * index for index in range(8)
    ]
    assert [len(set(image.pixels.ravel().tolist())) for image in decoded.images] == [1] * 8
    found = [int(image.pixels[0, 0]) for image in decoded.images]
    assert found == sorted(found)


def test_one_that_does_not_divide_into_its_slices_stays_one_image() -> None:
    assert len(read(written(united_imaging(8, Rows=47))).images) == 1
