"""A file that holds several images: one instance, each image a row with its frame number."""

from datetime import date
from pathlib import PurePosixPath
from uuid import uuid4

import numpy as np
import pytest
from django.core.files.storage import default_storage

from ml.imaging import formats
from ml.imaging.formats.tests import drawn_files
from ml.imaging.formats.tests.slices import Slices, slices
from scans import ingest
from scans.models import Analysis, Image, Instance, Study
from scans.services.analyses import inference
from scans.services.analyses.execution import run_analysis
from scans.services.files import deliver
from scans.services.frames import decoded_image, read_frame
from scans.services.studies import receiving
from scans.services.studies.merging import difference_between, merge_patients
from scans.services.studies.receiving import receive_study
from scans.tests.core import pictures
from scans.tests.core.factories import PatientFactory, make_annotation
from scans.tests.studies.test_receiving import stored_files

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _with_files_of_several_images(monkeypatch):
    monkeypatch.setattr(formats, "FORMATS", (*formats.FORMATS, Slices()))


@pytest.fixture
def patient(user, release):
    return PatientFactory(created_by=user)


def receive(patient, *files, upload_id=None, place=0):
    return receive_study(
        user=patient.created_by,
        patient=patient,
        study_date=date(2024, 3, 1),
        files=[pictures.upload(name, content) for name, content in files],
        upload_id=upload_id,
        place=place,
        confirm_identity=True,  # the made-up files name one patient
    )


def test_one_file_is_one_instance_and_as_many_images_in_the_order_of_its_frames(patient):
    receipt = receive(patient, ("three.slices", slices(3)))
    (outcome,) = receipt.outcomes
    instance = Instance.objects.get()
    images = list(Image.objects.all())
    assert (instance.number_of_frames, instance.byte_size) == (3, len(slices(3)))
    assert [(row.number, row.frame_number) for row in images] == [(1, 1), (2, 2), (3, 3)]
    assert {row.instance_id for row in images} == {instance.pk}
    assert {row.sequence for row in images} == {"T2"}
    assert (outcome.outcome, outcome.image) == ("received", images[0])
    assert Analysis.objects.filter(status="queued").count() == 3
    pictures_of = [name for row in images for name in (row.rendition.name, row.thumbnail.name)]
    assert len(set(pictures_of)) == 6
    folder = PurePosixPath(instance.file.name).parent
    assert {PurePosixPath(name).parent for name in pictures_of} == {folder}
    assert all(default_storage.exists(name) for name in pictures_of)


@pytest.mark.parametrize("kind", ["PNG", "MPO", "GIF", "TIFF"])
def test_the_pictures_of_a_file_are_images_in_order(patient, kind):
    (outcome,) = receive(patient, (f"three.{kind}", drawn_files.of_pictures(3, kind))).outcomes
    assert outcome.outcome == "received"
    images = list(Image.objects.all())
    assert [row.frame_number for row in images] == [1, 2, 3]
    assert outcome.image.instance.number_of_frames == 3
    for row, image in enumerate(images):
        expected = drawn_files.gray() + np.uint8(40 * row)
        shown = np.frombuffer(read_frame(image).pixels, np.uint8).reshape(expected.shape)
        assert np.abs(shown.astype(int) - expected).mean() < (12 if kind == "MPO" else 0.001)


def test_a_small_file_of_many_large_pictures_is_refused_before_they_are_decoded(patient, settings):
    settings.UPLOAD_MAX_FILE_PIXELS = 2 * drawn_files.WIDTH * drawn_files.HEIGHT
    (outcome,) = receive(patient, ("a.gif", drawn_files.of_pictures(3, "GIF"))).outcomes
    assert (outcome.outcome, outcome.code) == ("refused", "too_many_pixels")
    assert "The 3 images of the file" in outcome.detail


def test_files_that_arrive_late_are_put_before_all_images_of_those_behind(patient):
    upload = uuid4()
    receive(patient, ("b.slices", slices(2)), upload_id=upload, place=1)
    receive(patient, ("a.slices", slices(3)), upload_id=upload, place=0)
    rows = Image.objects.values_list("number", "instance__filename", "frame_number")
    assert list(rows) == [
        *((1, "a.slices", 1), (2, "a.slices", 2), (3, "a.slices", 3)),
        *((4, "b.slices", 1), (5, "b.slices", 2)),
    ]


def test_the_file_sent_again_is_a_duplicate_as_a_whole(patient):
    receive(patient, ("a.slices", slices(2)))
    before = stored_files()
    (outcome,) = receive(patient, ("again.slices", slices(2))).outcomes
    assert outcome.code == "duplicate"
    assert outcome.image.frame_number == 1
    assert (Instance.objects.count(), Image.objects.count()) == (1, 2)
    assert stored_files() == before


def test_a_fault_leaves_none_of_its_files(patient, monkeypatch):
    before = stored_files()

    def fault(*args, **kwargs):
        raise RuntimeError("the disk is full")

    monkeypatch.setattr(receiving, "queue_analyses", fault)
    with pytest.raises(RuntimeError):
        receive(patient, ("a.slices", slices(3)))
    assert stored_files() == before
    assert not Instance.objects.exists()


def test_the_viewer_draws_the_frame_that_the_image_is(patient):
    receive(patient, ("three.slices", slices(3)))
    for image in Image.objects.all():
        values = np.frombuffer(read_frame(image).pixels, "<u2")
        assert set(values) == {image.frame_number}


def test_the_worker_reads_the_frame_that_the_image_is(patient, monkeypatch):
    receive(patient, ("three.slices", slices(3)))
    seen = []

    class Predictor:
        def predict(self, pixels):
            seen.append(int(pixels.max()))
            return inference.Abstention(
                reason="no_head",
                sentence="There is no head.",
                engine="tensorflow",
                model_ms=1.0,
                distance=None,
                evidence=None,
            )

    monkeypatch.setattr(inference, "load_predictor", lambda directory, **_: Predictor())
    for analysis in Analysis.objects.order_by("image__number"):
        run_analysis(analysis.pk)
    assert seen == [1, 2, 3]


def test_a_frame_that_the_file_does_not_hold_is_refused(patient):
    receive(patient, ("one.slices", slices(1)))
    Image.objects.update(frame_number=7)
    with pytest.raises(ingest.Refusal, match="The file holds no image 7"):
        decoded_image(Image.objects.get())


def test_the_file_leaves_whole_and_the_pictures_are_named_by_their_frames(patient):
    receive(patient, ("head.slices", slices(2)))
    image = Image.objects.get(number=2)
    whole = deliver(user=patient.created_by, row=image, kind="original")
    assert b"".join(whole.streaming_content) == slices(2)
    assert 'filename="head.slices"' in whole["Content-Disposition"]
    picture = deliver(user=patient.created_by, row=image, kind="rendition")
    assert 'filename="head-2-rendition.png"' in picture["Content-Disposition"]


def test_the_page_and_the_api_say_which_frame_it_is(patient, doctor):
    receive(patient, ("head.slices", slices(2)))
    image = Image.objects.get(number=2)
    page = doctor.get(image.study.get_absolute_url(), {"image": image.pk}).content.decode()
    assert "head.slices, frame 2" in page
    shown = doctor.get(f"/api/v1/images/{image.pk}/").json()
    assert (shown["filename"], shown["frame_number"]) == ("head.slices", 2)
    assert shown["instance"] == str(image.instance_id)


def test_annotations_go_out_and_come_back_on_the_frame_that_they_are_on(patient, doctor):
    receive(patient, ("head.slices", slices(2)))
    image = Image.objects.get(number=2)
    make_annotation(
        image=image,
        author=patient.created_by,
        geometry={"shape": "length", "start": [1, 1], "end": [9, 9]},
    )
    path = f"/api/v1/studies/{image.study.pk}/annotations/"
    page = doctor.get(f"{path}export/").json()
    source = page["items"][0]["target"]["source"]
    assert source == f"urn:oid:{image.instance.sop_instance_uid}#frame=2"
    page["items"][0]["id"] = uuid4().urn
    response = doctor.post(f"{path}import/", page, content_type="application/json")
    assert response.json()["imported"] == 1
    assert image.annotations.count() == 2


def test_all_images_of_a_file_move_to_the_other_patient_and_are_a_repeat_together(patient):
    other = PatientFactory(created_by=patient.created_by)
    for one in (patient, other):
        receive(one, ("head.slices", slices(2)))
    merge_patients(
        user=patient.created_by,
        patient=patient,
        into=other,
        despite=difference_between(patient, other),
        reason="One person.",
    )
    assert set(Image.objects.values_list("patient", flat=True)) == {other.pk}
    assert sorted(Instance.objects.values_list("is_repeat", flat=True)) == [False, True]
    assert Study.objects.filter(patient=other).count() == 2
