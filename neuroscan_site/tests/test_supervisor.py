"""Several programs as one: their output together, one stop for all, none left behind."""

import os
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parents[2]
POLITE = "trap 'echo bye; exit 0' TERM; echo $$ > {pid}; while :; do sleep 0.05; done"
STUBBORN = "trap '' TERM INT; echo $$ > {pid}; while :; do sleep 0.05; done"
# Like Celery: a main process, and a child in the same process group that it would have to stop.
PARENT = "sleep 300 & echo $! > {pid}.child; echo $$ > {pid}; wait"


def start(
    folder: Path,
    programs: dict[str, str],
    *,
    stop_seconds: float = 20,
    restart: tuple[str, ...] = (),
) -> subprocess.Popen:
    commands = {
        name: ["bash", "-c", script.format(pid=folder / name)] for name, script in programs.items()
    }
    code = f"""
        import os, sys
        from pathlib import Path
        from neuroscan_site import supervisor
        supervisor.STOP_SECONDS = {stop_seconds}
        programs = supervisor.Supervisor(
            {commands!r}, cwd=Path({str(folder)!r}), env=os.environ, restart={restart!r}
        )
        sys.exit(0 if programs.run(meanwhile=lambda: programs.print_line("started")) else 3)
    """
    process = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(code)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    deadline = time.monotonic() + 30
    while not all((folder / name).exists() for name in programs):
        assert time.monotonic() < deadline, "the programs did not start"
        time.sleep(0.02)
    return process


def pid_of(folder: Path, name: str) -> int:
    for _ in range(100):
        if text := (folder / name).read_text().strip():
            return int(text)
        time.sleep(0.02)
    raise AssertionError(f"{name} wrote no process id")


def is_running(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def ends_soon(pid: int) -> bool:
    deadline = time.monotonic() + 10
    while is_running(pid) and time.monotonic() < deadline:
        time.sleep(0.02)
    return not is_running(pid)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_stop_signal_stops_all_in_good_order(tmp_path, number):
    process = start(tmp_path, {"one": POLITE, "other": POLITE})
    process.send_signal(number)
    output, _ = process.communicate(timeout=30)
    assert process.returncode == 0
    assert "Stopping." in output
    assert "one   | bye" in output
    assert "other | bye" in output
    assert not is_running(pid_of(tmp_path, "one"))


def test_a_program_that_ends_ends_all_and_is_named(tmp_path):
    after_the_other = "echo $$ > {pid}; until [ -s $(dirname {pid})/worker ]; do :; done; exit 4"
    process = start(tmp_path, {"web": after_the_other, "worker": POLITE})
    output, _ = process.communicate(timeout=30)
    assert process.returncode == 3
    assert "web ended with exit code 4. Stopping the others." in output
    assert not is_running(pid_of(tmp_path, "worker"))


def test_a_killed_program_is_noticed_though_its_child_still_holds_its_output(tmp_path):
    process = start(tmp_path, {"worker": PARENT, "web": POLITE})
    child = pid_of(tmp_path, "worker.child")
    os.kill(pid_of(tmp_path, "worker"), signal.SIGKILL)
    output, _ = process.communicate(timeout=30)
    assert process.returncode == 3
    assert "worker was killed by SIGKILL. Stopping the others." in output
    assert ends_soon(child)
    assert not is_running(pid_of(tmp_path, "web"))


def test_a_killed_worker_is_started_again_and_the_web_server_goes_on(tmp_path):
    process = start(tmp_path, {"worker": PARENT, "web": POLITE}, restart=("worker",))
    first, child = pid_of(tmp_path, "worker"), pid_of(tmp_path, "worker.child")
    os.kill(first, signal.SIGKILL)
    deadline = time.monotonic() + 20
    while pid_of(tmp_path, "worker") == first and time.monotonic() < deadline:
        time.sleep(0.02)
    second = pid_of(tmp_path, "worker")
    assert second != first
    assert is_running(second)
    assert is_running(pid_of(tmp_path, "web"))
    assert ends_soon(child)
    process.terminate()
    output, _ = process.communicate(timeout=30)
    assert process.returncode == 0
    assert "worker was killed by SIGKILL. Starting it again." in output


def test_a_program_that_cannot_work_is_not_started_for_ever(tmp_path):
    hopeless = "echo $$ > {pid}; exit 4"
    process = start(tmp_path, {"web": POLITE, "worker": hopeless}, restart=("worker",))
    output, _ = process.communicate(timeout=30)
    assert process.returncode == 3
    assert output.count("Starting it again.") == 5
    assert "worker ended with exit code 4. Stopping the others." in output


def test_what_does_not_stop_in_time_is_killed_and_named(tmp_path):
    process = start(tmp_path, {"worker": STUBBORN, "web": POLITE}, stop_seconds=1)
    process.terminate()
    output, _ = process.communicate(timeout=30)
    assert process.returncode == 0
    assert "worker did not stop within 1 seconds and is killed." in output
    assert not is_running(pid_of(tmp_path, "worker"))


@pytest.mark.skipif(sys.platform != "linux", reason="PR_SET_PDEATHSIG is Linux's")
def test_the_programs_stop_when_the_supervisor_itself_is_killed(tmp_path):
    process = start(tmp_path, {"one": POLITE, "other": POLITE})
    pids = [pid_of(tmp_path, name) for name in ("one", "other")]
    process.kill()
    process.wait()
    assert all(ends_soon(pid) for pid in pids)


def test_the_programs_go_on_when_nobody_reads_their_output_any_more(tmp_path):
    """`make run | head`: the reader ends first."""
    chatty = "echo $$ > {pid}; trap 'exit 0' TERM; while :; do echo line; sleep 0.01; done"
    process = start(tmp_path, {"web": chatty})
    assert process.stdout is not None
    process.stdout.close()
    time.sleep(0.5)
    assert is_running(pid_of(tmp_path, "web"))
    process.terminate()
    assert process.wait(timeout=30) == 0
