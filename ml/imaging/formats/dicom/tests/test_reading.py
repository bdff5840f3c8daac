"""Files of every form: recognized, read, or refused with words that fit."""

from __future__ import annotations

import io
import zlib
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from pydicom import Dataset, dcmwrite, uid
from pydicom.sequence import Sequence

from ml.imaging.formats.contract import Refusal, Window
from ml.imaging.formats.dicom import DICOM, Kind, json_header
from ml.imaging.formats.dicom.tests.drawing import (
    LIMITS,
    draw,
    header,
    mr_slice,
    ramp,
    read,
    written,
)
from ml.imaging.formats.geometry import Spacing

NATIVE = [
    uid.ImplicitVRLittleEndian,
    uid.ExplicitVRLittleEndian,
    uid.ExplicitVRBigEndian,
    uid.DeflatedExplicitVRLittleEndian,
]
ENCODED = [uid.RLELossless, uid.JPEGLSLossless, uid.JPEG2000Lossless]

PARTS_OF_THE_HEAD = [
    "HEAD_NECK",
    "CABEZA",
    "CABECA",
    "ENCEFALO",
    "ENCEPHALE",
    "CEPHALIC",
    "TESTA",
    "ORBITS",
    "SELLA",
    "IAC",
    "IACS",
    "PITUITARY",
    "TEMPORAL BONE",
]
OTHER_PARTS = ["KNEE", "ILIAC", "SACROILIAC JOINT", "CARDIAC", "BRACHIOCEPHALIC", "PROSTATA"]


def in_syntax(syntax: str) -> bytes:
    made = mr_slice()
    if syntax in ENCODED:
        made.compress(syntax)
    elif syntax == uid.ExplicitVRBigEndian:
        made.PixelData = ramp().astype(">u2").tobytes()
        made._read_implicit, made._read_little = None, None  # it was never read
    made.file_meta.TransferSyntaxUID = uid.UID(syntax)
    return written(made)


@pytest.mark.parametrize("syntax", [*NATIVE, *ENCODED], ids=lambda syntax: syntax.keyword)
def test_a_lossless_file_is_read_as_it_was_drawn(syntax: uid.UID) -> None:
    content = in_syntax(syntax)
    assert DICOM.recognizes(content[: DICOM.head_bytes])
    image = read(content).image
    assert image.pixels.dtype == np.uint16
    assert (image.pixels == ramp()).all()
    assert image.spacing == Spacing(row=0.9, column=0.8)
    assert image.bits_stored == 12
    assert header(content).transfer_syntax_uid == syntax


@pytest.mark.parametrize("implicit", [False, True])
def test_a_file_without_preamble_and_meta_is_dicom(implicit: bool) -> None:
    file = io.BytesIO()
    made = mr_slice()
    del made.file_meta
    dcmwrite(file, Dataset(made), implicit_vr=implicit, little_endian=True)
    content = file.getvalue()
    assert content[128:132] != b"DICM"
    assert DICOM.recognizes(content[:132])
    assert (read(content).image.pixels == ramp()).all()


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\x08\x00",
        b"\xff\xd8\xff\xe0" * 40,
        b"\x89PNG\r\n\x1a\n" * 20,
        b"II*\0" * 40,
        b"PK\x03\x04" * 40,
        b"x" * 200,
        bytes(200),
    ],
)
def test_other_bytes_are_not_dicom(content: bytes) -> None:
    assert not DICOM.recognizes(content)


def test_signed_values_keep_their_order_and_differences() -> None:
    drawn = ramp(signed=True)
    image = read(written(mr_slice(drawn, WindowCenter=0, WindowWidth=400))).image
    assert (image.pixels.astype(int) - 2048 == drawn).all()
    assert image.window == Window(center=2048.0, width=400.0)


def test_the_window_is_given_in_pixel_values_whatever_the_rescale() -> None:
    made = mr_slice(
        RescaleSlope=2, RescaleIntercept=-100, WindowCenter=[300, 9], WindowWidth=[500, 5]
    )
    image = read(written(made)).image
    assert image.window == Window(center=200.0, width=250.0)
    assert [window.center for window in header(made).frames[0].windows] == [300.0, 9.0]


def test_monochrome_1_is_turned_over_with_its_window() -> None:
    made = mr_slice(PhotometricInterpretation="MONOCHROME1", WindowCenter=95, WindowWidth=100)
    image = read(written(made)).image
    assert (image.pixels == 4095 - ramp()).all()
    assert image.window == Window(center=4000.0, width=100.0)


def test_padding_becomes_the_darkest_value() -> None:
    drawn = ramp(signed=True)
    drawn[:3] = -2000
    image = read(written(mr_slice(drawn, PixelPaddingValue=-2000))).image
    kept = drawn[drawn != -2000] + 2048
    assert (image.pixels[:3] == kept.min()).all()


def test_values_of_8_bits_become_8_bit_pixels() -> None:
    made = mr_slice()
    draw(made, ramp(bits=8), bits=8)
    image = read(written(made)).image
    assert image.pixels.dtype == np.uint8
    assert image.bits_stored == 8


def test_frames_come_in_the_order_of_the_file_and_have_no_common_position() -> None:
    drawn = np.stack([ramp() // (n + 1) for n in range(3)])
    content = written(mr_slice(drawn))
    decoded = read(content)
    assert [image.frame_number for image in decoded.images] == [1, 2, 3]
    for image, expected in zip(decoded.images, drawn, strict=True):
        assert (image.pixels == expected).all()
    assert [frame.plane for frame in header(content).frames] == [None, None, None]


def test_more_frames_than_allowed_are_refused_before_any_is_decoded() -> None:
    made = mr_slice(NumberOfFrames=5_000_000)
    with pytest.raises(Refusal, match="5000000 images") as refused:
        header(made)
    assert refused.value.code == "too_many_frames"


def test_an_image_too_large_is_refused_by_its_header() -> None:
    with pytest.raises(Refusal) as refused:
        read(written(mr_slice()), limits=replace(LIMITS, max_pixels=100))
    assert refused.value.code == "too_many_pixels"


@pytest.mark.parametrize("form", ["with a preamble", "without a preamble", "of a long meta"])
@pytest.mark.parametrize("reader", [header, read])
def test_a_deflated_file_is_inflated_only_as_far_as_allowed(
    form: str, reader: Callable[..., Any]
) -> None:
    made = mr_slice(ImageComments="x")
    made.file_meta.TransferSyntaxUID = uid.DeflatedExplicitVRLittleEndian
    if form == "of a long meta":
        made.file_meta.PrivateInformationCreatorUID = "1.2.3"
        made.file_meta.PrivateInformation = bytes(2000)
        made.file_meta[0x00020002].value = "1." + "2" * 1000
        made.SOPClassUID = made.file_meta.MediaStorageSOPClassUID
    plain = written(made)
    deflate = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    length = 132 + 12 + int.from_bytes(plain[140:144], "little")
    bomb = plain[:length] + deflate.compress(bytes(50_000_000)) + deflate.flush()
    if form == "without a preamble":
        plain, bomb = plain[132:], bomb[132:]
    assert header(plain).modality == "MR"
    with pytest.raises(Refusal) as refused:
        reader(bomb, limits=replace(LIMITS, max_bytes=1_000_000))
    assert refused.value.code == "too_large"


def test_a_deflated_file_of_other_bytes_is_refused() -> None:
    made = mr_slice()
    made.file_meta.TransferSyntaxUID = uid.DeflatedExplicitVRLittleEndian
    plain = written(made)
    length = 132 + 12 + int.from_bytes(plain[140:144], "little")
    with pytest.raises(Refusal) as refused:
        header(plain[:length] + b"\xff" * 500)
    assert refused.value.code == "truncated"


@pytest.mark.parametrize("kept", [140, 200, 700, -100])
def test_a_file_cut_short_is_refused_with_a_sentence(kept: int) -> None:
    with pytest.raises(Refusal) as refused:
        read(written(mr_slice())[:kept])
    assert refused.value.problem.endswith(".")
    assert refused.value.remedy


def test_an_index_of_files_is_called_one() -> None:
    made = mr_slice()
    made.DirectoryRecordSequence = Sequence([])
    with pytest.raises(Refusal, match="DICOMDIR"):
        header(made)


def test_values_that_break_their_rules_are_as_if_not_stated() -> None:
    made = mr_slice(StudyDate="2026-13-45", PatientBirthDate="1949.02.03")
    made.PixelSpacing = [0, 0.8]
    made.ImageOrientationPatient = [1, 0, 0, 1, 0, 0]
    read_back = header(made)
    assert read_back.study_date is None
    assert str(read_back.patient.birth_date) == "1949-02-03"
    assert read_back.frames[0].spacing is None
    assert read_back.frames[0].plane is None


@pytest.mark.parametrize(
    ("changes", "kind"),
    [
        ({}, Kind.MR_IMAGE),
        ({"ImageType": ["ORIGINAL", "PRIMARY", "LOCALIZER"]}, Kind.LOCALIZER),
        ({"SeriesDescription": "3-Plane Scout"}, Kind.LOCALIZER),
        ({"SeriesDescription": "T1 plan axial"}, Kind.MR_IMAGE),
        *[({"BodyPartExamined": part}, Kind.OTHER_BODY_PART) for part in OTHER_PARTS],
        *[({"BodyPartExamined": part}, Kind.MR_IMAGE) for part in PARTS_OF_THE_HEAD],
        ({"ImageType": ["ORIGINAL", "PRIMARY", "P", "ND"]}, Kind.PHASE),
        ({"ComplexImageComponent": "IMAGINARY"}, Kind.PHASE),
        ({"ComplexImageComponent": "REAL"}, Kind.MR_IMAGE),
        ({"ImageType": ["DERIVED", "PRIMARY", "PROJECTION IMAGE"]}, Kind.DERIVED),
        (
            {"SeriesDescription": "ep2d_perf_MTT", "ImageType": ["DERIVED", "PRIMARY"]},
            Kind.DERIVED,
        ),
        ({"SeriesDescription": "AX T1 +C SUB-MM"}, Kind.MR_IMAGE),
        ({"SeriesDescription": "T1 Large Field of View"}, Kind.MR_IMAGE),
        ({"SeriesDescription": "Perfect T1"}, Kind.MR_IMAGE),
        ({"SeriesDescription": "Ax T1", "ProtocolName": "BRAIN PERFUSION"}, Kind.MR_IMAGE),
        ({"SeriesDescription": "Ax FLAIR", "ProtocolName": "STROKE ASL"}, Kind.MR_IMAGE),
        ({"SOPClassUID": uid.CTImageStorage}, Kind.CT),
        ({"SOPClassUID": uid.UltrasoundImageStorage}, Kind.ULTRASOUND),
        ({"SOPClassUID": uid.SecondaryCaptureImageStorage}, Kind.SECONDARY_CAPTURE),
        ({"SOPClassUID": uid.ComprehensiveSRStorage}, Kind.STRUCTURED_REPORT),
        ({"SOPClassUID": uid.RawDataStorage}, Kind.RAW_DATA),
        ({"SOPClassUID": uid.MRSpectroscopyStorage}, Kind.SPECTROSCOPY),
        ({"SOPClassUID": uid.GrayscaleSoftcopyPresentationStateStorage}, Kind.PRESENTATION_STATE),
        ({"SOPClassUID": uid.EncapsulatedPDFStorage}, Kind.DOCUMENT),
        ({"SOPClassUID": uid.XRayAngiographicImageStorage}, Kind.OTHER_IMAGE),
        ({"SeriesDescription": "PhoenixZIPReport", "Rows": None}, Kind.PROTOCOL),
        ({"SeriesDescription": "T1 Phoenix Children's"}, Kind.MR_IMAGE),
    ],
)
def test_what_an_object_is_and_why_it_is_not_analyzed(changes: dict[str, Any], kind: Kind) -> None:
    made = mr_slice(**changes)
    if made.Rows is None:
        del made.Rows
    found = header(made).kind
    assert found is kind
    assert bool(found.why_not_analyzed) == (kind is not Kind.MR_IMAGE)


def test_the_header_as_json_has_no_pixels_and_nothing_that_a_database_refuses() -> None:
    made = mr_slice(ImageComments="a\0b", DiffusionBValue=float("nan"))
    found = json_header(header(made).dataset)
    assert "7FE00010" not in found
    assert "\0" not in repr(found)
    assert "nan" not in repr(found).lower()
    assert found["00100020"]["Value"] == ["TEST-1"]


@pytest.mark.parametrize(
    ("charset", "name"),
    [
        (["ISO 2022 IR 6", "ISO 2022 IR 87"], "Yamada^Tarou=山田^太郎=やまだ^たろう"),
        (["ISO_IR 192"], "Wang^XiaoDong=王^小东"),
        (["GB18030"], "Wang^XiaoDong=王^小东"),
        (["ISO_IR 100"], "Buc^Jérôme"),
        (["", "ISO 2022 IR 149"], "Hong^Gildong=洪^吉洞=홍^길동"),
    ],
    ids=["japanese", "utf-8", "gb18030", "latin-1", "korean"],
)
def test_names_in_every_character_set_come_out_right(charset: list[str], name: str) -> None:
    made = mr_slice(SpecificCharacterSet=charset, PatientName=name)
    assert header(made).patient.name == name


def test_what_breaks_the_rules_is_not_logged(caplog: pytest.LogCaptureFixture) -> None:
    made = mr_slice(PatientName="Secret^Name")
    made.file_meta.TransferSyntaxUID = uid.ExplicitVRLittleEndian
    content = written(made).replace(b"PN\x0c\x00Secret^Name ", b"DA\x0c\x00Secret^Name ")
    assert b"DA\x0c\x00Secret" in content
    found = header(content)
    json_header(found.dataset)
    assert "Secret" not in caplog.text
