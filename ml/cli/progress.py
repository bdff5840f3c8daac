"""How far long work is: a bar on a terminal, now and then a line in a log."""

from __future__ import annotations

import sys
import time
from typing import Final

_EVERY: Final = 60.0  # seconds between two lines in a log


class ProgressBar:
    """Shows steps done of a total, with the time that is left at the pace so far."""

    def __init__(self, name: str, *, total: int) -> None:
        self._name, self._total = name, total
        self._began = self._last = time.monotonic()
        self._terminal = sys.stderr.isatty()

    def __call__(self, done: int, note: str = "") -> None:
        """Say that `done` steps are done."""
        now = time.monotonic()
        left = (now - self._began) / max(1, done) * (self._total - done)
        line = f"{self._name} {done}/{self._total}, {_minutes(left)} left {note}".rstrip()
        if self._terminal:
            filled = 24 * done // max(1, self._total)
            sys.stderr.write(f"\r[{'=' * filled:<24}] {line:<72}")
            sys.stderr.write("\n" if done == self._total else "")
        elif done == self._total or now - self._last > _EVERY:
            self._last = now
            sys.stderr.write(f"{time.strftime('%H:%M:%S')} {line}\n")
        sys.stderr.flush()


def _minutes(seconds: float) -> str:
    return f"{seconds / 60:.0f} min" if seconds >= 90 else f"{seconds:.0f} s"
