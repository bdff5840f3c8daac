"""Notifications over the API: one's own, read one by one or all at once."""

import pytest

from accounts.models import AuditEvent
from accounts.tests.factories import UserFactory
from scans.models import Notification
from scans.models.notification import NotificationKind
from scans.services.notifications import notify
from scans.tests.core.factories import make_study
from scans.tests.core.fixtures import asking_as

pytestmark = pytest.mark.django_db
LIST = "/api/v1/notifications/"


@pytest.fixture
def studies(user):
    return [make_study(user=user) for _ in range(2)]


@pytest.fixture
def told(user, studies):
    """Two notifications of `user`, and one of somebody else about the same study."""
    other = UserFactory(clinic=user.clinic, radiologist=True)
    notify([user, other], NotificationKind.STAT, studies[0])
    notify([user], NotificationKind.ASSIGNED, studies[1])
    return Notification.objects.of(user)


def test_the_list_holds_ones_own_newest_first_and_is_recorded_as_a_list_of_studies(
    user, studies, told
):
    found = asking_as(user).get(LIST).json()

    assert [row["kind"] for row in found["results"]] == ["assigned", "stat"]
    assert found["results"][0]["sentence"] == "A study was assigned to you."
    assert found["results"][0]["study"] == str(studies[1].pk)
    assert found["results"][0]["study_url"].endswith(f"/api/v1/studies/{studies[1].pk}/")
    event = AuditEvent.objects.get(action="study.listed", actor=user)
    assert set(event.detail["ids"]) == {str(study.pk) for study in studies}


def test_one_is_read_and_then_the_rest(user, told):
    api = asking_as(user)
    newest, older = told

    read = api.post(f"{LIST}{newest.pk}/read/").json()
    assert read["read_at"]
    assert [row["id"] for row in api.get(LIST, {"unread": "true"}).json()["results"]] == [
        str(older.pk)
    ]
    assert [row["id"] for row in api.get(LIST, {"unread": "false"}).json()["results"]] == [
        str(newest.pk)
    ]
    assert api.post(f"{LIST}read/").json() == {"marked": 1}
    assert api.post(f"{LIST}read/").json() == {"marked": 0}
    assert not told.unread().exists()


def test_nobody_reads_a_colleagues(user, told):
    colleagues = Notification.objects.exclude(person=user).get()

    assert asking_as(user).post(f"{LIST}{colleagues.pk}/read/").status_code == 404
    colleagues.refresh_from_db()
    assert colleagues.read_at is None


def test_a_value_that_makes_no_sense_is_refused_under_its_name(user):
    refused = asking_as(user).get(LIST, {"unread": "perhaps"})
    assert refused.status_code == 400
    assert list(refused.json()["errors"]) == ["unread"]
