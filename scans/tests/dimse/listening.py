"""A listener on a free port, and the programs of dcmtk that send to it."""

import contextlib
import socket
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path

from accounts.tests.factories import UserFactory
from scans.dimse.listener import Listener
from scans.models import ApplicationEntity

TITLE = "SCANNER"
SECONDS = 30


def entity_of(user=None, *, title=TITLE, **more) -> ApplicationEntity:
    user = user or UserFactory()
    return ApplicationEntity.objects.create(
        clinic=user.clinic, received_by=user, title=title, **more
    )


@contextlib.contextmanager
def listening(**more) -> Iterator[int]:
    """Listen in this process; yields the port."""
    listener = Listener(port=0, **more)
    thread = threading.Thread(target=listener.serve, daemon=True)
    thread.start()
    try:
        yield listener.port
    finally:
        listener.stop()
        thread.join(timeout=10)


def send_by(program: str, port: int, *options: object, called: str = "NEUROSCAN", calling=TITLE):
    """Run a program of dcmtk against the listener; the files stand behind the options."""
    first = [one for one in options if str(one).startswith(("-", "+"))]
    rest = [str(one) for one in options if not str(one).startswith(("-", "+"))]
    command = [program, "-v", "-aet", calling, "-aec", called, *map(str, first), "127.0.0.1"]
    return subprocess.run(
        [*command, str(port), *rest], capture_output=True, text=True, timeout=SECONDS
    )


def written(folder: Path, *objects: bytes) -> list[Path]:
    """The objects as files."""
    folder.mkdir(exist_ok=True)
    paths = []
    for number, content in enumerate(objects):
        paths.append(folder / f"{number:03}.dcm")
        paths[-1].write_bytes(content)
    return paths


def hold_connection(port: int) -> socket.socket:
    """Connect, and say nothing."""
    return socket.create_connection(("127.0.0.1", port), timeout=SECONDS)
