"""A file that counts as saved is on the disk, under its name, in folders that are there too."""

import errno
import os
from pathlib import Path

import pytest
from django.core.files.base import ContentFile

from scans.storage import DurableFileSystemStorage


@pytest.fixture
def storage(tmp_path):
    return DurableFileSystemStorage(location=tmp_path)


@pytest.fixture
def synced(monkeypatch):
    """The paths that are on the disk for certain."""
    paths, sync = [], os.fsync

    def recording(descriptor):
        sync(descriptor)
        paths.append(Path(f"/proc/self/fd/{descriptor}").readlink())

    monkeypatch.setattr(os, "fsync", recording)
    return paths


def test_the_file_and_each_new_folder_are_on_the_disk_once_it_is_saved(storage, synced, tmp_path):
    storage.save("images/clinic/object/original", ContentFile(b"bytes"))
    expected = {tmp_path, *(tmp_path / one for one in ("images", "images/clinic"))}
    saved = tmp_path / "images/clinic/object"
    assert set(synced) == expected | {saved, saved / "original"}
    synced.clear()
    storage.save("images/clinic/other/original", ContentFile(b"bytes"))
    other = tmp_path / "images/clinic/other"
    assert set(synced) == {tmp_path / "images/clinic", other, other / "original"}


def test_a_disk_that_fails_is_said_to(storage, monkeypatch):
    def failing(descriptor):
        if Path(f"/proc/self/fd/{descriptor}").readlink().name == "object":
            raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(os, "fsync", failing)
    with pytest.raises(OSError, match="Input/output"):
        storage.save("object/original", ContentFile(b"bytes"))
