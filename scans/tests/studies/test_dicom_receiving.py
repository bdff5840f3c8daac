"""DICOM and NIfTI files become studies by their UIDs, in any order and in pieces."""

import itertools
from datetime import date
from uuid import uuid4

import nibabel
import numpy as np
import pytest
from django.core.exceptions import ValidationError
from django.urls import reverse
from pydicom import Dataset

from accounts.tests.factories import UserFactory
from scans.models import Analysis, Image, Instance, Series, Study
from scans.services.analyses.series_statements import acquisition_in_force
from scans.services.frames import read_frame
from scans.services.studies.destination import Known
from scans.services.studies.image_order import order_images
from scans.services.studies.receiving import receive_study
from scans.tests.core import pictures
from scans.tests.core.factories import PatientFactory, ReleaseFactory, make_verdict
from scans.tests.studies.dicom_files import STUDY, changed, report, slice_of
from scans.tests.studies.test_receiving import stored_files

pytestmark = pytest.mark.django_db


@pytest.fixture
def patient():
    ReleaseFactory()
    return PatientFactory(family_name="Doe", given_name="Jane", birth_date=date(1970, 1, 2))


def receive(patient, *contents, **kwargs):
    kwargs.setdefault("user", patient.created_by)
    kwargs.setdefault("study_date", date(2026, 1, 3))
    files = [pictures.upload(f"{n}.dcm", content) for n, content in enumerate(contents)]
    return receive_study(patient=patient, files=files, **kwargs)


def codes(receipt):
    return [one.code or one.outcome for one in receipt.outcomes]


def order():
    rows = Image.objects.order_by("series__number", "number")
    return [(row.series.number, row.number, row.slice_position) for row in rows]


# --- What is kept --------------------------------------------------------------------------------


def test_a_slice_keeps_what_its_file_states(patient):
    content = slice_of(SeriesDescription="t2_tse_tra", FrameOfReferenceUID="1.2.3")
    (outcome,) = receive(patient, content).outcomes
    image, instance = outcome.image, Instance.objects.get()
    assert instance.sop_instance_uid == f"{STUDY}.1.1.1"
    assert instance.sop_class_uid == "1.2.840.10008.5.1.4.1.1.4"
    assert instance.transfer_syntax_uid == "1.2.840.10008.1.2.1"
    assert (instance.kind, instance.instance_number) == ("MR image", 1)
    assert instance.header["0008103E"]["Value"] == ["t2_tse_tra"]
    assert "7FE00010" not in instance.header
    assert instance.media_type == "application/dicom"
    assert (image.pixel_spacing_row, image.pixel_spacing_column) == (0.9, 0.8)
    assert (image.slice_thickness, image.slice_position) == (5.0, 5.0)
    assert image.image_orientation == [1, 0, 0, 0, 1, 0]
    assert (image.plane, image.sequence) == ("axial", "T2")
    series = image.series
    assert series.series_instance_uid == f"{STUDY}.1.1"
    assert (series.description, series.modality, series.kind) == ("t2_tse_tra", "MR", "MR image")
    assert (series.frame_of_reference_uid, series.stated_number) == ("1.2.3", 1)
    assert image.study.study_instance_uid == f"{STUDY}.1"
    assert Analysis.objects.count() == 1


def test_the_viewer_gets_16_bits_and_the_window_of_the_file(patient):
    receive(patient, slice_of(WindowCenter=300, WindowWidth=200))
    frame = read_frame(Image.objects.get())
    assert (frame.facts.bits, frame.facts.maximum) == (16, 4095)
    assert (frame.facts.window_center, frame.facts.window_width) == (300, 200)


def test_slices_stand_by_their_position_however_they_arrive(patient):
    for contents in ([3, 1], [5, 2], [4]):
        receive(patient, *(slice_of(number=9 - n, z=10.0 * n) for n in contents))
    assert order() == [(1, n, 10.0 * n) for n in range(1, 6)]
    assert Series.objects.get().measured_spacing == 10.0
    assert acquisition_in_force(Series.objects.get())["slice_spacing"] == 10.0
    assert Study.objects.count() == 1


def test_a_series_is_split_into_its_stacks_and_more_slices_join_theirs(patient):
    def echo(time, number):
        return slice_of(number=100 * time + number, z=5.0 * number, EchoTime=time)

    receive(patient, echo(90, 1), echo(20, 1), echo(20, 2))
    receive(patient, echo(90, 2), echo(20, 3))
    found = [
        [image.slice_position for image in row.images.all()]
        for row in Series.objects.order_by("number")
    ]
    assert sorted(map(len, found)) == [2, 3]
    assert all(one == sorted(one) for one in found)
    assert set(Series.objects.values_list("series_instance_uid", flat=True)) == {f"{STUDY}.1.1"}
    assert set(Series.objects.values_list("stack", flat=True)) == {1, 2}


def test_images_go_to_another_stack_where_what_came_later_shows_that_they_belong_there(patient):
    def at(z, number):
        return slice_of(z=z, number=number)

    # Two points in time at two places; of the first the later one arrives first.
    for contents in ([at(5, 2), at(10, 4)], [at(5, 1)], [at(10, 3)]):
        receive(patient, *contents)
    found = Image.objects.order_by("series__number", "number")
    assert list(found.values_list("series__number", "number", "instance__instance_number")) == [
        *((1, 1, 1), (1, 2, 3)),
        *((2, 1, 2), (2, 2, 4)),
    ]
    assert Analysis.objects.count() == 4


def test_series_stand_by_their_numbers(patient):
    for series in (7, 3, 12):
        receive(patient, slice_of(series=series))
    rows = Series.objects.order_by("number").values_list("number", "stated_number")
    assert list(rows) == [(1, 3), (2, 7), (3, 12)]


def test_an_order_that_a_person_made_stays_and_what_is_new_stands_at_its_end(patient):
    receive(patient, *(slice_of(number=n) for n in (1, 2, 4)))
    series = Series.objects.get()
    ids = list(series.images.values_list("pk", flat=True))
    order_images(user=patient.created_by, series=series, images=ids[::-1])
    receive(patient, slice_of(number=3))
    assert [position for _, _, position in order()] == [20, 10, 5, 15]


# --- Once, and of one study ----------------------------------------------------------------------


def test_the_same_object_again_is_a_duplicate_and_other_bytes_of_its_uid_are_a_conflict(patient):
    receive(patient, slice_of())
    before = stored_files()
    receipt = receive(patient, slice_of(), slice_of(SliceThickness=7), slice_of(number=2))
    assert codes(receipt) == ["duplicate", "uid_conflict", "received"]
    assert "SOP Instance UID of 1.dcm" in receipt.outcomes[1].detail
    assert Image.objects.get(number=1).slice_thickness == 5.0
    # Of the new image three, and of the conflict the bytes, which an administrator looks at.
    assert len(stored_files() - before) == 4


def test_two_files_of_one_uid_in_one_upload_are_a_conflict(patient):
    receipt = receive(patient, slice_of(), slice_of(SliceThickness=7))
    assert codes(receipt) == ["received", "uid_conflict"]


def test_a_file_of_another_study_is_refused_and_is_a_study_of_its_own_by_itself(patient):
    receipt = receive(patient, slice_of(), slice_of(study=2))
    assert codes(receipt) == ["received", "other_study"]
    assert codes(receive(patient, slice_of(study=2))) == ["received"]
    assert Study.objects.count() == 2


def test_files_of_one_upload_that_come_one_by_one_make_one_study(patient):
    upload = uuid4()
    sent = [slice_of(), pictures.png(), slice_of(study=2), slice_of(number=2), report()]
    found = [codes(receive(patient, one, upload_id=upload)) for one in sent]
    assert found == [["received"], ["received"], ["other_study"], ["received"], ["received"]]
    study = Study.objects.get()
    assert study.study_instance_uid == f"{STUDY}.1"
    assert [row.kind for row in study.series.all()] == ["", "MR image", "structured report"]


def test_a_study_that_begins_with_a_picture_takes_the_uid_of_the_objects(patient):
    upload = uuid4()
    receive(patient, pictures.png(), upload_id=upload)
    receive(patient, slice_of(StudyDescription="Head"), upload_id=upload)
    study = Study.objects.get()
    assert (study.study_instance_uid, study.description) == (f"{STUDY}.1", "Head")


def test_pictures_among_the_rest_of_a_study_keep_none_of_its_files_out(patient):
    study = receive(patient, slice_of()).study
    upload = uuid4()
    for content in (slice_of(number=2), pictures.png(), slice_of(number=3)):
        (outcome,) = receive(patient, content, upload_id=upload).outcomes
        assert outcome.outcome == "received"
    assert study.series.get().images.count() == 3
    assert receive(patient, pictures.png(2), slice_of(number=4)).study == study
    assert [row.kind for row in study.series.all()] == ["", "MR image"]


@pytest.mark.parametrize("turns", itertools.permutations(range(3)))
def test_a_study_in_pieces_is_one_study_with_everything_once(patient, turns):
    pieces = [[1, 4], [2, 4], [3, 5]]
    for turn in turns:
        receive(patient, *(slice_of(number=n) for n in pieces[turn]), upload_id=uuid4())
    assert order() == [(1, n, 5.0 * n) for n in range(1, 6)]


def test_a_study_of_another_patient_of_the_clinic_is_refused(patient):
    receive(patient, slice_of())
    other = PatientFactory(created_by=patient.created_by)
    receipt = receive(other, slice_of(), slice_of(number=2), pictures.png())
    assert codes(receipt) == ["study_of_other_patient", "study_of_other_patient", "received"]


def test_a_study_that_another_clinic_holds_tells_nothing(patient):
    receive(patient, slice_of())
    other = PatientFactory(created_by=UserFactory())
    assert codes(receive(other, slice_of())) == ["received"]
    assert Study.objects.count() == 2


def test_a_uid_that_another_upload_brings_at_the_same_moment_is_said_and_no_fault(
    patient, monkeypatch
):
    receive(patient, slice_of())
    other = PatientFactory(created_by=patient.created_by)
    asked, ask = [], Known.of

    def too_early(patient, files):
        asked.append(1)
        return Known({}, {}, {}) if len(asked) == 1 else ask(patient, files)

    monkeypatch.setattr(Known, "of", too_early)
    assert codes(receive(other, slice_of())) == ["study_of_other_patient"]
    assert len(asked) == 2


def test_what_comes_to_a_study_that_is_read_is_received(patient):
    study = receive(patient, slice_of()).study
    make_verdict(study=study, finding="no_tumor")
    (outcome,) = receive(patient, slice_of(number=2)).outcomes
    assert outcome.outcome == "received"
    assert outcome.image.series.study == study


# --- Whose it is ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("states", "words"),
    [
        ({"PatientName": "Roe^Jane"}, "name Roe, Jane, not Doe, Jane"),
        ({"PatientBirthDate": "19710102"}, "born 1971-01-02, not 1970-01-02"),
        ({"PatientID": "X-9"}, "patient ID X-9, not "),
    ],
)
def test_a_file_that_names_another_patient_is_asked_about(patient, states, words):
    receipt = receive(patient, slice_of(**states), slice_of(number=2))
    assert codes(receipt) == ["identity_differs", "received"]
    assert words in receipt.outcomes[0].detail
    again = receive(patient, slice_of(**states), confirm_identity=True)
    assert codes(again) == ["received"]


@pytest.mark.parametrize(
    "states",
    [
        {"PatientName": "DOE^John^A^Dr"},
        {"PatientName": "Döe^J"},
        {"PatientName": "=山田^太郎=Doe^"},
        {"PatientName": "Jane Doe"},
        {"PatientName": ""},
        {"PatientBirthDate": "19700102"},
        {"PatientBirthDate": "unknown"},
        {"PatientID": " "},
    ],
    ids=str,
)
def test_what_agrees_or_is_not_stated_contradicts_nothing(patient, states):
    name = str(states.get("PatientName", ""))
    more = {"SpecificCharacterSet": "ISO_IR 192"} if name else {}
    assert codes(receive(patient, slice_of(**more, **states))) == ["received"]


# --- What the form left empty --------------------------------------------------------------------


def test_what_the_form_left_empty_is_taken_from_the_file(patient):
    content = slice_of(
        AccessionNumber="ACC-7", ReferringPhysicianName="House^Greg", StudyDescription="MR head"
    )
    study = receive(patient, content, study_date=None).study
    assert study.study_date == date(2026, 1, 2)
    assert (study.accession_number, study.description) == ("ACC-7", "MR head")
    assert study.referring_physician == "House, Greg"


def test_what_the_order_and_the_scanner_state_is_on_the_study_page_and_in_the_api(patient, client):
    asked = Dataset()
    asked.ReasonForTheRequestedProcedure = "Tumor? New seizures."
    content = slice_of(
        RequestAttributesSequence=[asked], ProtocolName="Brain tumor", StationName="MR-2"
    )
    study = receive(patient, content).study
    assert study.clinical_question == "Tumor? New seizures."
    client.force_login(patient.created_by)
    shown = client.get(study.get_absolute_url()).content.decode()
    assert all(words in shown for words in ("Tumor? New seizures.", "Brain tumor", "MR-2"))
    answer = client.get(reverse("api:study-detail", args=[study.pk])).json()
    assert (answer["protocol_name"], answer["station_name"]) == ("Brain tumor", "MR-2")


def test_more_files_of_a_study_that_is_there_need_no_day(patient):
    receive(patient, slice_of())
    more = receive(patient, slice_of(number=2, StudyDate=""), study_date=None)
    assert codes(more) == ["received"]
    assert Study.objects.get().study_date == date(2026, 1, 3)


def test_what_was_stated_by_hand_stays(patient):
    content = slice_of(AccessionNumber="ACC-7", StudyDescription="MR head")
    study = receive(patient, content, accession_number="MINE", description="Mine").study
    assert (study.study_date, study.accession_number) == (date(2026, 1, 3), "MINE")
    assert study.description == "Mine"


def test_a_day_that_nobody_states_is_asked_for(patient):
    with pytest.raises(ValidationError, match="the files do not state it"):
        receive(patient, pictures.png(), study_date=None)
    assert not Study.objects.exists()
    day = date(2026, 2, 2)
    assert receive(patient, pictures.png(), study_date=None, fallback_date=day).study


# --- What is no MR slice of a head ---------------------------------------------------------------


def test_other_objects_are_kept_with_their_study_and_not_analyzed(patient):
    receipt = receive(
        patient, slice_of(), slice_of(series=2, SeriesDescription="localizer"), report()
    )
    assert codes(receipt) == ["received"] * 3
    assert "localizer" in receipt.outcomes[1].detail
    assert receipt.outcomes[2].detail == ("Kept with the study; it is no image: structured report.")
    kinds = Series.objects.order_by("number").values_list("kind", "why_not_analyzed")
    assert [kind for kind, _ in kinds] == ["MR image", "localizer", "structured report"]
    assert [bool(why) for _, why in kinds] == [False, True, True]
    assert Analysis.objects.count() == 1
    kept = Instance.objects.without_images().get()
    assert (kept.kind, kept.number_of_frames) == ("structured report", 0)
    assert kept.file.read() == report()


def test_a_nifti_volume_is_a_series_each(patient):
    values = np.arange(64 * 70 * 3 * 2, dtype=np.int16).reshape(64, 70, 3, 2)
    content = nibabel.Nifti1Image(values, np.diag([1.0, 1.0, 4.0, 1.0])).to_bytes()
    (outcome,) = receive(patient, content).outcomes
    assert outcome.outcome == "received"
    assert Instance.objects.get().number_of_frames == 6
    rows = Series.objects.order_by("number")
    assert [row.images.count() for row in rows] == [3, 3]
    assert [row.kind for row in rows] == ["volume", "volume"]
    positions = [image.slice_position for image in rows[0].images.all()]
    assert positions == [0.0, 4.0, 8.0]
    last = Image.objects.get(frame_number=6)
    shown = np.frombuffer(read_frame(last).pixels, "<u2")
    assert shown.max() == values[:, :, 2, 1].max()


# --- Hostile files -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "states",
    [
        {"SeriesDescription": "x" * 5000, "StudyDescription": "y" * 5000},
        {"SeriesDescription": "a\x00b\x07c\u202e", "StudyDescription": "\x01\x02"},
        {"AccessionNumber": "9" * 500, "ReferringPhysicianName": "^" * 70},
        {"SeriesNumber": 2**31 - 1, "InstanceNumber": -(2**31)},
        {"FrameOfReferenceUID": "1." * 60, "Modality": "M" * 100},
        {"StudyDate": "99999999", "PatientBirthDate": "00000000"},
        {"WindowCenter": "1e30", "WindowWidth": "1e-30"},
        {"SliceThickness": "1e300", "SpacingBetweenSlices": "-1e300"},
        {"EchoTime": "1e308", "PixelSpacing": [1e-300, 1e300]},
    ],
    ids=str,
)
def test_whatever_the_header_holds_the_file_is_received_or_refused(patient, states):
    (outcome,) = receive(patient, slice_of(**states)).outcomes
    assert outcome.outcome == "received"
    series = Series.objects.get()
    assert "\x00" not in f"{series.description}{Study.objects.get().description}"
    read_frame(outcome.image).header.encode()


def test_a_uid_that_is_too_long_is_refused_cleanly(patient):
    contents = [slice_of(number=n) for n in (1, 2)]
    receipt = receive(patient, changed(contents[0], SOPInstanceUID="1." * 50 + "1"), contents[1])
    assert codes(receipt) == ["invalid_uid", "received"]
