"""Time three ways to read an image, in one run, alternating so that all see the same machine.

python -m ml.bench [--json] [--images N] [--release DIR]

common-recipe       what most small applications do: `model.predict`, then a second, eager pass
                    under a GradientTape through the whole model, the maps weighed in a Python loop
tensorflow          NeuroScan's way, from the bytes of a file to the bytes of the overlay's PNG
tensorflow-forward  the bare forward pass inside it

Each way runs in a process of its own, so memory and cold start are its own too.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, Final

import numpy as np

from ml.evaluate_release import DEFAULT_RELEASE
from ml.releases import ReleaseError, read_release, verify

WAYS: Final = ("common-recipe", "tensorflow", "tensorflow-forward")


def bench(*, release: Path, images: int) -> dict[str, Any]:
    """Measure every way.

    Args:
        release: folder of the release to run.
        images: how many images each way reads, one after the other, at least 1.

    Returns:
        {"images": N, "cores": N, "rows": [...]}; each row has name, median_ms, p95_ms and
        images_per_second per image, memory_mb (highest resident memory of its process) and
        cold_start_s (from starting the process to its first result).

    Raises:
        RuntimeError: one of the processes ended early.
    """
    times: dict[str, list[float]] = {name: [] for name in WAYS}
    rows = []
    with _opened(release) as ways:
        for index in range(images):
            for way in ways:
                times[way.name].append(way.ask(index)["ms"])
        for way in ways:
            ms = np.array(times[way.name])
            rows.append(
                {
                    "name": way.name,
                    "median_ms": round(float(np.median(ms)), 1),
                    "p95_ms": round(float(np.percentile(ms, 95)), 1),
                    "images_per_second": round(1000.0 / float(ms.mean()), 2),
                    "memory_mb": round(way.ask(-1)["memory_mb"]),
                    "cold_start_s": round(way.cold_start_s, 2),
                }
            )
    return {"images": images, "cores": os.cpu_count(), "rows": rows}


class _Way:
    """One process that reads an image whenever it is asked to."""

    def __init__(self, *, name: str, release: Path) -> None:
        self.name = name
        started = time.perf_counter()
        command = [sys.executable, "-m", "ml.bench_ways", name, str(release)]
        self._process = subprocess.Popen(  # noqa: S603 - our own module, no shell
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=Path(__file__).parents[1],
            env={**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3"},
        )
        self.ask(0)
        self.cold_start_s = time.perf_counter() - started

    def close(self) -> None:
        self._process.kill()
        self._process.communicate()

    def ask(self, index: int) -> dict[str, float]:
        """Have image number `index` read; -1 asks for the memory instead."""
        process = self._process
        if process.stdin is None or process.stdout is None:
            raise RuntimeError("The bench's pipes are closed.")
        process.stdin.write(f"{index}\n")
        process.stdin.flush()
        line = process.stdout.readline()
        if not line:
            raise RuntimeError(f"{self.name} ended early, status {process.wait()}; see above.")
        answer: dict[str, float] = json.loads(line)
        return answer


@contextmanager
def _opened(release: Path) -> Iterator[list[_Way]]:
    with ExitStack() as stack:
        ways = []
        # One after the other: a cold start is measured with nothing else of ours running.
        for name in WAYS:
            ways.append(_Way(name=name, release=release))
            stack.callback(ways[-1].close)
        yield ways


def table(report: dict[str, Any]) -> str:
    """The report as lines of text."""
    heads = ("name", "median_ms", "p95_ms", "images_per_second", "memory_mb", "cold_start_s")
    lines = [heads, *(tuple(str(row[head]) for head in heads) for row in report["rows"])]
    widths = [max(len(line[i]) for line in lines) for i in range(len(heads))]
    return "\n".join(
        "  ".join(cell.rjust(width) if i else cell.ljust(width) for i, (cell, width) in columns)
        for columns in (list(enumerate(zip(line, widths, strict=True))) for line in lines)
    )


def main(arguments: Sequence[str] | None = None) -> int:
    """The command line; returns the exit status."""
    parser = argparse.ArgumentParser(prog="python -m ml.bench", description=__doc__)
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")
    parser.add_argument("--images", type=int, default=20, help="images each way reads")
    parser.add_argument("--release", type=Path, default=DEFAULT_RELEASE, help="release folder")
    options = parser.parse_args(arguments)
    if options.images < 1:
        parser.error("--images must be at least 1.")
    try:
        verify(read_release(options.release))
    except ReleaseError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    report = bench(release=options.release, images=options.images)
    text = json.dumps(report, indent=2) if options.json else table(report)
    sys.stdout.write(text + "\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
