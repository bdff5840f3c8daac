"""Private PostgreSQL and Redis servers on free ports, for the length of the test session."""

import contextlib
import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest
import redis

from neuroscan_site.supervisor import end_with_parent
from neuroscan_site.tests.programs import find_postgres, find_redis

INITDB_OPTIONS = ["--auth", "trust", "--encoding", "UTF8", "--locale", "C", "--no-sync"]
START_SECONDS = 60  # generous: the machine may be busy with other tests


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_until(ask: Callable[[], object], *, seconds: float, what: str) -> None:
    """Ask until the answer is true; the exceptions of a server that is not there yet are noes."""
    deadline = time.monotonic() + seconds
    last: Exception | None = None
    while time.monotonic() < deadline:
        try:
            if ask():
                return
        except (OSError, psycopg.OperationalError, redis.RedisError) as error:
            last = error
        time.sleep(0.1)
    raise TimeoutError(f"After {seconds} seconds still not: {what}. {last or ''}")


@contextlib.contextmanager
def process(command: list[str], *, stop_by: signal.Signals, user: str | None = None) -> Iterator:
    """A server that ends with the block, and with the test process if that is killed."""
    started = subprocess.Popen(
        command,
        user=user,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
        preexec_fn=end_with_parent,
    )
    try:
        yield started
    finally:
        started.send_signal(stop_by)
        try:
            started.wait(timeout=20)
        except subprocess.TimeoutExpired:
            os.killpg(started.pid, signal.SIGKILL)
            started.wait()


@contextlib.contextmanager
def private_folder(*, owner: str | None) -> Iterator[Path]:
    # Directly below the temporary folder: pytest's own is closed to the other user.
    folder = Path(tempfile.mkdtemp(prefix="neuroscan-server-"))
    if owner:
        shutil.chown(folder, owner)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def unprivileged_user() -> str | None:
    """PostgreSQL refuses to run as root: who to be instead, or None to stay who we are."""
    if os.getuid() != 0:
        return None
    names = {entry.pw_name for entry in pwd.getpwall()}
    return "postgres" if "postgres" in names else "nobody"


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    """The address of a private PostgreSQL; the name of a database is to be appended."""
    programs, user, port = find_postgres(), unprivileged_user(), free_port()
    with private_folder(owner=user) as folder:
        data = str(folder / "data")
        subprocess.run(
            [f"{programs}/initdb", "--pgdata", data, "--username", "neuroscan", *INITDB_OPTIONS],
            user=user,
            cwd=folder,
            check=True,
            capture_output=True,
        )
        command = [f"{programs}/postgres", "-D", data, "-h", "127.0.0.1", "-p", str(port)]
        command += ["-k", str(folder), "-c", "fsync=off"]
        # SIGINT: a fast shutdown, which does not wait for clients to leave.
        with process(command, stop_by=signal.SIGINT, user=user):
            server = f"postgres://neuroscan@127.0.0.1:{port}"
            wait_until(
                lambda: psycopg.connect(f"{server}/postgres").close() is None,
                seconds=START_SECONDS,
                what="PostgreSQL answers",
            )
            yield server


@pytest.fixture(scope="module")
def postgres_database(postgres_server: str) -> Iterator[str]:
    """The URL of a fresh database, for one module of tests."""
    name = f"neuroscan_{time.time_ns()}"
    with psycopg.connect(f"{postgres_server}/postgres", autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
        yield f"{postgres_server}/{name}"
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture(scope="session")
def redis_server() -> Iterator[str]:
    port = free_port()
    with private_folder(owner=None) as folder:
        command = [str(find_redis()), "--port", str(port), "--bind", "127.0.0.1"]
        command += ["--dir", str(folder), "--save", "", "--requirepass", "private"]
        with process(command, stop_by=signal.SIGTERM):
            address = f"redis://:private@127.0.0.1:{port}"
            client = redis.Redis.from_url(address)
            wait_until(client.ping, seconds=START_SECONDS, what="Redis answers")
            yield address


@pytest.fixture(scope="module")
def empty_redis(redis_server: str) -> str:
    """The address of the private Redis, with nothing in it yet."""
    redis.Redis.from_url(redis_server).flushall()
    return redis_server
