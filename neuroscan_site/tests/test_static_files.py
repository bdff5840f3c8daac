"""Static files are collected when they changed, and only then."""

from pathlib import Path

import pytest

from neuroscan_site import static_files


@pytest.fixture
def source(settings, tmp_path: Path) -> Path:
    source = tmp_path / "source"
    source.mkdir()
    (source / "site.css").write_text("body { color: black }")
    settings.STATICFILES_DIRS = [source]
    settings.STATICFILES_FINDERS = ["django.contrib.staticfiles.finders.FileSystemFinder"]
    settings.STATIC_ROOT = tmp_path / "collected"
    return source


def test_the_first_time_they_are_collected_and_the_second_time_not(source, settings):
    assert static_files.collect_if_changed()
    assert (settings.STATIC_ROOT / "site.css").exists()
    assert not static_files.collect_if_changed()


@pytest.mark.parametrize("change", ["edit", "add", "remove"])
def test_any_change_collects_them_again_and_drops_what_is_gone(source, settings, change):
    (source / "old.css").write_text("p {}")
    static_files.collect_if_changed()
    match change:
        case "edit":
            (source / "site.css").write_text("body { color: navy }")
        case "add":
            (source / "more.css").write_text("a {}")
        case "remove":
            (source / "old.css").unlink()
    assert static_files.collect_if_changed()
    collected = {path.name for path in settings.STATIC_ROOT.iterdir()}
    assert collected == {path.name for path in source.iterdir()}


def test_the_mark_of_what_was_collected_is_not_served(source, settings):
    static_files.collect_if_changed()
    assert [path.name for path in settings.STATIC_ROOT.iterdir()] == ["site.css"]
