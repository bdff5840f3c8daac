import pytest
from django.test import Client

from accounts.tests.factories import UserFactory


@pytest.fixture
def user(db):
    return UserFactory(username="doctor", radiologist=True)


@pytest.fixture
def client(user) -> Client:
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
