"""Whom a test asks as: over the API (`api`), on pages (`doctor`, `htmx`)."""

from collections.abc import Iterable

import pytest
from django.test import Client
from rest_framework.test import APIClient

from accounts.tests.factories import UserFactory
from scans.models import Image
from scans.services.studies import receiving
from scans.services.studies.decoding import dispatch, retrying
from scans.services.studies.decoding.execution import run_decoding
from scans.tests.core.factories import PatientFactory, ReleaseFactory

_TELLING = (receiving, retrying)  # who tells workers of files that wait to be decoded


@pytest.fixture(scope="session", autouse=True)
def _decoding_at_once():
    """What the worker does to files that wait happens within the upload, by the same function."""
    with pytest.MonkeyPatch.context() as patching:
        for module in _TELLING:
            patching.setattr(module, "dispatch_on_commit", _decode_now)
        yield


@pytest.fixture
def decoding_waits(monkeypatch):
    """DICOM and NIfTI files wait for a worker; `run_decoding` is what that does."""
    for module in _TELLING:
        monkeypatch.setattr(module, "dispatch_on_commit", dispatch.dispatch_on_commit)


def _decode_now(images: Iterable[Image]) -> None:
    waiting = [image for image in images if image.instance.is_being_prepared]
    for instance_id in dict.fromkeys(image.instance_id for image in waiting):
        run_decoding(instance_id)
    for image in waiting:
        image.instance.refresh_from_db(fields=["decoding", "decoding_problem"])
        image.refresh_from_db(fields=["rendition", "thumbnail", "bits_stored"])


@pytest.fixture
def person(db):
    """A clinician; `api` asks as this person."""
    return UserFactory()


@pytest.fixture
def patient(person):
    return PatientFactory(created_by=person)


@pytest.fixture
def release(db):
    return ReleaseFactory()


@pytest.fixture
def api(person):
    return asking_as(person)


def asking_as(user) -> APIClient:
    client = APIClient()
    client.force_authenticate(user)
    return client


@pytest.fixture
def user(db):
    """A radiologist; `doctor`, `htmx` and a browser's `page` ask as this person."""
    return UserFactory(username="doctor", first_name="Iris", last_name="Okafor", radiologist=True)


@pytest.fixture
def doctor(user) -> Client:
    """Signed in as `user`."""
    client = Client()
    client.force_login(user)
    client.get("/account/")  # the first request of a session has queries of its own
    return client


@pytest.fixture
def htmx(user) -> Client:
    """Signed in as `user`, asking as htmx does."""
    client = Client(headers={"HX-Request": "true"})
    client.force_login(user)
    return client
