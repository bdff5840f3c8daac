"""Fit the gate `brain-mri-3` to the network of a release.

    python -m ml.training.fit_gate --data DIR --data DIR --release DIR --report gate.json

writes `gate.npz` into the release and names it in release.json; with `--out DIR` the release is
only read, and the file is written there. `ml.training.fitting.gate_samples` says on which images,
`ml.training.fitting.gate_moments` how, and `ml.training.fitting.gate_report` what the report holds.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import numpy as np

from ml.engines import EngineError
from ml.gate.brain_mri import GATE_FILE
from ml.gate.brain_mri_3 import NAME
from ml.gate.kernel_machine import LIMIT
from ml.release.releases import Release, ReleaseError, file_sha256, read_release, write_release
from ml.training.data.arguments import add_data_argument
from ml.training.data.folders import Folders
from ml.training.data.manifest import DataError
from ml.training.fitting.gate_basis import basis_of
from ml.training.fitting.gate_describe import describer_of
from ml.training.fitting.gate_left_out import LeftOut, leave_out
from ml.training.fitting.gate_moments import fit_similarity
from ml.training.fitting.gate_report import AS_IS, report, table
from ml.training.fitting.gate_samples import DRAWN_EACH, Samples, read_samples
from ml.training.fitting.gate_settings import Settings

# Of brain slices of sources that no fit saw, as the next hospital's.
TURNED_AWAY: Final = 0.01
# Of brain slices of sources of `train` left out in turn. Each takes its like with it, for example
# all stripped heads with tumors, so more of these lie beyond a limit than of the next hospital's.
TURNED_AWAY_LEFT_OUT: Final = 0.05
MOST_LIMIT: Final = 0.2


@dataclass(frozen=True, kw_only=True, slots=True)
class Fitted:
    """The numbers of a gate, and what it says of what was left out."""

    arrays: dict[str, np.ndarray]
    left_out: LeftOut


def fit_arrays(samples: Samples, *, seed: int = 1) -> Fitted:
    """Fit the gate on the split "train" of the samples, and set its limit on what was left out.

    Raises:
        DataError: there are no brain slices, or no other things, to fit on.
    """
    chosen = [place for place, row in enumerate(samples.rows) if row.split == "train"]
    settings = Settings()
    try:
        basis = basis_of(samples, chosen=chosen, settings=settings)
        arrays = fit_similarity(samples, chosen=chosen, settings=settings, basis=basis, seed=seed)
    except ValueError as error:
        raise DataError(str(error)) from error
    left_out = leave_out(samples, basis=basis, settings=settings, seed=seed)
    arrays[LIMIT] = np.array(limit_of(samples, left_out), np.float32)
    return Fitted(arrays=arrays, left_out=left_out)


def limit_of(samples: Samples, left_out: LeftOut) -> float:
    """The similarity beyond which neither share of brain slices lies that may be turned away.

    Of slices as they are in their files. At most `MOST_LIMIT`; 0 where there is no such slice. Of
    `val`, whose sources are those of `train`, only where nothing else is held out.
    """
    limits = [
        _quantile(samples, left_out, split=split, share=share)
        for split, share in (("validate", TURNED_AWAY), ("train", TURNED_AWAY_LEFT_OUT))
    ]
    found = [limit for limit in limits if limit is not None]
    if not found:
        of_val = _quantile(samples, left_out, split="val", share=TURNED_AWAY)
        return 0.0 if of_val is None else min(of_val, MOST_LIMIT)
    return min(*found, MOST_LIMIT)


def _quantile(samples: Samples, left_out: LeftOut, *, split: str, share: float) -> float | None:
    """The similarity of brain slices at that share, a source counting with the root of its number.

    None where there is none of the split that no fit saw.
    """
    places = [
        place
        for place, row in enumerate(samples.rows)
        if row.brain
        and row.version == AS_IS
        and row.split == split
        and np.isfinite(left_out.by_source[place])
    ]
    if not places:
        return None
    found = left_out.by_source[places]
    sources = Counter(samples.rows[place].source for place in places)
    weights = np.array([1.0 / np.sqrt(sources[samples.rows[place].source]) for place in places])
    order = np.argsort(found)
    below = np.cumsum(weights[order]) / weights.sum()
    return float(found[order][np.searchsorted(below, share)])


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
        release: its network looks at the images, and it gets the file.
        data: folder or folders as `ml.training.data.folders` reads them. Without real images of
            other things in them, drawings alone stand for those.
        drawn_each: how many drawings of most families.
        seed: of every draw: the same seed and data give the same gate.
        report_to: where the report is written, if it is wanted.

    Returns:
        The release with gate and file; its release.json is written too.

    Raises:
        DataError: the data folder is not what it must be.
        EngineError, ReleaseError: the network cannot be run.
    """
    samples = read_samples(data, describe=describer_of(release), drawn_each=drawn_each, seed=seed)
    fitted = fit_arrays(samples, seed=seed)
    digest = write_gate(release.directory, fitted.arrays)
    if report_to is not None:
        write_report(report_to, samples, fitted)
    release = replace(release, gate=NAME, files={**release.files, GATE_FILE: digest})
    write_release(release)
    return release


def write_gate(folder: Path, arrays: dict[str, np.ndarray]) -> str:
    """Write the gate's file into a folder; its SHA-256."""
    with (folder / GATE_FILE).open("wb") as file:
        np.savez(file, allow_pickle=False, **arrays)
    return file_sha256(folder / GATE_FILE)


def write_report(path: Path, samples: Samples, fitted: Fitted) -> None:
    """Write the report as JSON, `{"gate": ...}`, and as a table on standard output."""
    section = report(samples, fitted.arrays, fitted.left_out)
    path.write_text(json.dumps({"gate": section}, indent=1) + "\n", encoding="utf-8")
    sys.stdout.write(table(section) + "\n")


def main(arguments: Sequence[str] | None = None) -> int:
    """The command line; returns the exit status."""
    parser = argparse.ArgumentParser(prog="python -m ml.training.fit_gate")
    parser.add_argument(
        "--release", type=Path, required=True, help="release folder whose network it is fitted to"
    )
    parser.add_argument("--out", type=Path, help="folder that gets gate.npz, not the release")
    add_data_argument(parser)
    parser.add_argument("--report", type=Path, help="JSON of what was left out and of validate")
    parser.add_argument(
        "--samples", type=Path, help="with --out: .npz in which the descriptions are kept"
    )
    options = parser.parse_args(arguments)
    try:
        release = read_release(options.release)
        if options.out is None:
            fit_gate(release=release, data=options.data, report_to=options.report)
        else:
            options.out.mkdir(parents=True, exist_ok=True)
            samples = read_samples(
                options.data, describe=describer_of(release), store=options.samples
            )
            fitted = fit_arrays(samples)
            write_gate(options.out, fitted.arrays)
            if options.report is not None:
                write_report(options.report, samples, fitted)
    except (DataError, EngineError, ReleaseError) as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0
