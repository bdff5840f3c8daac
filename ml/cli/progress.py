"""How far long work is: tqdm's bar on a terminal, now and then one of its lines in a log."""

from __future__ import annotations

import sys
import time
from typing import Final, TextIO

from tqdm import tqdm

_OFTEN: Final = 0.1  # seconds between two looks of a bar on a terminal
_SELDOM: Final = 60.0  # and between two lines in a log


class ProgressBar:
    """Shows steps done of a total, with the time that is left at the pace so far.

    Args:
        name: of the work, shown in front.
        total: how many steps there are.
    """

    def __init__(self, name: str, *, total: int) -> None:
        self.name = name
        terminal = sys.stderr.isatty()
        every = _OFTEN if terminal else _SELDOM
        self._bar = tqdm(
            total=total,
            desc=name,
            file=sys.stderr if terminal else _Log(sys.stderr),
            mininterval=every,
            maxinterval=max(10.0, every),
            dynamic_ncols=terminal,
            ascii=" =",
        )

    def __call__(self, done: int, note: str = "") -> None:
        """Say that `done` steps are done; at the last one the bar is finished."""
        self._bar.set_postfix_str(note, refresh=False)
        self._bar.update(done - self._bar.n)
        if done == self._bar.total:
            self._bar.close()

    def close(self) -> None:
        """Leave the bar as it stands, for work that ends before its last step."""
        self._bar.close()


class _Log:
    """A file in which each look of a bar is a line of its own, with the time of day."""

    def __init__(self, file: TextIO) -> None:
        self._file = file

    def write(self, text: str) -> int:
        line = text.strip()
        if line:
            self._file.write(f"{time.strftime('%H:%M:%S')} {line}\n")
        return len(text)

    def flush(self) -> None:
        self._file.flush()
