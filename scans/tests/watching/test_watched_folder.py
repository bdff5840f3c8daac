"""The watched folder: taken once it has stopped growing, then moved; nothing lost or doubled."""

import errno
import io
import os
import zipfile

import pytest

from accounts.tests.factories import UserFactory
from scans.models import ReceivedObject, WatchedFolder
from scans.models.watched_folder import folder_name
from scans.services.studies.inbox import accepting
from scans.tests.studies.dicom_files import slice_of
from scans.watching.folders import Watch

pytestmark = pytest.mark.django_db
NAMED = {"PatientID": "H-77", "PatientName": "Doe^Jane"}


@pytest.fixture
def folder(user, tmp_path):
    row = WatchedFolder.objects.create(
        clinic=user.clinic, received_by=user, name=folder_name(user.clinic)
    )
    (tmp_path / row.name).mkdir()
    return tmp_path / row.name


@pytest.fixture
def watch(tmp_path):
    return Watch(tmp_path, quiet_seconds=0)


def looked(watch):
    """Look twice: once to see the files, once to see that they have stayed the same."""
    return watch.look() + watch.look()


def in_it(folder):
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


def zipped(**entries):
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for name, content in entries.items():
            archive.writestr(name, content)
    return stream.getvalue()


def test_files_are_received_and_moved(watch, folder, user):
    (folder / "day 1").mkdir()
    (folder / "IM1").write_bytes(slice_of(**NAMED))
    (folder / "day 1" / "IM1").write_bytes(slice_of(number=2, **NAMED))
    assert looked(watch) == 2
    assert in_it(folder) == ["taken/IM1", "taken/day 1_IM1"]
    rows = ReceivedObject.objects.all()
    assert {(row.source, row.sender, row.received_by, row.state) for row in rows} == {
        ("folder", folder.name, user, "waiting")
    }
    assert WatchedFolder.objects.get().last_taken_at is not None


def test_a_file_that_grows_is_left_until_it_has_stopped(tmp_path, folder):
    watch = Watch(tmp_path, quiet_seconds=60)
    content = slice_of(**NAMED)
    (folder / "IM1").write_bytes(content[:1000])
    assert looked(watch) == 0
    watch._settling.quiet_seconds = 0
    (folder / "IM1").write_bytes(content)
    assert watch.look() == 0  # it is another than a moment ago
    assert watch.look() == 1
    assert ReceivedObject.objects.count() == 1


@pytest.mark.parametrize("name", [".IM1.x7Gh2", "IM1.part", "~IM1", "IM1.TMP"])
def test_a_name_that_says_unfinished_is_left(watch, folder, name):
    (folder / name).write_bytes(slice_of(**NAMED))
    assert looked(watch) == 0
    (folder / name).rename(folder / "IM1")
    assert looked(watch) == 1


def test_what_is_refused_has_its_reason_beside_it(watch, folder):
    (folder / "photo.jpg").write_bytes(b"no DICOM")
    (folder / "IM1").write_bytes(slice_of(**NAMED))
    assert looked(watch) == 2
    assert in_it(folder) == ["refused/photo.jpg", "refused/photo.jpg.txt", "taken/IM1"]
    assert "not a DICOM file" in (folder / "refused" / "photo.jpg.txt").read_text()
    (folder / "photo.jpg").write_bytes(b"no DICOM either")
    assert looked(watch) == 1
    assert "refused/2-photo.jpg" in in_it(folder)


def test_an_archive_is_taken_file_by_file(watch, folder):
    one, two = slice_of(**NAMED), slice_of(number=2, **NAMED)
    (folder / "all.zip").write_bytes(zipped(IM1=one, IM2=two))
    (folder / "some.zip").write_bytes(zipped(IM1=one, IM3=b"no DICOM"))
    (folder / "torn.zip").write_bytes(zipped(IM1=one)[:500])
    assert looked(watch) == 3
    assert "taken/all.zip" in in_it(folder)
    reason = (folder / "refused" / "some.zip.txt").read_text()
    assert "1 of 2 files in it were received" in reason
    assert "IM3: This is not a DICOM file" in reason
    assert "damaged" in (folder / "refused" / "torn.zip.txt").read_text()
    assert ReceivedObject.objects.count() == 2


def test_the_same_file_again_is_taken_once(watch, folder):
    for _ in range(2):
        (folder / "IM1").write_bytes(slice_of(**NAMED))
        assert looked(watch) == 1
    assert in_it(folder) == ["taken/2-IM1", "taken/IM1"]
    assert ReceivedObject.objects.count() == 1


def test_a_stop_between_storing_and_moving_loses_and_doubles_nothing(tmp_path, folder, monkeypatch):
    (folder / "IM1").write_bytes(slice_of(**NAMED))
    with monkeypatch.context() as killed:

        def stop(*_, **__):
            raise KeyboardInterrupt

        killed.setattr("scans.watching.folders._move", stop)
        with pytest.raises(KeyboardInterrupt):
            looked(Watch(tmp_path, quiet_seconds=0))
    assert in_it(folder) == ["IM1"]
    assert looked(Watch(tmp_path, quiet_seconds=0)) == 1
    assert in_it(folder) == ["taken/IM1"]
    assert ReceivedObject.objects.count() == 1


def test_links_and_other_things_are_left_alone(watch, folder, tmp_path):
    secret = tmp_path / "elsewhere"
    secret.mkdir()
    (secret / "IM1").write_bytes(slice_of(**NAMED))
    (folder / "link").symlink_to(secret / "IM1")
    (folder / "folder").symlink_to(secret)
    os.mkfifo(folder / "pipe")
    assert looked(watch) == 0
    assert not ReceivedObject.objects.exists()
    assert (secret / "IM1").exists()


@pytest.mark.parametrize("name", ["taken", "refused", ""])
def test_a_folder_that_is_a_link_is_not_followed(watch, folder, tmp_path, name):
    elsewhere = tmp_path / "elsewhere"
    if name:
        elsewhere.mkdir()
        (folder / name).symlink_to(elsewhere)
    else:
        folder.rename(elsewhere)
        folder.symlink_to(elsewhere)
    (folder / "IM1").write_bytes(slice_of(**NAMED))
    assert looked(watch) == 0
    assert not ReceivedObject.objects.exists()


def test_a_full_disk_leaves_the_file_to_be_taken_later(watch, folder, monkeypatch):
    (folder / "IM1").write_bytes(slice_of(**NAMED))

    def full(*_, **__):
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(accepting, "_stored", full)
        assert looked(watch) == 0
    assert in_it(folder) == ["IM1"]
    assert looked(watch) == 0  # not at once
    monkeypatch.setattr("scans.watching.folders.time.monotonic", lambda: 10**9)
    assert watch.look() == 1


def test_a_file_with_which_we_fail_again_and_again_is_refused(watch, folder, monkeypatch):
    (folder / "IM1").write_bytes(slice_of(**NAMED))

    def fault(*_, **__):
        raise RuntimeError

    monkeypatch.setattr(accepting, "_stored", fault)
    monkeypatch.setattr("scans.watching.folders._RETRY_SECONDS", 0)
    assert sum(watch.look() for _ in range(8)) == 1
    assert "a fault of ours" in (folder / "refused" / "IM1.txt").read_text()


def refusing(function, name):
    """The function of `os`, which may not do this with a file of this name."""

    def maybe(path, *args, **more):
        if path == name:
            raise PermissionError(errno.EACCES, "Permission denied")
        return function(path, *args, **more)

    return maybe


@pytest.mark.parametrize("call", ["open", "rename"])
def test_a_file_that_cannot_be_read_or_moved_stops_no_other(watch, folder, monkeypatch, call):
    for name, number in (("IM1", 1), ("IM2", 2)):
        (folder / name).write_bytes(slice_of(number=number, **NAMED))
    opened = []
    with monkeypatch.context() as patched:
        patched.setattr(os, call, refusing(getattr(os, call), "IM1"))
        assert looked(watch) == 1
        patched.setattr("scans.watching.folders._stored", lambda *_: opened.append(1))
        assert looked(watch) == 0
    assert in_it(folder) == ["IM1", "taken/IM2"]
    assert not opened  # not at once, and not once a second for ever
    monkeypatch.setattr("scans.watching.folders.time.monotonic", lambda: 10**9)
    assert watch.look() == 1
    assert ReceivedObject.objects.count() == 2


def test_a_refused_file_that_cannot_be_moved_leaves_no_reason_behind(watch, folder, monkeypatch):
    (folder / "IM1").write_bytes(b"no DICOM")
    monkeypatch.setattr("scans.watching.folders._RETRY_SECONDS", 0)
    with monkeypatch.context() as patched:
        patched.setattr(os, "rename", refusing(os.rename, "IM1"))
        assert sum(watch.look() for _ in range(4)) == 0
    assert in_it(folder) == ["IM1"]
    assert watch.look() == 1
    assert in_it(folder) == ["refused/IM1", "refused/IM1.txt"]


def test_each_clinic_has_its_own_folder_and_one_is_no_trouble_for_the_other(
    watch, folder, tmp_path
):
    other = UserFactory()
    row = WatchedFolder.objects.create(
        clinic=other.clinic, received_by=other, name=folder_name(other.clinic)
    )
    assert watch.look() == 0
    (tmp_path / row.name / "IM1").write_bytes(slice_of(**NAMED))
    (folder / "taken").rmdir()
    (folder / "taken").write_text("no folder")
    (tmp_path / "not ours").mkdir()
    (tmp_path / "not ours" / "IM1").write_bytes(slice_of(**NAMED))
    assert looked(watch) == 1
    assert ReceivedObject.objects.get().clinic == other.clinic


@pytest.mark.parametrize("closed", ["folder", "account"])
def test_nothing_is_taken_from_a_folder_that_is_switched_off(watch, folder, user, closed):
    (folder / "IM1").write_bytes(slice_of(**NAMED))
    if closed == "folder":
        WatchedFolder.objects.update(is_active=False)
    else:
        user.is_active = False
        user.save()
    assert looked(watch) == 0
    assert in_it(folder) == ["IM1"]
