"""DICOM objects without what names a person: the engine, apart from studies and rows."""

import contextlib
import io
import struct
from typing import Any

import numpy as np
import pydicom
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from pydicom import DataElement, Dataset, uid
from pydicom.datadict import dictionary_has_tag, dictionary_VR
from pydicom.sequence import Sequence
from pydicom.tag import Tag

from ml.imaging import formats
from ml.imaging.formats import Refusal
from ml.imaging.formats.dicom.tests.drawing import LIMITS, mr_slice, written
from scans.ingest.deidentification import PseudonymKey, pseudonymized
from scans.ingest.deidentification.csa import cleaned_csa
from scans.ingest.deidentification.dates import shifted
from scans.ingest.deidentification.descriptors import cleaned
from scans.ingest.deidentification.profile import METHODS, attribute, attributes
from scans.tests.studies import canaries

KEY = PseudonymKey(b"k" * 32)


def made(content, key=KEY):
    return pseudonymized(content, key=key, limits=LIMITS)


def read(content):
    return pydicom.dcmread(io.BytesIO(content))


def assert_no_canary(content):
    found = [word for word in canaries.ALL if word.encode() in content]
    assert not found, [
        str(element)[:100]
        for element in read(content).iterall()
        if element.VR != "SQ" and any(word in str(element) for word in canaries.ALL)
    ]


# --- The table -----------------------------------------------------------------------------------


def test_the_table_has_every_row_of_its_edition():
    rows = attributes()
    assert len(rows) == len({row.tag for row in rows}) == 656
    assert {row.basic for row in rows} == {
        *("X", "Z", "D", "U", "X/Z", "X/D", "Z/D", "X/Z/D", "X/Z/U*")
    }
    row_of: Any = attribute
    name = row_of(0x00100010)
    assert (name.name, name.basic, name.shifts_dates) == ("Patient's Name", "Z", False)
    day = row_of(0x00080020)
    assert (day.name, day.basic, day.shifts_dates) == ("Study Date", "Z", True)
    series = row_of(0x0008103E)
    assert (series.basic, series.cleans_descriptor) == ("X", True)
    assert attribute(0x00280010) is None
    assert sum(row.shifts_dates for row in rows) > 49
    assert sum(row.cleans_descriptor for row in rows) == 92


# --- Canaries ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "syntax",
    [uid.ExplicitVRLittleEndian, uid.ImplicitVRLittleEndian, uid.DeflatedExplicitVRLittleEndian],
)
def test_no_attribute_of_the_table_keeps_its_value(syntax):
    dataset = mr_slice()
    dataset.file_meta.TransferSyntaxUID = syntax
    assert canaries.fill(dataset) > 550
    canaries.fill_private(dataset)
    inner, innermost = Dataset(), Dataset()
    for item in (innermost, inner):
        canaries.fill(item)
        canaries.fill_private(item)
    inner.ReferencedImageSequence = Sequence([innermost])
    dataset.ReferencedImageSequence = Sequence([inner])  # a sequence that stays
    dataset.preamble = b"CANARY".ljust(128, b"\0")
    dataset.file_meta.SourceApplicationEntityTitle = "CANARY"
    file = io.BytesIO()
    pydicom.dcmwrite(file, dataset, enforce_file_format=True)
    content = made(file.getvalue())
    kept = read(content)
    assert kept.file_meta.TransferSyntaxUID == syntax
    plain = io.BytesIO()
    kept.file_meta.TransferSyntaxUID = uid.ExplicitVRLittleEndian
    pydicom.dcmwrite(plain, kept, implicit_vr=False, little_endian=True)
    assert_no_canary(plain.getvalue())
    assert len(kept.ReferencedImageSequence[0].ReferencedImageSequence) == 1


_WORDS = st.text("abcXYZ0189 ^\\=", max_size=12).map(lambda text: f"CANARY{text}")
_TAGS = st.sampled_from(
    [
        Tag(int(row.tag, 16))
        for row in attributes()
        if "X" not in row.tag and row.tag != "PRIVATE" and row.tag > "0008"
    ]
)


_ELEMENTS = st.lists(
    st.tuples(_TAGS, st.sampled_from(["LO", "PN", "UI", "LT", "UN", "CS", "DA", "OB"]), _WORDS),
    max_size=10,
)
_NESTED: Any = st.recursive(
    st.tuples(_ELEMENTS, st.just([])),
    lambda items: st.tuples(_ELEMENTS, st.lists(items, max_size=2)),
    max_leaves=4,
)


def dataset_of(nested, depth=0):
    elements, items = nested
    dataset = Dataset()
    for tag, vr, word in elements:
        if dictionary_has_tag(tag) and dictionary_VR(tag) != "SQ":
            value = word.encode() if vr in ("UN", "OB") else word
            with contextlib.suppress(ValueError):  # no word where a number belongs
                dataset[tag] = DataElement(tag, vr, value)
    sequence = Sequence([dataset_of(item, depth + 1) for item in items])
    setattr(dataset, ["ReferencedImageSequence", "MREchoSequence"][depth % 2], sequence)
    return dataset


@settings(
    max_examples=40,
    deadline=None,
    derandomize=True,
    phases=[Phase.generate],
    suppress_health_check=[HealthCheck.too_slow],
)
@given(_NESTED)
def test_no_nesting_and_no_wrong_vr_brings_a_value_through(nested):
    dataset = mr_slice()
    for element in dataset_of(nested):
        if element.keyword not in ("SOPInstanceUID", "SOPClassUID"):
            dataset[element.tag] = element
    before = written(dataset)
    try:
        content = made(before)
    except Refusal as refusal:
        assert refusal.code == "cannot_be_pseudonymized"  # noqa: PT017
        return
    assert_no_canary(content)
    assert read(content).PixelData == dataset.PixelData


# --- What stays, and what takes its place --------------------------------------------------------


def test_two_files_of_a_study_fit_together_as_before():
    uids: dict[str, Any] = {"StudyInstanceUID": "1.2.3", "FrameOfReferenceUID": "1.2.4"}
    first = read(made(written(mr_slice(**uids, StudyDate="20240301", SeriesDate="20240308"))))
    second = read(made(written(mr_slice(**uids, StudyDate="20240311", SOPInstanceUID="1.2.5"))))
    assert first.StudyInstanceUID == second.StudyInstanceUID != "1.2.3"
    assert first.StudyInstanceUID.startswith("2.25.")
    assert first.FrameOfReferenceUID == second.FrameOfReferenceUID != first.StudyInstanceUID
    assert first.SOPInstanceUID == first.file_meta.MediaStorageSOPInstanceUID
    assert first.PatientID == second.PatientID == str(first.PatientName)
    assert "TEST-1" not in first.PatientID
    days = [pydicom.valuerep.DA(text) for text in (first.StudyDate, first.SeriesDate)]
    assert (days[1] - days[0]).days == 7
    assert (pydicom.valuerep.DA(second.StudyDate) - days[0]).days == 10
    other = read(made(written(mr_slice(**uids)), key=PseudonymKey(b"o" * 32)))
    assert other.StudyInstanceUID != first.StudyInstanceUID
    assert other.PatientID != first.PatientID


def test_an_object_says_how_its_names_were_removed():
    kept = read(made(written(mr_slice())))
    assert kept.PatientIdentityRemoved == "YES"
    codes = [item.CodeValue for item in kept.DeidentificationMethodCodeSequence]
    assert codes == [code for code, _ in METHODS] == ["113100", "113105", "113107", "113111"]
    assert kept.LongitudinalTemporalInformationModified == "MODIFIED"
    assert made(written(mr_slice())) == made(written(mr_slice()))


def test_what_the_reader_needs_stays():
    dataset = mr_slice(
        SeriesDescription="t1_mprage_sag_p2_iso Doe^Jane +C",
        ProtocolName="T2 FLAIR ax 5mm b1000",
        ContrastBolusAgent="Gadovist 7.5 ml",
        Manufacturer="SIEMENS",
        WindowCenter=300,
        WindowWidth=400,
    )
    before = formats.read(written(dataset), limits=LIMITS)
    content = made(written(dataset))
    after = formats.read(content, limits=LIMITS)
    (was,), (is_now,) = before.images, after.images
    assert np.array_equal(was.pixels, is_now.pixels)
    assert (was.place, was.spacing, was.window) == (is_now.place, is_now.spacing, is_now.window)
    kept = read(content)
    assert kept.SeriesDescription == "t1_mprage_sag_p2_iso +C"
    assert kept.ProtocolName == "T2 FLAIR ax 5mm b1000"
    assert kept.ContrastBolusAgent == "Gadovist 7.5 ml"
    assert kept.Manufacturer == "SIEMENS"


def test_numbers_of_makers_that_the_reader_needs_stay():
    dataset = mr_slice()
    siemens = dataset.private_block(0x0019, "SIEMENS MR HEADER", create=True)
    siemens.add_new(0x0A, "US", 25)
    siemens.add_new(0x0C, "IS", 1000)
    siemens.add_new(0x0F, "SH", "Fast")
    philips = dataset.private_block(0x2005, "Philips MR Imaging DD 001", create=True)
    philips.add_new(0x0E, "FL", 0.5)
    philips.add_new(0x11, "CS", "P")
    united = dataset.private_block(0x0065, "Image Private Header", create=True)
    united.add_new(0x09, "UN", struct.pack("<d", 800.0))
    place = Dataset()
    place.ImagePositionPatient = [1, 2, 3]
    place.PatientName = "Doe^Jane"
    united.add_new(0x51, "SQ", Sequence([place]))
    kept = read(made(written(dataset)))
    assert kept[0x0019, 0x100A].value == 25
    assert kept[0x0019, 0x100C].value == 1000
    assert (0x0019, 0x100F) not in kept
    assert kept[0x2005, 0x100E].value == 0.5
    assert kept[0x2005, 0x1011].value == "P"
    assert kept[0x0065, 0x1009].value == 800
    (item,) = kept[0x0065, 0x1051].value
    assert item.ImagePositionPatient == [1, 2, 3]
    assert not item.PatientName


def test_of_siemens_own_header_only_numbers_stay():
    def entry(name, vr, *items):
        head = struct.pack("<64si4s3i", name, len(items), vr, 0, len(items), 77)
        for item in items:
            data = item + b"\0"
            head += struct.pack("<4i", len(data), len(data), 77, len(data))
            head += data + b"\0" * (-len(data) % 4)
        return head

    entries = [
        entry(b"NumberOfImagesInMosaic", b"US", b"25"),
        entry(b"PatientName", b"LO", b"CANARY"),
        entry(b"SliceNormalVector", b"FD", b"0.0", b"0.6", b"0.8"),
    ]
    header = b"SV10\4\3\2\1" + struct.pack("<2I", len(entries), 77) + b"".join(entries)
    from nibabel.nicom import csareader

    content = cleaned_csa(header)
    assert content is not None
    assert b"CANARY" not in content
    read_again = csareader.read(content)
    assert csareader.get_n_mosaic(read_again) == 25
    assert list(csareader.get_slice_normal(read_again)) == [0, 0.6, 0.8]
    assert cleaned_csa(b"no header at all") is None


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("T2 FLAIR sag", "T2 FLAIR sag"),
        ("Müller, Anna: t1_se_tra", "t1_se_tra"),
        ("MR Head Dr. Smith 12.03.1954", "MR Head"),
        ("ep2d_diff_b0_b1000_ADC", "ep2d_diff_b0_b1000_ADC"),
        ("0171 234 5678", ""),
        ("Smith", ""),
        ("Smith b=1000(0.445,0.000,-0.895)", "b=1000(0.445,0.000,-0.895)"),
        ("ID 483920 brain", "brain"),
    ],
)
def test_descriptions_keep_only_words_of_imaging(text, left):
    assert cleaned(text) == left


@pytest.mark.parametrize(
    ("text", "vr", "moved"),
    [
        ("20240301", "DA", "20240229"),
        ("2024.03.01", "DA", "20240229"),
        ("20240301120000.5+0100", "DT", "20240229120000.5+0100"),
        ("120000.123", "TM", "120000.123"),
        ("2024", "DT", None),
        ("00010101", "DA", None),
        ("Smith", "DA", None),
    ],
)
def test_dates_move_by_whole_days(text, vr, moved):
    assert shifted(text, vr, days=1) == moved


def test_words_of_the_patient_go_from_texts_that_stay():
    kept = read(
        made(
            written(
                mr_slice(
                    PatientName="Winterfeld^Anna",
                    SequenceName="se winterfeld",
                    SoftwareVersions="VE11C",
                )
            )
        )
    )
    assert kept.SequenceName == "se"
    assert kept.SoftwareVersions == "VE11C"


def test_objects_that_are_text_are_refused_with_the_reason():
    report = mr_slice(SOPClassUID=uid.BasicTextSRStorage, Modality="SR")
    with pytest.raises(Refusal) as refused:
        made(written(report))
    assert refused.value.code == "cannot_be_pseudonymized"
    assert "structured report" in refused.value.problem


# --- Whose pseudonym it is -----------------------------------------------------------------------


def pseudonyms(**stated):
    kept = read(made(written(mr_slice(**stated))))
    return kept.PatientID, str(kept.PatientName)


def test_one_id_of_two_issuers_is_two_patients():
    first, again = (pseudonyms(IssuerOfPatientID=issuer) for issuer in ("CITY", "City "))
    other, unstated = pseudonyms(IssuerOfPatientID="COUNTY"), pseudonyms()
    assert first == again
    assert len({first, other, unstated}) == 3
    assert all(name.startswith("P-") for name in (*first, *other, *unstated))


@pytest.mark.parametrize("born", ["", "19600517"])
def test_objects_that_name_nobody_share_a_pseudonym_within_their_study_alone(born):
    nobody = {"PatientID": "", "PatientName": "", "PatientBirthDate": born}
    first = pseudonyms(**nobody, StudyInstanceUID="1.2.3")
    again = pseudonyms(**nobody, StudyInstanceUID="1.2.3", SOPInstanceUID="1.2.3.4")
    other = pseudonyms(**nobody, StudyInstanceUID="1.2.5")
    assert first == again
    assert first[1] != other[1]
    assert first[0] == other[0] == ""


def test_without_an_id_the_name_makes_the_pseudonym_and_no_id_is_made_up():
    unnumbered = {"PatientID": None, "PatientName": "Doe^Jane"}
    first = pseudonyms(**unnumbered, PatientBirthDate="19600517", StudyInstanceUID="1.2.3")
    again = pseudonyms(**unnumbered, PatientBirthDate="19600517", StudyInstanceUID="1.2.5")
    other = pseudonyms(**unnumbered, PatientBirthDate="19700517")
    assert first == again != other
    assert first[0] == other[0] == ""


def test_an_object_cut_at_any_byte_is_refused_or_cleaned():
    content = written(mr_slice())
    tail = b"\xfc\xff\xfc\xffOB\0\0"  # the head of an element, cut in its length
    for cut in (*(content[:length] for length in range(140, 1200, 13)), content + tail):
        try:
            made(cut)
        except Refusal as refusal:
            assert refusal.code in ("truncated", "cannot_be_pseudonymized", "not_dicom")  # noqa: PT017


@pytest.mark.parametrize(
    ("sop_class", "said"),
    [
        (uid.MRImageStorage, "YES"),
        (uid.SecondaryCaptureImageStorage, "YES"),
        (uid.SecondaryCaptureImageStorage, ""),
    ],
)
def test_an_image_with_text_in_its_pixels_is_refused_with_the_reason(sop_class, said):
    with pytest.raises(Refusal) as refused:
        made(written(mr_slice(SOPClassUID=sop_class, BurnedInAnnotation=said)))
    assert refused.value.code == "cannot_be_pseudonymized"
    assert "burned into its pixels" in refused.value.problem


@pytest.mark.parametrize(
    ("sop_class", "said"),
    [
        (uid.MRImageStorage, "NO"),
        (uid.MRImageStorage, ""),
        (uid.SecondaryCaptureImageStorage, "NO"),
    ],
)
def test_an_image_that_says_nothing_of_text_in_its_pixels_is_kept(sop_class, said):
    kept = read(made(written(mr_slice(SOPClassUID=sop_class, BurnedInAnnotation=said))))
    assert kept.PatientIdentityRemoved == "YES"
