"""Whom a test asks as: over the API (`api`), on pages (`doctor`, `htmx`)."""

import pytest
from django.test import Client
from rest_framework.test import APIClient

from accounts.tests.factories import UserFactory
from scans.tests.core.factories import PatientFactory, ReleaseFactory


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
