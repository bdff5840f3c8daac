import pytest
from rest_framework.test import APIClient

from accounts.tests.factories import UserFactory
from scans.tests.factories import PatientFactory, ReleaseFactory


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
