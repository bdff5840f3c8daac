from scans.tests.factories import ReleaseFactory

RELEASES = "/api/v1/model-releases/"


def test_releases_are_listed_with_what_is_known_of_them(api, release):
    other = ReleaseFactory(is_active=False)
    answer = api.get(RELEASES)
    assert {row["id"] for row in answer.data["results"]} == {str(release.pk), str(other.pk)}
    (active,) = api.get(RELEASES, {"is_active": "true"}).data["results"]
    assert active["id"] == str(release.pk)
    shown = api.get(active["url"]).data
    assert (shown["name"], shown["version"]) == (release.name, release.version)
    assert (shown["sha256"], shown["threshold"]) == (release.sha256, 0.5)
    assert shown["manifest"] == {"name": "test-release"}


def test_releases_cannot_be_written_over_the_api(api, release):
    assert api.post(RELEASES, {"name": "x"}).status_code == 405
    assert api.patch(f"{RELEASES}{release.pk}/", {"is_active": False}).status_code == 405
