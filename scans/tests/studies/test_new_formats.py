"""What receives and shows images takes whatever the registry of formats reads."""

from datetime import date

import numpy as np
import pytest

from ml.imaging import formats
from ml.imaging.formats import raster
from ml.imaging.formats.tests.slices import Slices, slices
from scans.models import Image
from scans.services.analyses.series_statements import acquisition_in_force
from scans.services.frames import read_frame
from scans.services.studies.receiving import receive_study
from scans.tests.core import pictures
from scans.tests.core.factories import PatientFactory, ReleaseFactory

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _with_slices(monkeypatch):
    monkeypatch.setattr(formats, "FORMATS", (raster.JPEG, raster.PNG, Slices()))


def receive(*files):
    ReleaseFactory()
    patient = PatientFactory()
    uploads = [pictures.upload(name, content) for name, content in files]
    return receive_study(
        user=patient.created_by,
        patient=patient,
        study_date=date(2024, 3, 1),
        files=uploads,
        confirm_identity=True,  # the made-up files name one patient
    )


def test_a_file_of_another_format_is_received_with_what_it_states():
    receipt = receive(("one.slices", slices(1)))

    assert [outcome.outcome for outcome in receipt.outcomes] == ["received"]
    image = Image.objects.get()
    assert image.instance.media_type == "application/x-slices"
    assert (image.width, image.height, image.bits_stored) == (64, 64, 12)
    assert (image.pixel_spacing_row, image.pixel_spacing_column) == (0.5, 0.75)
    frame = read_frame(image)
    assert np.array_equal(np.frombuffer(frame.pixels, "<u2"), np.ones(64 * 64))


def test_a_png_brings_no_millimeters():
    receive(("a.png", pictures.png()))

    image = Image.objects.get()
    assert image.pixel_spacing_row is None
    assert image.pixel_spacing_column is None


def test_a_file_of_more_images_than_allowed_is_refused_and_the_others_are_received(settings):
    settings.UPLOAD_MAX_FRAMES = 1
    receipt = receive(("two.slices", slices(2)), ("a.png", pictures.png()))

    refused, received = receipt.outcomes
    assert (refused.outcome, refused.code) == ("refused", "too_many_frames")
    assert refused.detail == (
        "The file holds 2 images; at most one image can be read from one file. "
        "Export each image as a file of its own."
    )
    assert received.outcome == "received"
    assert Image.objects.get().instance.filename == "a.png"


def test_the_refusal_of_other_files_names_every_format_that_is_read():
    receipt = receive(("words.txt", b"words"), ("a.bmp", b"BM" + bytes(50)))

    assert [outcome.detail for outcome in receipt.outcomes] == [
        "This is not an image. Upload JPEG, PNG or Slices files, or a ZIP of them.",
        "This is a BMP file. Upload the image as JPEG, PNG or Slices, or several in a ZIP.",
    ]


def test_the_upload_page_offers_the_formats_that_are_read(doctor):
    page = doctor.get("/upload/").content.decode()

    assert (
        'accept=".jpg,.jpeg,.png,.slices,.zip,'
        'image/jpeg,image/png,application/x-slices,application/zip"'
    ) in page
    assert "JPEG, PNG and Slices, up to" in page


def test_what_a_file_states_of_its_acquisition_goes_before_what_the_sender_states():
    ReleaseFactory()
    patient = PatientFactory()
    stated = {"plane": "coronal", "sequence": "T1", "slice_spacing": 3.0}
    receive_study(
        user=patient.created_by,
        patient=patient,
        study_date=date(2024, 3, 1),
        files=[pictures.upload("one.slices", slices(1))],
        acquisition=stated,
        confirm_identity=True,
    )
    image = Image.objects.get()
    assert image.stated == {"plane": "axial", "sequence": "T2", "slice_spacing": 5.0}
    assert image.series.stated == {}
    assert acquisition_in_force(image.series) == image.stated


def test_what_files_of_one_series_state_differently_is_not_known():
    receipt = receive(("one.slices", slices(1)), ("a.png", pictures.png()))
    series = receipt.study.series.get()
    assert acquisition_in_force(series)["plane"] == "axial"
    series.images.filter(instance__filename="a.png").update(plane="coronal", slice_spacing=5.0)
    assert acquisition_in_force(series) == {"sequence": "T2", "slice_spacing": 5.0}
