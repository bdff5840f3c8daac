"""The embedded queue: a Celery broker that is one folder, for a machine without servers.

A message is a file that appears whole, by a rename, and is taken by another rename: no reader ever
sees half of one, and of any number of consumers exactly one gets it. kombu ships a file-system
transport, but it writes in place (a worker that reads meanwhile dies of the half file), names by
the monotonic clock (which starts again at a reboot) and takes messages through the shared temporary
folder; this one builds on the same virtual transport and replaces all of that.

It keeps no message that a killed worker had taken. The analysis rows are the queue of record.
"""

import contextlib
import itertools
import os
import time
import uuid
from collections import deque
from pathlib import Path
from queue import Empty
from typing import Any
from urllib.parse import quote

import structlog
from kombu.exceptions import ChannelError
from kombu.transport import virtual
from kombu.utils.json import dumps, loads

log = structlog.get_logger(__name__)

SUFFIX = ".msg"
QUARANTINE = "quarantine"
ABANDONED_AFTER_SECONDS = 3600  # a file that a killed process was still writing or reading
_serial = itertools.count()  # orders messages of one process within one tick of the clock


class Channel(virtual.Channel):
    def __init__(self, connection: Any, **kwargs: Any) -> None:
        super().__init__(connection, **kwargs)
        self.folder = Path(connection.client.transport_options["spool_folder"])
        self._listed: dict[str, deque[str]] = {}
        self._make_folders()
        self._remove_abandoned()

    # --- What the virtual transport calls ---------------------------------------------------------

    def _put(self, queue: str, message: dict[str, Any], **_: Any) -> None:
        name = f"{time.time_ns():020d}-{next(_serial):08d}-{uuid.uuid4().hex}{_ending(queue)}"
        try:
            self._write(name, dumps(message).encode())
        except OSError as error:
            raise ChannelError(f"The queue folder cannot be written: {error.strerror}.") from error

    def _get(self, queue: str, timeout: float | None = None) -> dict[str, Any]:
        """The oldest message that no other consumer has taken. Raises `Empty`."""
        listed_afresh = False
        while True:
            names = self._listed.setdefault(queue, deque())
            if not names:
                if listed_afresh:
                    raise Empty
                names.extend(self._list(queue))
                listed_afresh = True
                continue
            name = names.popleft()
            content = self._take(name)
            if content is None:  # another consumer was faster
                continue
            try:
                message = loads(content.decode())
                self.Message(message, channel=self)  # what delivery will do: it must not fail there
            except Exception as error:
                self._set_aside(name, content, error)
                continue
            return message

    def _size(self, queue: str) -> int:
        return len(self._list(queue))

    def _purge(self, queue: str) -> int:
        return sum(self._take(name) is not None for name in self._list(queue))

    # --- Files ------------------------------------------------------------------------------------

    def _make_folders(self) -> None:
        for folder in (self.folder, self.folder / QUARANTINE):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)

    def _list(self, queue: str) -> list[str]:
        ending = _ending(queue)
        try:
            names = [path.name for path in self.folder.iterdir()]
        except FileNotFoundError:
            return []
        return sorted(name for name in names if name.endswith(ending) and name[0] != ".")

    def _write(self, name: str, content: bytes) -> None:
        unfinished = self.folder / f".writing-{name}"
        try:
            descriptor = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except FileNotFoundError:  # somebody cleared the data folder under a running process
            self._make_folders()
            descriptor = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(content)
            unfinished.replace(self.folder / name)
        except OSError:
            unfinished.unlink(missing_ok=True)
            raise

    def _take(self, name: str) -> bytes | None:
        """The content of a message that is now this consumer's alone; None if another has it."""
        taken = self.folder / f".taken-{uuid.uuid4().hex}-{name}"
        try:
            (self.folder / name).rename(taken)
        except FileNotFoundError:
            return None
        content = taken.read_bytes()
        taken.unlink()
        return content

    def _set_aside(self, name: str, content: bytes, error: Exception) -> None:
        """A file that is no message must not stop the worker, nor vanish without a trace."""
        self._make_folders()
        (self.folder / QUARANTINE / name).write_bytes(content)
        log.error("spool.malformed_message", file=name, error=type(error).__name__)

    def _remove_abandoned(self) -> None:
        horizon = time.time() - ABANDONED_AFTER_SECONDS
        for path in self.folder.glob(".*"):
            try:
                # The inode's time: a rename counts, so a message taken just now is not old.
                if path.stat().st_ctime < horizon:
                    path.unlink()
            except FileNotFoundError:
                continue


class Transport(virtual.Transport):
    """Driven by the worker's event loop, as Redis is.

    Then each worker child has a pipe of its own. The pool that Celery uses with other transports
    hands out work under a lock, which a child that is killed while it waits takes with it: its
    successor loads the model, reports that it lives, and never gets any work.
    """

    Channel = Channel
    implements = virtual.Transport.implements.extend(asynchronous=True)

    driver_type = "spool"
    driver_name = "spool"
    polling_interval = 0.2  # seconds; looking into an empty folder costs microseconds

    def register_with_event_loop(self, connection: Any, loop: Any) -> None:
        loop.call_repeatedly(self.polling_interval, self._deliver_all)

    def _deliver_all(self) -> None:
        """Deliver until the folder is empty or the worker has as much as it wants."""
        for channel in list(self.channels):
            with contextlib.suppress(Empty):
                while True:
                    channel.drain_events(callback=self._deliver)

    @property
    def default_connection_params(self) -> dict[str, Any]:
        return {}  # a folder has no host to fill in

    def driver_version(self) -> str:
        return "1"


def _ending(queue: str) -> str:
    # A queue name with a slash or a dot cannot leave the folder or look like another queue.
    return f".{quote(queue, safe='').replace('.', '%2E')}{SUFFIX}"
