"""Fit the gate `brain-mri-2`, which no weights of a network are asked for.

    python -m ml.training.fit_gate --data DIR --data DIR --release DIR --report gate.json

writes `gate.npz` into the release and names it in release.json; `--out DIR` writes the file alone.
`ml.training.fitting.gate_samples` says on which images, `ml.training.fitting.gate_moments` how, and
`ml.training.fitting.gate_report` what the report holds.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

import numpy as np

from ml.gate.brain_mri import GATE_FILE
from ml.gate.brain_mri_2 import LIMIT, NAME
from ml.release.releases import Release, ReleaseError, file_sha256, read_release, write_release
from ml.training.data.arguments import add_data_argument
from ml.training.data.folders import Folders
from ml.training.data.manifest import DataError
from ml.training.fitting.gate_moments import fit_similarity, similarities
from ml.training.fitting.gate_report import report, table
from ml.training.fitting.gate_samples import DRAWN_EACH, Samples, read_samples

# Of the slices of `val` and `validate` as they are, the sources weighted alike.
TURNED_AWAY: Final = 0.005
MOST_LIMIT: Final = 0.2


def fit_arrays(samples: Samples, *, seed: int = 1) -> dict[str, np.ndarray]:
    """Fit the gate on the split "train" of the samples, and set its limit on the others.

    Raises:
        DataError: there are no brain slices, or no other things, to fit on.
    """
    chosen = [place for place, row in enumerate(samples.rows) if row.split == "train"]
    try:
        arrays = fit_similarity(samples, chosen=chosen, seed=seed)
    except ValueError as error:
        raise DataError(str(error)) from error
    arrays[LIMIT] = np.array(limit_of(samples, arrays), np.float32)
    return arrays


def limit_of(samples: Samples, arrays: dict[str, np.ndarray]) -> float:
    """The similarity that all but `TURNED_AWAY` of the held-out brain slices have.

    At most `MOST_LIMIT`; 0 where no brain slice is held out.
    """
    held_out = [
        place for place, row in enumerate(samples.rows) if row.brain and row.split != "train"
    ]
    if not held_out:
        return 0.0
    found = similarities(arrays, samples.described[held_out])
    sources = [(samples.rows[place].split, samples.rows[place].source) for place in held_out]
    weights = np.array([1.0 / sources.count(source) for source in sources])
    order = np.argsort(found)
    below = np.cumsum(weights[order]) / weights.sum()
    return min(float(found[order][np.searchsorted(below, TURNED_AWAY)]), MOST_LIMIT)


def fit_gate(
    *,
    release: Release,
    data: Folders,
    drawn_each: int = DRAWN_EACH,
    seed: int = 1,
    report_to: Path | None = None,
) -> Release:
    """Fit the gate and add it to the release.

    Args:
        release: it gets the file; its weights are not read.
        data: folder or folders as `ml.training.data.folders` reads them. Without real images of
            other things in them, drawings alone stand for those.
        drawn_each: how many drawings of most families.
        seed: of every draw: the same seed and data give the same gate.
        report_to: where the report is written, if it is wanted.

    Returns:
        The release with gate and file; its release.json is written too.

    Raises:
        DataError: the data folder is not what it must be.
    """
    samples = read_samples(data, drawn_each=drawn_each, seed=seed)
    arrays = fit_arrays(samples, seed=seed)
    digest = write_gate(release.directory, arrays)
    if report_to is not None:
        write_report(report_to, samples, arrays)
    release = replace(release, gate=NAME, files={**release.files, GATE_FILE: digest})
    write_release(release)
    return release


def write_gate(folder: Path, arrays: dict[str, np.ndarray]) -> str:
    """Write the gate's file into a folder; its SHA-256."""
    with (folder / GATE_FILE).open("wb") as file:
        np.savez(file, allow_pickle=False, **arrays)
    return file_sha256(folder / GATE_FILE)


def write_report(path: Path, samples: Samples, arrays: dict[str, np.ndarray]) -> None:
    """Write the report as JSON, `{"gate": ...}`, and as a table on standard output."""
    section = report(samples, arrays)
    path.write_text(json.dumps({"gate": section}, indent=1) + "\n", encoding="utf-8")
    sys.stdout.write(table(section) + "\n")


def main(arguments: Sequence[str] | None = None) -> int:
    """The command line; returns the exit status."""
    parser = argparse.ArgumentParser(prog="python -m ml.training.fit_gate")
    where = parser.add_mutually_exclusive_group(required=True)
    where.add_argument("--release", type=Path, help="release folder that gets the gate")
    where.add_argument("--out", type=Path, help="folder that gets gate.npz alone")
    add_data_argument(parser)
    parser.add_argument("--report", type=Path, help="JSON of what was left out and of validate")
    parser.add_argument(
        "--samples", type=Path, help="with --out: .npz in which the descriptions are kept"
    )
    options = parser.parse_args(arguments)
    try:
        if options.release is not None:
            release = read_release(options.release)
            fit_gate(release=release, data=options.data, report_to=options.report)
        else:
            options.out.mkdir(parents=True, exist_ok=True)
            samples = read_samples(options.data, store=options.samples)
            arrays = fit_arrays(samples)
            write_gate(options.out, arrays)
            if options.report is not None:
                write_report(options.report, samples, arrays)
    except (DataError, ReleaseError) as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0
