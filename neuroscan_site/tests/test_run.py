"""`make run`, for real: it starts, serves, and stops with nothing left behind."""

import os
import re
import signal
import socket
import stat
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import requests

from neuroscan_site.run import CannotStartError, check_port_is_free
from neuroscan_site.tests.servers import free_port

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("real processes")]

ROOT = Path(__file__).resolve().parents[2]
COMMAND = [sys.executable, "-m", "neuroscan_site.run"]


class Run:
    """One start of the command, its output in a file as without a terminal."""

    def __init__(self, data: Path, output: Path, **env: str) -> None:
        self.data, self.output, self.port = data, output, free_port()
        self.env = {
            name: value
            for name, value in os.environ.items()
            if name in ("PATH", "HOME", "LANG", "TMPDIR")
        }
        self.env |= {"NEUROSCAN_DATA_DIR": str(data), "NEUROSCAN_PORT": str(self.port)} | env

    def start(self, command: list[str] = COMMAND) -> "Run":
        with self.output.open("wb") as output:
            self.process = subprocess.Popen(
                command,
                cwd=ROOT,
                env=self.env,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        return self

    def text(self) -> str:
        return self.output.read_text(errors="replace")

    def wait_for(self, ask: Callable[[], object], *, seconds: float = 120) -> None:
        deadline = time.monotonic() + seconds
        while not ask():
            assert self.process.poll() is None, self.text()
            assert time.monotonic() < deadline, self.text()
            time.sleep(0.1)

    def wait_until_it_says(self, words: str) -> None:
        self.wait_for(lambda: words in self.text())

    def get(self, path: str) -> requests.Response:
        with requests.Session() as session:
            session.trust_env = False
            return session.get(f"http://127.0.0.1:{self.port}{path}", timeout=30)

    def pids(self) -> list[int]:
        """Every process that works on this data directory, whoever its parent is by now."""
        mark = f"NEUROSCAN_DATA_DIR={self.data}".encode()
        found = []
        for folder in Path("/proc").glob("[0-9]*"):
            try:
                state = (folder / "stat").read_text().rpartition(")")[2].split()[0]
                if state != "Z" and mark in (folder / "environ").read_bytes().split(b"\0"):
                    found.append(int(folder.name))
            except OSError:
                continue
        return found

    def nothing_is_left(self, *, seconds: float = 0) -> bool:
        deadline = time.monotonic() + seconds
        while self.pids() and time.monotonic() < deadline:
            time.sleep(0.1)
        return not self.pids()


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One data directory for all starts of this module: only the first has to prepare it."""
    return tmp_path_factory.mktemp("run") / "data"


@pytest.fixture
def run(data: Path, tmp_path: Path) -> Iterator[Run]:
    run = Run(data, tmp_path / "output", NEUROSCAN_DEMO="0")
    yield run
    for pid in run.pids():
        os.kill(pid, signal.SIGKILL)


@pytest.fixture
def make() -> str:
    """`make`, where this Python is the one it would use; else it would install another."""
    if Path(sys.prefix).resolve() != (ROOT / ".venv").resolve():
        pytest.skip("the tests do not run in .venv, which `make run` would fill")
    return "make"


def test_it_serves_analyzes_and_stops_on_sigterm(run):
    run.start()
    run.wait_until_it_says(f"NeuroScan is at http://127.0.0.1:{run.port}")
    assert run.get("/healthz").status_code == 200
    page = run.get("/account/login/")
    assert page.status_code == 200
    (style,) = re.findall(r'href="(/static/[^"]*bootstrap[^"]*\.css)"', page.text)
    assert run.get(style).status_code == 200
    run.wait_until_it_says("The model is loaded: uploads are analyzed from now on.")
    assert run.get("/readyz").status_code == 200
    assert "createsuperuser" in run.text()

    # Only on this machine's own address.
    listening = subprocess.run(
        ["ss", "-Hltn", f"sport = :{run.port}"], capture_output=True, text=True, check=False
    ).stdout
    assert not listening or all("127.0.0.1:" in line for line in listening.splitlines())

    secret = run.data / "secret_key"
    assert stat.S_IMODE(secret.stat().st_mode) == 0o600
    assert len(secret.read_text()) >= 64
    assert secret.read_text() not in run.text()

    run.process.terminate()
    assert run.process.wait(timeout=40) == 0
    assert "NeuroScan has stopped." in run.text()
    assert run.nothing_is_left()


def test_ctrl_c_while_the_model_still_loads_stops_it_too(run):
    started = time.monotonic()
    run.start()
    run.wait_until_it_says("NeuroScan is at")
    os.killpg(run.process.pid, signal.SIGINT)
    assert run.process.wait(timeout=40) == 0
    assert run.nothing_is_left()
    assert time.monotonic() - started < 60


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_stop_while_it_still_prepares_is_a_stop_too(run, number):
    run.start()
    run.wait_until_it_says("Preparing")
    run.process.send_signal(number)
    assert run.process.wait(timeout=40) == 0
    assert "Traceback" not in run.text()
    assert run.nothing_is_left()


def test_a_stop_that_meets_a_finalizer_is_a_stop_too(tmp_path):
    """Python drops what a signal's handler raises there."""
    script = """if True:
        import os, signal, sys, time, weakref
        from neuroscan_site import run

        class Something: pass

        def stop():
            try:
                os.kill(os.getpid(), signal.SIGINT)
                time.sleep(0.01)
            finally:
                print("In the finalizer.", flush=True)

        def prepare():
            something = Something()
            weakref.finalize(something, stop)
            del something
            print("It was dropped.", flush=True)
            time.sleep(20)

        run.run = prepare
        sys.exit(run.main())
    """
    started = time.monotonic()
    done = subprocess.run(
        [sys.executable, "-c", script],
        cwd=ROOT,
        env=os.environ | {"NEUROSCAN_DATA_DIR": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.stdout.startswith("In the finalizer.\nIt was dropped.\n"), done.stdout
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    assert "Stopped before NeuroScan was started." in done.stdout
    assert time.monotonic() - started < 15


def test_sigterm_to_make_stops_everything(run, make):
    run.start([make, "run"])
    run.wait_until_it_says("NeuroScan is at")
    run.process.terminate()
    run.process.wait(timeout=40)
    assert "NeuroScan has stopped." in run.text()
    assert run.nothing_is_left()


def test_make_that_is_killed_takes_everything_with_it(run, make):
    run.start([make, "run"])
    run.wait_until_it_says("NeuroScan is at")
    run.process.kill()
    run.process.wait()
    assert run.nothing_is_left(seconds=40)


def test_the_command_that_is_killed_takes_everything_with_it(run):
    run.start()
    run.wait_until_it_says("NeuroScan is at")
    run.process.kill()
    run.process.wait()
    assert run.nothing_is_left(seconds=40)


def test_a_worker_that_is_killed_is_started_again_and_the_web_server_goes_on(run):
    run.start()
    run.wait_until_it_says("NeuroScan is at")

    def worker_mains() -> list[int]:
        """The programs are leaders of their process groups; their children are not."""
        return [
            pid
            for pid in run.pids()
            if b"celery,upkeep" in Path(f"/proc/{pid}/cmdline").read_bytes()
            and os.getpgid(pid) == pid
        ]

    run.wait_for(worker_mains)
    (worker,) = worker_mains()
    os.kill(worker, signal.SIGKILL)
    run.wait_until_it_says("worker was killed by SIGKILL. Starting it again.")
    run.wait_for(lambda: worker_mains() not in ([], [worker]))
    assert run.get("/healthz").status_code == 200
    run.wait_until_it_says("worker.model_loaded")
    run.process.terminate()
    assert run.process.wait(timeout=40) == 0
    assert run.nothing_is_left()


def test_a_taken_port_is_told_before_anything_is_started(run):
    with socket.socket() as other:
        other.bind(("127.0.0.1", run.port))
        other.listen()
        run.start()
        assert run.process.wait(timeout=60) == 1
    assert f"Port {run.port} cannot be used" in run.text()
    assert f"make run NEUROSCAN_PORT={run.port + 1}" in run.text()
    assert "Traceback" not in run.text()
    assert "Preparing" not in run.text()


def test_the_other_port_that_is_named_is_one():
    with pytest.raises(CannotStartError, match="make run NEUROSCAN_DIMSE_PORT=65534"):
        check_port_is_free(70_000, variable="NEUROSCAN_DIMSE_PORT")


def test_a_second_start_on_the_same_data_is_refused(run, tmp_path):
    run.start()
    run.wait_until_it_says("Preparing")
    second = Run(run.data, tmp_path / "second")
    second.start()
    assert second.process.wait(timeout=60) == 1
    assert f"NeuroScan already runs on the data directory {run.data}" in second.text()
    run.process.terminate()
    run.process.wait(timeout=60)


@pytest.mark.parametrize("setting", ["NEUROSCAN_PORT", "NEUROSCAN_LEASE_SECONDS"])
def test_a_setting_that_makes_no_sense_is_told_in_a_sentence(data, tmp_path, setting):
    run = Run(data, tmp_path / "output", **{setting: "soon"}).start()
    assert run.process.wait(timeout=60) == 1
    assert "NeuroScan cannot start" in run.text()
    assert "docs/configuration.md" in run.text()
    assert "Traceback" not in run.text()


def test_the_demo_is_there_with_the_password_that_was_asked_for(tmp_path):
    run = Run(tmp_path / "data", tmp_path / "output", NEUROSCAN_DEMO_PASSWORD="a demo password")
    try:
        run.start()
        run.wait_until_it_says("NeuroScan is at")
        assert "a demo password" in run.text()
        for username in ("clinician", "radiologist2", "admin"):
            assert username in run.text()
        response = requests.post(
            f"http://127.0.0.1:{run.port}/api/v1/auth/token/",
            json={"username": "clinician", "password": "a demo password"},
            timeout=30,
        )
        assert response.status_code == 200
        assert not (run.data / "demo_password").exists()
    finally:
        run.process.terminate()
        run.process.wait(timeout=60)
    assert run.nothing_is_left()
