import hashlib
import json

from scans.tests.core.factories import ReleaseFactory

RELEASES = "/api/v1/model-releases/"


def test_releases_are_listed_with_what_is_known_of_them(api, release):
    other = ReleaseFactory(is_active=False)
    response = api.get(RELEASES)
    assert {row["id"] for row in response.data["results"]} == {str(release.pk), str(other.pk)}
    (active,) = api.get(RELEASES, {"is_active": "true"}).data["results"]
    assert active["id"] == str(release.pk)
    shown = api.get(active["url"]).data
    assert (shown["name"], shown["version"]) == (release.name, release.version)
    assert (shown["sha256"], shown["threshold"]) == (release.sha256, 0.5)
    assert shown["manifest"] == {"name": "test-release"}


def test_releases_cannot_be_written_over_the_api(api, release):
    assert api.post(RELEASES, {"name": "x"}).status_code == 405
    assert api.patch(f"{RELEASES}{release.pk}/", {"is_active": False}).status_code == 405


def test_the_figures_come_with_one_release_and_not_with_the_list(api, release, settings, tmp_path):
    settings.RELEASES_DIR = tmp_path
    assert api.get(f"{RELEASES}{release.pk}/").data["metrics"] is None
    content = json.dumps({"schema": 1, "split": "test"}).encode()
    release.manifest = {"files": {"metrics.json": hashlib.sha256(content).hexdigest()}}
    release.save(update_fields=["manifest"])
    release.directory.mkdir(parents=True)
    (release.directory / "metrics.json").write_bytes(content)
    assert api.get(f"{RELEASES}{release.pk}/").data["metrics"] == {"schema": 1, "split": "test"}
    (row,) = api.get(RELEASES, {"is_active": "true"}).data["results"]
    assert "metrics" not in row
