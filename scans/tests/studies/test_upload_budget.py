"""The files of one archive share what decoding may take; every upload has a budget of its own."""

import pytest

from scans import ingest
from scans.ingest import Refusal
from scans.ingest.limits import upload_limits
from scans.models import Image
from scans.tests.core import pictures
from scans.tests.core.factories import PatientFactory, ReleaseFactory

pytestmark = pytest.mark.django_db


def upload(api, person, count: int, name: str) -> list[str]:
    """The codes of the files that are refused of an archive of so many."""
    files = {f"{n}.png": pictures.png(n) for n in range(count)}
    sent = {
        "patient": str(PatientFactory(clinic=person.clinic).pk),
        "study_date": "2024-05-06",
        "files": [pictures.upload(name, pictures.zip_of(files))],
    }
    received = api.post("/api/v1/studies/", sent, format="multipart")
    assert received.status_code == 201
    return [refused["code"] for refused in received.data["refused"]]


def test_the_files_of_an_archive_share_its_pixels_and_the_next_archive_has_its_own(
    api, person, settings
):
    ReleaseFactory()
    settings.UPLOAD_MAX_ARCHIVE_PIXELS = 30_000  # the first brings 20,480, and the second too
    assert upload(api, person, 4, "a.zip") == ["upload_too_costly"] * 2
    assert Image.objects.count() == 2
    assert upload(api, person, 1, "b.zip") == []


def test_seconds_are_counted_for_what_is_refused_too(settings):
    settings.UPLOAD_MAX_DECODE_SECONDS = 0.001
    limits = upload_limits()
    codes = []
    for _ in range(200):
        with pytest.raises(Refusal) as refused:
            ingest.decode(pictures.png()[:-20], limits)
        codes.append(refused.value.code)
    assert codes[0] == "truncated"
    assert codes[-1] == "upload_too_costly"
