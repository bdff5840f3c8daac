"""`make run`: everything on this machine, from one command, with no server to install.

Not a Django command: it has to make the secret key before there can be settings.
"""

import contextlib
import fcntl
import os
import secrets
import shlex
import signal
import socket
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from types import FrameType
from typing import NoReturn

import django
from django.core.exceptions import ImproperlyConfigured
from django.core.management import call_command
from django.core.management.base import CommandError

from neuroscan_site.supervisor import Supervisor, end_with_parent

BASE_DIR = Path(__file__).resolve().parent.parent
HOST = "127.0.0.1"
_LAST_PORT = 65_535


class CannotStartError(Exception):
    """`str()` is a message for who ran the command."""


class StopRequestedError(BaseException):
    """A signal asked for a stop; not an `Exception`, so that nothing on the way takes it."""


def main() -> int:
    if "--end-with-parent" in sys.argv[1:]:
        end_with_parent()
    os.umask(0o077)  # everything below the data directory is for this user alone
    # Until the supervisor takes over; also where a shell started us with SIGINT ignored.
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGALRM):
        signal.signal(number, _request_stop)
    sys.unraisablehook = _without_stops
    try:
        with only_one(data_directory()):
            return run()
    except CannotStartError as error:
        return _refuse(str(error))
    except ImproperlyConfigured as error:
        return _refuse(f"NeuroScan cannot start: {error}")
    except CommandError as error:
        return _refuse(f"NeuroScan cannot start.\n{error}")
    except StopRequestedError:
        signal.alarm(0)
        _print_line("Stopped before NeuroScan was started.")
        return 0


def _request_stop(number: int, frame: FrameType | None) -> NoReturn:
    # Once more in a second: Python drops what is raised while it runs a finalizer, of which the
    # preparation has thousands, and a Ctrl-C would be lost.
    signal.alarm(1)
    raise StopRequestedError


def _without_stops(unraisable: "sys.UnraisableHookArgs") -> None:
    """Say nothing of a stop that was dropped: it is asked for again, and is no fault."""
    if unraisable.exc_type is not StopRequestedError:
        sys.__unraisablehook__(unraisable)


def run() -> int:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "neuroscan_site.settings")
    os.environ.setdefault("NEUROSCAN_DEMO", "1")
    os.environ.setdefault("NEUROSCAN_HTTPS", "0")  # on this machine's own address only
    if not os.environ.get("SECRET_KEY") and not os.environ.get("SECRET_KEY_FILE"):
        os.environ["SECRET_KEY_FILE"] = str(secret_key_file(data_directory()))
    try:
        django.setup()
    except ValueError as error:
        raise CannotStartError(
            f"NeuroScan cannot start: a variable of the environment makes no sense ({error}). "
            "docs/configuration.md describes each."
        ) from error
    from django.conf import settings

    from neuroscan_site.static_files import collect_if_changed

    check_port_is_free(settings.PORT)
    if settings.DIMSE_PORT:
        check_port_is_free(
            settings.DIMSE_PORT, host=settings.DIMSE_BIND, variable="NEUROSCAN_DIMSE_PORT"
        )
    _print_line("Preparing the database, the model release and the demo clinics.")
    call_command("prepare")
    if collect_if_changed():
        _print_line("Collected the static files.")

    if signal.alarm(0):
        raise StopRequestedError
    supervisor = Supervisor(
        commands=wanted_commands(),
        cwd=BASE_DIR,
        env=environment(),
        restart=("worker", "decoder", "beat", "dicom", "folder"),
    )
    stopped_on_request = supervisor.run(meanwhile=lambda: announce(supervisor))
    if stopped_on_request:
        _print_line("NeuroScan has stopped.")
        return 0
    return _refuse("NeuroScan has stopped because a part of it ended; its last lines say why.")


def data_directory() -> Path:
    """The value that settings.py will read; it cannot be imported yet."""
    named = os.environ.get("NEUROSCAN_DATA_DIR", "")
    folder = Path(named).resolve() if named else BASE_DIR / "var"
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise CannotStartError(
            f"The data directory {folder} cannot be made: {error.strerror}. "
            "Set NEUROSCAN_DATA_DIR to a folder that you may write to."
        ) from error
    return folder


@contextlib.contextmanager
def only_one(folder: Path) -> Iterator[None]:
    """Lock the data directory: two runs on it would requeue, migrate and write logs twice."""
    with (folder / "run.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise CannotStartError(
                f"NeuroScan already runs on the data directory {folder}. "
                "Stop it first, or set NEUROSCAN_DATA_DIR to another folder."
            ) from error
        yield


def secret_key_file(folder: Path) -> Path:
    """Return the file with this installation's secret key, making it at the first start."""
    path = folder / "secret_key"
    if not path.exists():
        unfinished = path.with_suffix(".new")
        unfinished.touch(mode=0o600)
        unfinished.write_text(secrets.token_urlsafe(64))
        unfinished.replace(path)
    return path


def check_port_is_free(port: int, *, host: str = HOST, variable: str = "NEUROSCAN_PORT") -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # as the web server does
        try:
            probe.bind((host, port))
        except (OSError, OverflowError) as error:
            other = port + 1 if port < _LAST_PORT else _LAST_PORT - 1
            raise CannotStartError(
                f"Port {port} cannot be used ({error}): probably another program listens on it. "
                f"Stop that program, or choose another port: make run {variable}={other}"
            ) from error


def commands() -> dict[str, list[str]]:
    """Return each program of the Procfile."""
    lines = (BASE_DIR / "Procfile").read_text().splitlines()
    named = (line.partition(":") for line in lines if line.strip())
    return {name: shlex.split(command) for name, _, command in named}


def wanted_commands() -> dict[str, list[str]]:
    """Return the programs that the settings ask for: all but doors that lead nowhere."""
    from django.conf import settings

    optional = {"dicom": bool(settings.DIMSE_PORT), "folder": settings.WATCH_DIR is not None}
    return {name: words for name, words in commands().items() if optional.get(name, True)}


def environment() -> dict[str, str]:
    """Return the environment of the programs: ours, with this Python's programs first in PATH."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}"
    return os.environ | {"PATH": path, "PYTHONUNBUFFERED": "1", "NEUROSCAN_BIND": HOST}


def announce(supervisor: Supervisor) -> None:
    """Print the address once it responds, and a line once the worker is ready."""
    from django.conf import settings

    address = f"http://{HOST}:{settings.PORT}"
    if not _wait_for(f"{address}/healthz", supervisor, every=0.2):
        return
    supervisor.print_line(welcome(address))
    if _wait_for(f"{address}/readyz", supervisor, every=2):
        supervisor.print_line("The model is loaded: uploads are analyzed from now on.")


def welcome(address: str) -> str:
    from django.conf import settings

    lines = ["", f"  NeuroScan is at {address}", ""]
    if settings.DEMO:
        kept = settings.DATA_DIR / "demo_password"
        given = settings.DEMO_PASSWORD
        lines += [
            "  First demo clinic:   clinician, administrator, and for double reading three",
            "                       radiologists: radiologist, second-reader, third-reader",
            "  Second demo clinic:  clinician2, radiologist2",
            "  Django admin:        admin",
            f"  Password of each:    {given or kept.read_text().strip()}"
            + ("" if given else f"   (kept in {kept})"),
        ]
    else:
        key = os.environ.get("SECRET_KEY_FILE", "")
        prefix = f"SECRET_KEY_FILE={key} NEUROSCAN_HTTPS=0 " if key else ""
        lines += [
            "  Without the demo clinics. The first user is made in another terminal with",
            f"  {prefix}{sys.executable} {BASE_DIR / 'manage.py'} createsuperuser",
        ]
    return "\n".join([*lines, "", "  Stop it with Ctrl-C.", ""])


def _wait_for(address: str, supervisor: Supervisor, *, every: float) -> bool:
    """Request it until the status is 200; False if the stop comes first."""
    # Straight to this machine, also where the environment names a proxy.
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    while not supervisor.stopping.wait(every):
        with contextlib.suppress(OSError), opener.open(address, timeout=5):
            return True
    return False


def _print_line(text: str) -> None:
    with contextlib.suppress(OSError):
        print(text, flush=True)  # noqa: T201


def _refuse(text: str) -> int:
    with contextlib.suppress(OSError):
        print(text, file=sys.stderr, flush=True)  # noqa: T201
    return 1


if __name__ == "__main__":
    sys.exit(main())
