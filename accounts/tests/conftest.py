import pytest

from accounts.tests.factories import UserFactory


@pytest.fixture
def administrator():
    return UserFactory(administrator=True, first_name="Ada", last_name="Boss")


@pytest.fixture
def site(client, administrator):
    """A browser in which the clinic administrator is signed in."""
    client.force_login(administrator)
    return client
