"""Who may send to a clinic: kept by its administrators, on a page of the clinic."""

import pytest
from django.urls import reverse

from accounts.models import AuditEvent
from accounts.tests.factories import UserFactory
from scans.models import ApplicationEntity, WatchedFolder
from scans.services.studies.senders import allowed_sender
from scans.tests.core.isolation_table import signed_in, text_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def administrator():
    return UserFactory(administrator=True)


def facts(user, **more):
    return {"title": "MR1", "received_by": user.pk, "is_active": "on"} | more


def add(client, user, **more):
    return client.post(reverse("application-entity-new"), facts(user, **more))


def test_an_administrator_allows_an_application_entity_and_takes_it_back(administrator):
    client = signed_in(administrator)
    assert "No application entity may send" in text_of(client.get(reverse("senders")))
    response = add(client, administrator, title=" MR1 ", description="3 T, room 2")
    assert response.url == reverse("senders")
    row = ApplicationEntity.objects.get()
    assert (row.title, row.clinic, row.received_by) == ("MR1", administrator.clinic, administrator)
    assert allowed_sender("MR1 ") == row
    page = text_of(client.get(reverse("senders")))
    assert "3 T, room 2" in page
    assert "never" in page
    path = reverse("application-entity", args=[row.pk])
    assert client.post(path, {"title": "MR1", "received_by": administrator.pk}).status_code == 302
    assert allowed_sender("MR1") is None
    assert "May not send" in text_of(client.get(reverse("senders")))
    recorded = AuditEvent.objects.filter(action__startswith="application_entity")
    assert [(one.action, one.detail) for one in recorded.order_by("sequence")] == [
        ("application_entity.added", {}),
        ("application_entity.changed", {"fields": ["is_active"]}),
    ]


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"title": ""}, "Enter the calling AE title"),
        ({"title": "A" * 17}, "at most 16 characters"),
        ({"title": "MR\\1"}, "without a backslash"),
        ({"title": "M\u00dcNCHEN"}, "signs of ASCII"),
        ({"received_by": ""}, "Choose in whose name"),
        ({"received_by": "x"}, "Select a valid choice"),
        ({"description": "two\x07"}, "control characters"),
    ],
)
def test_what_cannot_be_is_refused_in_words(administrator, changed, words):
    response = add(signed_in(administrator), administrator, **changed)
    assert response.status_code == 422
    assert words in text_of(response)
    assert not ApplicationEntity.objects.exists()


def test_a_title_is_given_once_and_nobody_learns_to_whom(administrator):
    other = UserFactory(administrator=True)
    assert add(signed_in(other), other).status_code == 302
    response = add(signed_in(administrator), administrator)
    assert "This AE title cannot be used here" in text_of(response)
    assert ApplicationEntity.objects.count() == 1
    row = ApplicationEntity.objects.get()
    client = signed_in(administrator)
    assert client.get(reverse("application-entity", args=[row.pk])).status_code == 404
    assert "MR1" not in text_of(client.get(reverse("senders")))


def test_it_is_received_in_the_name_of_somebody_of_the_clinic_with_an_open_account(administrator):
    client = signed_in(administrator)
    closed = UserFactory(clinic=administrator.clinic, is_active=False)
    for person in (UserFactory(), closed):
        assert "Select a valid choice" in text_of(add(client, person))
    colleague = UserFactory(clinic=administrator.clinic)
    assert add(client, colleague).status_code == 302
    colleague.is_active = False
    colleague.save()
    assert allowed_sender("MR1") is None
    assert "Refused: the account is closed" in text_of(client.get(reverse("senders")))


def test_who_is_behind_overwrites_nothing(administrator):
    client = signed_in(administrator)
    add(client, administrator)
    row = ApplicationEntity.objects.get()
    ApplicationEntity.objects.update(description="Changed meanwhile")
    response = client.post(
        reverse("application-entity", args=[row.pk]),
        facts(administrator, description="Mine") | {"initial-description": ""},
    )
    assert "Somebody else has changed this" in text_of(response)
    row.refresh_from_db()
    assert row.description == "Changed meanwhile"


def test_an_administrator_switches_the_watched_folder_on_and_off(administrator, settings, tmp_path):
    client = signed_in(administrator)
    assert "No folder is watched" in text_of(client.get(reverse("senders")))
    settings.WATCH_DIR = tmp_path
    assert "Your clinic has none yet" in text_of(client.get(reverse("senders")))
    path = reverse("watched-folder-save")
    assert client.post(path, {"is_active": "on"}).status_code == 422
    sent = {"received_by": administrator.pk, "is_active": "on"}
    assert client.post(path, sent).status_code == 302
    row = WatchedFolder.objects.get()
    assert row.name.endswith(administrator.clinic_id.hex[:12])
    assert row.name in text_of(client.get(reverse("senders")))
    assert client.post(path, {"received_by": administrator.pk}).status_code == 302
    assert not WatchedFolder.objects.watched().exists()
    recorded = AuditEvent.objects.filter(action="watched_folder.changed").order_by("sequence")
    assert [one.detail["fields"] for one in recorded] == [
        ["received_by"],
        ["is_active"],
    ]


@pytest.mark.parametrize("role", ["radiologist", "clinician"])
def test_others_neither_see_nor_change_it(administrator, role):
    add(signed_in(administrator), administrator)
    row = ApplicationEntity.objects.get()
    client = signed_in(UserFactory(clinic=administrator.clinic, **{role: True}))
    for path in (reverse("senders"), reverse("application-entity", args=[row.pk])):
        assert client.get(path).status_code == 403
    assert add(client, administrator, title="MR2").status_code == 403
    assert client.post(reverse("watched-folder-save"), {}).status_code == 403
    assert ApplicationEntity.objects.count() == 1


def test_the_page_says_where_to_send(administrator, settings):
    settings.DIMSE_PORT = 11112
    page = text_of(signed_in(administrator).get(reverse("senders")))
    assert "NEUROSCAN</strong>, port 11112" in page
    assert "/dicomweb/studies" in page
