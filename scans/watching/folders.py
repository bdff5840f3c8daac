"""The watched folders: each file in them taken once it has stopped growing, then moved away.

A file is stored first and moved then: whatever happens in between, it is taken again, and found to
be there already. No symbolic link is followed, and what is no plain file is left alone.
"""

import os
import stat
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

import structlog
from django.utils import timezone

from scans import ingest
from scans.ingest.limits import upload_limits
from scans.models import WatchedFolder
from scans.models.received_object import ReceivedSource
from scans.services.studies.doors import DicomStatus, Taken, take_object
from scans.watching.settling import Settling, Signature, is_unfinished

log = structlog.get_logger(__name__)
TAKEN, REFUSED = "taken", "refused"
_RETRY_SECONDS = 30
_LONGEST_RETRY_SECONDS = 600
_MOST_FAULTS = 5  # of ours, with one file; then it is refused
_LONGEST_NAME = 150  # bytes; most file systems allow 255
_MOST_REASONS = 200  # lines in the text beside an archive


class Watch:
    """Watches the folders of all clinics below one."""

    def __init__(self, root: Path, *, quiet_seconds: float) -> None:
        self._root = root
        self._settling = Settling(quiet_seconds)
        self._faults: Counter[str] = Counter()
        self._failures: Counter[str] = Counter()  # to read a file, or to move it

    def look(self, *, stopping: Callable[[], bool] = lambda: False) -> int:
        """Look at every folder once; return how many files were moved away."""
        moved = 0
        for folder in WatchedFolder.objects.watched():
            try:
                moved += self._look_into(folder, stopping)
            except OSError as error:  # of this folder alone: the rights to it, a full disk
                log.error("watching.folder", folder=str(folder.pk), error=error.strerror)
        self._settling.forget_missing()
        return moved

    def _look_into(self, folder: WatchedFolder, stopping: Callable[[], bool]) -> int:
        path = self._root / folder.name
        with (
            _directory(path) as top,
            _directory(TAKEN, top) as taken,
            _directory(REFUSED, top) as refused,
        ):
            moved = 0
            for relative, names, here in _walk(top):
                for name in sorted(names):
                    if stopping():
                        return moved
                    inside = os.path.join(relative, name)  # noqa: PTH118
                    try:
                        outcome = self._take(folder, name, inside, here)
                        if outcome is None:
                            continue
                        target = refused if outcome else taken
                        _move(name, here, inside.replace(os.sep, "_"), target, reason=outcome)
                    except OSError as error:  # of this file alone: the rights to it, bad blocks
                        self._put_off(folder, inside, error)
                        continue
                    self._failures.pop(_path(folder, inside), None)
                    moved += 1
            if moved:
                WatchedFolder.objects.filter(pk=folder.pk).update(last_taken_at=timezone.now())
            return moved

    def _take(self, folder: WatchedFolder, name: str, inside: str, here: int) -> str | None:
        """Take one file: "" where all of it is stored, why where not, None where it stays."""
        path = _path(folder, inside)
        try:
            found = os.stat(name, dir_fd=here, follow_symlinks=False)
        except FileNotFoundError:
            return None
        if not stat.S_ISREG(found.st_mode):
            return None
        now = time.monotonic()
        if not self._settling.has_settled(path, Signature.of(found), now=now):
            return None
        descriptor = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK, dir_fd=here)
        with os.fdopen(descriptor, "rb") as file:
            opened = os.fstat(descriptor)
            if Signature.of(opened) != Signature.of(found):
                return None
            outcomes = _stored(folder, inside, file, opened.st_size)
        if self._is_to_wait(path, outcomes):
            self._settling.later(path, until=now + _RETRY_SECONDS)
            return None
        self._faults.pop(path, None)
        return _reason(outcomes)

    def _put_off(self, folder: WatchedFolder, inside: str, error: OSError) -> None:
        """Have a file wait, longer each time; what is changed about it is seen at once."""
        path = _path(folder, inside)
        self._failures[path] += 1
        doubled = min(self._failures[path] - 1, 10)
        seconds = min(_RETRY_SECONDS * 2**doubled, _LONGEST_RETRY_SECONDS)
        self._settling.later(path, until=time.monotonic() + seconds)
        log.error("watching.file", folder=str(folder.pk), error=error.strerror, seconds=seconds)

    def _is_to_wait(self, path: str, outcomes: list[tuple[str, Taken]]) -> bool:
        """Whether it can be stored later: no room now, or a fault of ours that may pass."""
        temporary = [taken for _, taken in outcomes if taken.is_temporary]
        if any(taken.status is DicomStatus.PROCESSING_FAILURE for taken in temporary):
            self._faults[path] += 1
        return bool(temporary) and self._faults[path] < _MOST_FAULTS


def _path(folder: WatchedFolder, inside: str) -> str:
    return f"{folder.pk}/{inside}"


def _stored(
    folder: WatchedFolder, inside: str, file: IO[bytes], size: int
) -> list[tuple[str, Taken]]:
    """Store what one file holds: one object, or those of an archive; each with its name."""
    outcomes = []
    for offer in ingest.unpack(inside, file, size, upload_limits()):
        if isinstance(offer.content, ingest.Refusal):
            taken = Taken(DicomStatus.CANNOT_UNDERSTAND, sentence=offer.content.detail)
        else:
            taken = take_object(
                user=folder.received_by,
                content=offer.content,
                source=ReceivedSource.FOLDER,
                sender=folder.name,
                filename=offer.filename,
            )
        outcomes.append((offer.filename, taken))
        if taken.is_temporary:
            break  # the rest would meet the same
    return outcomes


def _reason(outcomes: list[tuple[str, Taken]]) -> str:
    """Why a file is not taken as a whole; empty where it is."""
    failed = [(name, taken.sentence) for name, taken in outcomes if not taken.is_stored]
    if not failed:
        return ""
    if len(outcomes) == 1:
        return f"{failed[0][1]}\n"
    stored = len(outcomes) - len(failed)
    lines = [f"{stored} of {len(outcomes)} files in it were received. These were not:"]
    lines += [f"{name}: {sentence}" for name, sentence in failed[:_MOST_REASONS]]
    if len(failed) > _MOST_REASONS:
        lines.append(f"and {len(failed) - _MOST_REASONS} others.")
    return "\n".join(lines) + "\n"


def _walk(top: int) -> Iterator[tuple[str, list[str], int]]:
    """Yield each folder's path inside the top, the names of its files, and its descriptor."""
    for relative, folders, names, here in os.fwalk(".", dir_fd=top, follow_symlinks=False):
        if relative == ".":
            folders[:] = [name for name in folders if name not in (TAKEN, REFUSED)]
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        inside = os.path.relpath(relative, ".")
        wanted = [name for name in names if not is_unfinished(name)]
        yield ("" if inside == "." else inside), wanted, here


@contextmanager
def _directory(path: Path | str, below: int | None = None) -> Iterator[int]:
    """Open a folder, which is made where it is missing. Raises `OSError` for a link."""
    with suppress(FileExistsError):
        # The group too: whatever shares the folder writes under a name of its own.
        os.mkdir(path, 0o770, dir_fd=below)
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW, dir_fd=below)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def _move(name: str, here: int, wanted: str, target: int, *, reason: str) -> None:
    """Move a file there, under a name that nothing has; its reason is written first.

    Raises `OSError`; then no reason is left behind for a file that is not there.
    """
    final = _free_name(wanted, target)
    if reason:
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW
        descriptor = os.open(f"{final}.txt", flags, 0o660, dir_fd=target)
        with os.fdopen(descriptor, "w", errors="replace") as file:
            file.write(reason)
    try:
        os.rename(name, final, src_dir_fd=here, dst_dir_fd=target)
    except OSError:
        if reason:
            os.unlink(f"{final}.txt", dir_fd=target)
        raise


def _free_name(wanted: str, folder: int) -> str:
    encoded = os.fsencode(wanted)
    stem = os.fsdecode(encoded[-_LONGEST_NAME:])
    number, name = 1, stem
    while _exists(name, folder) or _exists(f"{name}.txt", folder):
        number += 1
        name = f"{number}-{stem}"
    return name


def _exists(name: str, folder: int) -> bool:
    try:
        os.stat(name, dir_fd=folder, follow_symlinks=False)
    except FileNotFoundError:
        return False
    return True
