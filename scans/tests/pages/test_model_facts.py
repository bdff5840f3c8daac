from uuid import uuid4

import pytest

from scans.services.releases import sync_shipped_release
from scans.tests.factories import ReleaseFactory

pytestmark = pytest.mark.django_db


def test_the_shipped_release_says_what_it_is_and_what_it_is_bad_at(client):
    release = sync_shipped_release()
    text = client.get(release.get_absolute_url()).content.decode()
    manifest = release.manifest
    assert str(release) in text
    assert release.sha256 in text
    assert manifest["preprocessing"] in text
    assert text.count('<th scope="row">') == len(manifest["scores"])
    assert text.count("<li>") >= len(manifest["card"]["limits"])
    for score in manifest["scores"]:
        assert f"{score['value']:.3f}" in text


@pytest.mark.parametrize("manifest", [{}, {"scores": [], "card": {}}, [], "x"])
def test_a_release_that_says_little_is_shown_with_a_warning(client, manifest):
    release = ReleaseFactory(manifest=manifest)
    text = client.get(release.get_absolute_url()).content.decode()
    assert "Nobody has written down its limits." in text
    assert "how well it works is not known" in text


def test_a_release_that_is_not_there_is_not_found(client):
    assert client.get(f"/models/{uuid4()}/").status_code == 404
