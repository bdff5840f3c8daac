"""Keys that readers chose themselves, over the change of the keys as delivered."""

from importlib import import_module

import pytest
from django.urls import reverse

from accounts.preferences import save_viewer_preferences
from accounts.tests.factories import UserFactory

migrated = import_module("accounts.migrations.0007_keys_and_first_image").migrated


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ({}, {}),
        ({"invert": "Shift+I"}, {"invert": "Shift+I"}),
        ({"next-analysis": "N", "panes-2": "2"}, {}),  # as delivered, then and now
        ({"next-analysis": "F9"}, {"next-analysis": "F9"}),
        ({"invert": "1"}, {"invert": ""}),  # a key of the verdict now
        ({"invert": "5"}, {"invert": "5", "panes-1": ""}),  # the reader's own comes first
        (
            {"invert": "Shift+M", "zoom-in": "N"},
            {"invert": "Shift+M", "zoom-in": "N", "next-analysis": "", "next-study": ""},
        ),
    ],
)
def test_what_a_reader_chose_stays_where_it_can(before, after):
    assert migrated(before) == after


@pytest.mark.django_db
def test_the_note_is_shown_until_it_is_put_away_and_no_other_change_takes_it(client):
    person = UserFactory(radiologist=True)
    person.viewer_preferences = {"keys": {}, "notes": ["keys"]}
    person.save()
    save_viewer_preferences(user=person, preferences={"keys": {"invert": "F9"}, "settings": {}})
    client.force_login(person)
    page = client.get(reverse("worklist")).content.decode()
    assert "Some keys have changed" in page
    client.post(reverse("keys-note-read"))
    assert "Some keys have changed" not in client.get(reverse("worklist")).content.decode()
    person.refresh_from_db()
    assert person.viewer_preferences == {"keys": {"invert": "F9"}, "settings": {}}
