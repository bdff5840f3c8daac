"""The frames of one file are read of it once, and never of bytes that are not those received."""

from datetime import date

import numpy as np
import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage

from ml.imaging.formats.dicom.tests.drawing import mr_slice, written
from scans import ingest
from scans.models import Image
from scans.services import verified_files
from scans.services.frames import decoded_image
from scans.services.studies.receiving import receive_study
from scans.tests.core import pictures
from scans.tests.core.factories import PatientFactory

pytestmark = pytest.mark.django_db
FRAMES = np.stack([np.full((64, 64), 100 * (number + 1), np.uint16) for number in range(4)])


@pytest.fixture
def images(user, release, monkeypatch):
    monkeypatch.setattr(verified_files, "_kept", None)
    receive_study(
        user=user,
        patient=PatientFactory(created_by=user),
        study_date=date(2024, 3, 1),
        files=[pictures.upload("frames.dcm", written(mr_slice(FRAMES)))],
        upload_id=None,
        place=0,
        confirm_identity=True,
    )
    return list(Image.objects.select_related("instance").order_by("frame_number"))


@pytest.fixture
def opened(monkeypatch):
    names, really = [], default_storage.open
    monkeypatch.setattr(
        verified_files.default_storage,
        "open",
        lambda name, *rest: names.append(name) or really(name, *rest),
    )
    return names


def test_the_frames_of_a_file_are_read_of_it_once(images, opened):
    assert [int(decoded_image(image).pixels.max()) for image in images] == [100, 200, 300, 400]
    assert len(opened) == 1


def test_a_file_larger_than_what_is_kept_is_read_for_each_frame(images, opened, monkeypatch):
    monkeypatch.setattr(verified_files, "MOST_KEPT", 1000)
    for image in images:
        decoded_image(image)
    assert len(opened) == 4
    assert verified_files._kept is None


def test_a_file_that_was_changed_or_lost_since_is_not_taken_from_memory(images):
    name = images[0].instance.file.name
    decoded_image(images[0])
    with default_storage.open(name) as file:
        content = bytearray(file.read())
    content[-1] ^= 1
    default_storage.delete(name)
    with pytest.raises(FileNotFoundError):
        decoded_image(images[1])
    default_storage.save(name, ContentFile(bytes(content)))
    with pytest.raises(ingest.Refusal) as refused:
        decoded_image(images[1])
    assert refused.value.code == "changed_file"
