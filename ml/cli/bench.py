"""Time the ways to read an image, in one run, in turns, so that all see the same machine.

python -m ml.bench [--json] [--images N] [--series N] [--release DIR]... [--way NAME]... [FILE...]

common-recipe       what most small applications do: `model.predict`, then a second, eager pass
                    under a GradientTape through the whole model, the maps weighed in a Python loop
tensorflow,         NeuroScan's way with each engine, from the bytes of a file to the bytes of the
openvino-...        two PNG files it stores, heatmap and overlay
...-forward         the engine's bare forward pass inside it
...-series          with --series N: N images as the worker reads the slices of a series, two in
                    work at a time; its times are those of one slice of it

Several releases are compared side by side, in the same turns. Each way runs in a process of its
own, so memory and cold start are its own too. Without files it draws 512 x 512 phantoms. Engines
that cannot run here are left out, and it says why.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, Final

import cv2
import numpy as np

from ml.cli.arguments import whole_above_zero
from ml.cli.bench_ways import COMMON_RECIPE, FORWARD, SERIES, WAYS
from ml.imaging import formats
from ml.imaging.phantom import draw_phantom
from ml.release.releases import SHIPPED, Release, ReleaseError, read_release, verify

_PHANTOMS: Final = 4
_WARM_UP: Final = 2  # rounds that are not counted: frameworks settle in their first calls


def bench(
    *,
    releases: Sequence[Release],
    images: int,
    files: Sequence[Path],
    series: int = 0,
    names: Sequence[str] = (),
) -> dict[str, Any]:
    """Measure every way with every release.

    Args:
        releases: the releases to run, at least one.
        images: how many images (of a series way: series) are timed of each way, at least 1; before
            each of them it reads another image that is not.
        files: the images, taken in turns; at least one.
        series: how many slices a series has; 0 for no series.
        names: the ways, without "-series"; all of them where it is empty.

    Returns:
        {"images": N, "series": N, "cores": N, "rows": [...], "left_out": {name: why}}; each row has
        name, release, median_ms, p95_ms and images_per_second per image, memory_mb (highest
        resident memory of its process) and cold_start_s (from starting the process to its first
        result).

    Raises:
        RuntimeError: one of the processes ended early.
    """
    wanted = [
        (name, release)
        for release in releases
        for name in _with_series(names or list(WAYS), series=series)
    ]
    with _opened(wanted, files=files) as (ways, left_out):
        times: dict[_Way, list[float]] = {way: [] for way in ways}
        order = np.random.default_rng(0)
        for index in range(_WARM_UP + images):
            # Shuffled, so that no way always runs in the wake of the same other one.
            for way in (ways[turn] for turn in order.permutation(len(ways))):
                # One that is not counted: a worker reads image after image, while here the caches
                # are full of what another process left there.
                way.ask(2 * index)
                slices = series if way.name.endswith(SERIES) else 0
                ms = way.ask(2 * index + 1, slices=slices)["ms"] / max(1, slices)
                if index >= _WARM_UP:
                    times[way].append(ms)
        rows = [_row(way, np.array(times[way])) for way in ways]
    return {
        "images": images,
        "series": series,
        "cores": os.cpu_count(),
        "rows": rows,
        "left_out": left_out,
    }


def _with_series(names: Sequence[str], *, series: int) -> list[str]:
    """The names, and behind each that reads whole images in NeuroScan's way its series."""
    found = []
    for name in names:
        found.append(name)
        if series and name != COMMON_RECIPE and not name.endswith(FORWARD):
            found.append(name + SERIES)
    return found


def _row(way: _Way, ms: np.ndarray) -> dict[str, Any]:
    return {
        "name": way.name,
        "release": str(way.release),
        "median_ms": round(float(np.median(ms)), 1),
        "p95_ms": round(float(np.percentile(ms, 95)), 1),
        "images_per_second": round(1000.0 / float(ms.mean()), 2),
        "memory_mb": round(way.ask(-1)["memory_mb"]),
        "cold_start_s": round(way.cold_start_s, 2),
    }


class _LeftOutError(Exception):
    """A way cannot run here; the message says why."""


class _Way:
    """One process that reads images whenever it is asked to."""

    def __init__(self, *, name: str, release: Release, files: Sequence[Path]) -> None:
        self.name, self.release = name, release
        started = time.perf_counter()
        command = [sys.executable, "-m", "ml.cli.bench_ways", name, release.directory, *files]
        self._process = subprocess.Popen(  # noqa: S603 - our own module, no shell
            [str(word) for word in command],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=Path(__file__).parents[2],
            env={**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3"},
        )
        first = self._receive()
        if "error" in first:
            self.close()
            raise _LeftOutError(str(first["error"]))
        self.cold_start_s = time.perf_counter() - started

    def close(self) -> None:
        self._process.kill()
        self._process.communicate()

    def ask(self, index: int, *, slices: int = 0) -> dict[str, Any]:
        """Have image number `index` read, or a series that begins there; -1 asks for the memory."""
        if self._process.stdin is None:
            raise RuntimeError("The bench's pipes are closed.")
        self._process.stdin.write(f"{index} {slices}\n" if slices else f"{index}\n")
        self._process.stdin.flush()
        return self._receive()

    def _receive(self) -> dict[str, Any]:
        if self._process.stdout is None:
            raise RuntimeError("The bench's pipes are closed.")
        line = self._process.stdout.readline()
        if not line:
            status = self._process.wait()
            raise RuntimeError(f"{self.name} ended early, status {status}; see above.")
        answer: dict[str, Any] = json.loads(line)
        return answer


@contextmanager
def _opened(
    wanted: Sequence[tuple[str, Release]], *, files: Sequence[Path]
) -> Iterator[tuple[list[_Way], dict[str, str]]]:
    several = len({release.directory for _, release in wanted}) > 1
    with ExitStack() as stack:
        ways, left_out = [], {}
        # One after the other: a cold start is measured with nothing else of ours running.
        for name, release in wanted:
            try:
                way = _Way(name=name, release=release, files=files)
            except _LeftOutError as error:
                left_out[f"{name} of {release}" if several else name] = str(error)
                continue
            ways.append(way)
            stack.callback(way.close)
        yield ways, left_out


def table(report: dict[str, Any]) -> str:
    """The report as lines of text."""
    heads = ["name", "median_ms", "p95_ms", "images_per_second", "memory_mb", "cold_start_s"]
    if len({row["release"] for row in report["rows"]}) > 1:
        heads.append("release")
    lines = [heads, *([str(row[head]) for head in heads] for row in report["rows"])]
    widths = [max(len(line[i]) for line in lines) for i in range(len(heads))]
    return "\n".join(
        "  ".join(cell.rjust(width) if i else cell.ljust(width) for i, (cell, width) in columns)
        for columns in (list(enumerate(zip(line, widths, strict=True))) for line in lines)
    )


def main(arguments: Sequence[str] | None = None) -> int:
    """The command line; returns the exit status."""
    parser = argparse.ArgumentParser(
        prog="python -m ml.bench",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,  # the table in it
    )
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")
    parser.add_argument(
        "--images", type=whole_above_zero, default=20, help="images (series) timed of each way"
    )
    parser.add_argument(
        "--series", type=whole_above_zero, default=0, help="time series of so many slices too"
    )
    parser.add_argument(
        "--release",
        type=Path,
        action="append",
        help="a release's folder; several are compared side by side (default: the shipped one)",
    )
    parser.add_argument(
        "--way", action="append", choices=list(WAYS), help="only this way; several are allowed"
    )
    parser.add_argument("files", type=Path, nargs="*", help=f"{formats.names()} files to read")
    options = parser.parse_args(arguments)
    try:
        releases = [read_release(folder.resolve()) for folder in options.release or [SHIPPED]]
        for release in releases:
            verify(release)
    except ReleaseError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    for file in options.files:
        try:
            formats.read_path(file)
        except formats.Refusal as error:
            sys.stderr.write(f"{file}: {error}\n")
            return 1
    with tempfile.TemporaryDirectory() as folder:
        files = [file.resolve() for file in options.files] or draw_files(Path(folder))
        report = bench(
            releases=releases,
            images=options.images,
            files=files,
            series=options.series,
            names=options.way or (),
        )
    for name, why in report["left_out"].items():
        sys.stderr.write(f"{name} is left out: {why}\n")
    text = json.dumps(report, indent=2) if options.json else table(report)
    sys.stdout.write(text + "\n")
    return 0


def draw_files(folder: Path) -> list[Path]:
    """Draw phantoms as 512 x 512 JPEG files, the form most uploads have."""
    files = [folder / f"{seed}.jpg" for seed in range(_PHANTOMS)]
    for seed, file in enumerate(files):
        file.write_bytes(cv2.imencode(".jpg", draw_phantom(seed=seed, size=512))[1].tobytes())
    return files
