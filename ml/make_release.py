"""Make a release of trained weights: measure them and write the folder.

python -m ml.make_release --weights X.npz --description ml/release/release.json --data DIR --out DIR

The description is any JSON file with name, version, preprocessing, threshold, calibration, gate,
provenance and card; the release.json of an earlier release is one. Hash, scores and day are made
anew, so running this on a release's own description repeats that release.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import numpy as np

from ml.calibration import Calibration, fit_temperature, logit_of
from ml.convert import WEIGHTS, check_target
from ml.engines import EngineError
from ml.evaluate_release import run_release, score
from ml.manifest import DataError, read_split
from ml.network import INPUT_SIZE
from ml.predictor import Prediction, Predictor
from ml.releases import (
    Release,
    ReleaseError,
    ReleaseMalformedError,
    file_sha256,
    parse_release,
    write_release,
)
from ml.weights import read_weights, write_weights

_DRAFT: Final = {"scores": [], "input_size": INPUT_SIZE}


def make_release(
    *, weights: Path, description: Path, target: Path, data: Path, fit: bool = False
) -> Release:
    """Write a release folder.

    Every figure is measured on the split "test", by the code that serves the release.

    Args:
        weights: an .npz as `ml.weights` reads it.
        description: JSON as above.
        target: folder to make; it may exist, but without a release in it.
        data: folder as `ml.manifest` reads it.
        fit: replace the description's calibration by a temperature fitted on the split "val".

    Raises:
        ReleaseError: the weights or the description do not fit, or the target holds a release.
        DataError: the data folder is not what it must be.
    """
    check_target(target)
    target.mkdir(parents=True, exist_ok=True)
    write_weights(target / WEIGHTS, read_weights(weights))
    release = _draft(description, target=target)
    write_release(release)
    if fit:
        release = replace(release, calibration=_fit(release, data=data))
        write_release(release)
    outcomes = run_release(Predictor.load(target), read_split(data, split="test"))
    release = replace(release, scores=score(outcomes, split="test"))
    write_release(release)
    return release


def _draft(description: Path, *, target: Path) -> Release:
    try:
        text = json.loads(description.read_text(encoding="utf-8"))
        return parse_release(
            target,
            {
                **text,
                **_DRAFT,
                "weights": WEIGHTS,
                "sha256": file_sha256(target / WEIGHTS),
                "created": datetime.now(tz=UTC).date().isoformat(),
            },
        )
    except (OSError, TypeError, ValueError) as error:
        raise ReleaseMalformedError(f"{description} does not describe a release: {error}") from None


def _fit(release: Release, *, data: Path) -> Calibration:
    write_release(replace(release, calibration=Calibration()))  # so that it yields bare logits
    outcomes = run_release(Predictor.load(release.directory), read_split(data, split="val"))
    read = [
        (logit_of(outcome.result.probability), outcome.slice.tumor)
        for outcome in outcomes
        if isinstance(outcome.result, Prediction)
    ]
    return fit_temperature(
        np.array([logit for logit, _ in read]), np.array([tumor for _, tumor in read], dtype=bool)
    )


def main(arguments: Sequence[str] | None = None) -> int:
    """The command line; returns the exit status."""
    parser = argparse.ArgumentParser(prog="python -m ml.make_release")
    parser.add_argument("--weights", type=Path, required=True, help=".npz of the network's arrays")
    parser.add_argument("--description", type=Path, required=True, help="JSON: name, card, ...")
    parser.add_argument("--data", type=Path, required=True, help="folder with manifest.csv")
    parser.add_argument("--out", type=Path, required=True, help="release folder to make")
    parser.add_argument("--fit-temperature", action="store_true", help="on the split val")
    options = parser.parse_args(arguments)
    try:
        release = make_release(
            weights=options.weights,
            description=options.description,
            target=options.out,
            data=options.data,
            fit=options.fit_temperature,
        )
    except (DataError, EngineError, ReleaseError) as error:
        sys.stderr.write(f"{error}\n")
        return 1
    sys.stdout.write(f"{release} is in {release.directory}.\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
