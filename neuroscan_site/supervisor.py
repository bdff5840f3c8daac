"""Runs several programs as one: their output together, one stop for all, none left running.

Not honcho: that signals whole process groups, which kills the worker's child in the middle of an
analysis instead of letting it finish, and it leaves everything running when it is itself killed.
"""

import contextlib
import ctypes
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import IO

STOP_SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
STOP_SECONDS = 20  # then what still runs is killed; the web server and the worker need a few
RESTARTS = 5  # of one program within RESTART_SECONDS; more often means that it cannot work
RESTART_SECONDS = 300
PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None) if sys.platform == "linux" else None


@dataclass(frozen=True)
class StopRequested:
    """A stop signal arrived."""


@dataclass(frozen=True)
class Ended:
    """One of the programs is no longer running."""

    name: str
    returncode: int

    def __str__(self) -> str:
        if self.returncode >= 0:
            return f"{self.name} ended with exit code {self.returncode}"
        return f"{self.name} was killed by {signal.Signals(-self.returncode).name}"


@dataclass
class Supervisor:
    """Starts the commands in this order and stops them all when one ends or a stop is requested.

    Those named in `restart` are started again instead: without its worker the web server still
    takes uploads and shows results.
    """

    commands: Mapping[str, Sequence[str]]
    cwd: Path
    env: Mapping[str, str]
    restart: Collection[str] = ()
    output: IO[str] = field(default_factory=lambda: sys.stdout)

    def __post_init__(self) -> None:
        # SimpleQueue: its put() is safe in a signal handler, also while a get() waits.
        self._events: SimpleQueue[StopRequested | Ended] = SimpleQueue()
        self._started: dict[str, subprocess.Popen[bytes]] = {}
        self._running: set[str] = set()
        self._restarted: dict[str, list[float]] = {}
        self._relays: list[threading.Thread] = []
        self._width = max(map(len, self.commands))
        self._printing = threading.Lock()
        self.stopping = threading.Event()

    def run(self, *, meanwhile: Callable[[], None] = lambda: None) -> bool:
        """Run until all have ended; True if a stop was requested. `meanwhile` runs in a thread."""
        for number in STOP_SIGNALS:
            signal.signal(number, lambda *_: self._events.put(StopRequested()))
        try:
            for name in self.commands:
                self._start(name)
            _in_thread(meanwhile)
            first = self._until_the_end()
            self.stopping.set()
            if isinstance(first, Ended):
                self.print_line(f"{first}. Stopping the others.")
            else:
                self.print_line("Stopping.")
            self._stop_all()
        finally:
            self.stopping.set()
            self._kill_leftovers()
        return isinstance(first, StopRequested)

    def print_line(self, text: str) -> None:
        """Print whole lines of our own between those of the programs."""
        # Whoever read the output may be gone (`make run | head`): the programs go on.
        with self._printing, contextlib.suppress(OSError, ValueError):
            self.output.write(text + "\n")
            self.output.flush()

    def _until_the_end(self) -> StopRequested | Ended:
        """Return the event that ends the run; a program that may be restarted is no such event."""
        while True:
            event = self._events.get()
            if isinstance(event, StopRequested):
                return event
            self._running.discard(event.name)
            if not self._may_restart(event.name):
                return event
            self.print_line(f"{event}. Starting it again.")
            self._kill_group(self._started[event.name])
            self._start(event.name)

    def _may_restart(self, name: str) -> bool:
        now = time.monotonic()
        recent = [at for at in self._restarted.get(name, []) if at > now - RESTART_SECONDS]
        self._restarted[name] = [*recent, now]
        return name in self.restart and len(recent) < RESTARTS

    def _start(self, name: str) -> None:
        process = subprocess.Popen(  # noqa: S603  (the commands are ours)
            [*_ENDING_WITH_PARENT, *self.commands[name]],
            cwd=self.cwd,
            env=dict(self.env),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            # A session of its own: Ctrl-C reaches us alone, and we stop each in good order.
            start_new_session=True,
        )
        self._started[name] = process
        self._running.add(name)
        self._relays.append(_in_thread(self._relay, name, process))
        _in_thread(self._wait, name, process)

    def _relay(self, name: str, process: "subprocess.Popen[bytes]") -> None:
        assert process.stdout is not None
        for line in process.stdout:
            self.print_line(f"{name:<{self._width}} | {line.decode(errors='replace').rstrip()}")

    def _wait(self, name: str, process: "subprocess.Popen[bytes]") -> None:
        # Not the end of the output: a killed worker's child still holds the other end of that.
        self._events.put(Ended(name, process.wait()))

    def _stop_all(self) -> None:
        for name in self._running:
            # Only the program itself: the worker's child is to finish what it does.
            self._started[name].terminate()
        deadline = time.monotonic() + STOP_SECONDS
        while self._running and (left := deadline - time.monotonic()) > 0:
            with contextlib.suppress(Empty):
                event = self._events.get(timeout=left)
                if isinstance(event, Ended):
                    self._running.discard(event.name)
        for name in self._running:
            self.print_line(f"{name} did not stop within {STOP_SECONDS} seconds and is killed.")

    def _kill_leftovers(self) -> None:
        """What did not stop, and what a killed program left behind in its process group."""
        for process in self._started.values():
            self._kill_group(process)
            process.wait()
        for relay in self._relays:  # their last lines
            relay.join(timeout=2)

    @staticmethod
    def _kill_group(process: "subprocess.Popen[bytes]") -> None:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)


def _in_thread(target: Callable[..., None], *args: object) -> threading.Thread:
    thread = threading.Thread(target=target, args=args, daemon=True)
    thread.start()
    return thread


def end_with_parent() -> None:
    """Ask the kernel to stop this process when its parent dies, however it dies (Linux only)."""
    if _libc is not None:
        _libc.prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


# Put before a command: the same in a program of its own, since code between fork and exec may hang
# where threads run. What is set in the kernel here outlasts the exec.
_ENDING_WITH_PARENT = (
    (
        sys.executable,
        "-c",
        "import ctypes, os, sys; "
        f"ctypes.CDLL(None).prctl({PR_SET_PDEATHSIG}, {int(signal.SIGTERM)}); "
        "os.execvp(sys.argv[1], sys.argv[1:])",
    )
    if sys.platform == "linux"
    else ()
)
