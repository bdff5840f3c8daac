"""By how much the probability of a slice differs when the same head is scanned again.

    python -m ml.training.repeatability --release DIR --data DIR

changes slices of one split as little as a second scan would, and writes what it finds into
release.json. A trend over a patient's studies calls a smaller difference "unchanged".
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

import cv2
import numpy as np

from ml.cli.progress import ProgressBar
from ml.engines import CHOICES, EngineError
from ml.imaging.pixels import Uint8Array
from ml.predictor import Prediction, Predictor
from ml.release.parts import Repeatability
from ml.release.releases import Release, ReleaseError, read_release, write_release
from ml.training.augmentation.perturbation import Perturbation, Rng
from ml.training.augmentation.robustness_set import noise
from ml.training.data.arguments import add_data_argument
from ml.training.data.folders import Folders, read_slices
from ml.training.data.manifest import DataError, Slice, read_image

COPIES: Final = 3  # of each slice
SLICES: Final = 120
SHARE: Final = 0.95  # of the copies lie within what is stated
_TURN, _MOVE, _NOISE = 3.0, 2.0, 3.0  # degrees, pixels, gray levels
_SEED: Final = 20261130


def scan_again(pixels: Uint8Array, rng: Rng) -> Uint8Array:
    """The slice turned a little, moved a little, and with other noise."""
    height, width = pixels.shape[:2]
    angle, dx, dy = (float(rng.uniform(-most, most)) for most in (_TURN, _MOVE, _MOVE))
    turn = cv2.getRotationMatrix2D((width / 2, height / 2), angle, 1.0)
    matrix = turn + np.array([[0.0, 0.0, dx], [0.0, 0.0, dy]])
    moved = cv2.warpAffine(pixels, matrix, (width, height), borderMode=cv2.BORDER_REPLICATE)
    return noise(moved.astype(np.uint8, copy=False), rng, sigma=_NOISE)


AGAIN: Final = Perturbation(
    name="scanned-again",
    words=f"turned by up to {_TURN:g} degrees, moved by up to {_MOVE:g} pixels, with other noise",
    level="mild",
    change=scan_again,
)


def measure(
    *,
    release: Release,
    data: Folders,
    split: str = "test",
    slices: int = SLICES,
    engine: str = "auto",
) -> Release:
    """Read slices as they are and as if scanned again, and compare.

    Args:
        release: its files are read; `repeatability` is replaced.
        data: folder or folders as `ml.training.data.folders` reads them.
        split: which slices.
        slices: how many of them, drawn at random, of each group of near-duplicates at most one.
        engine: one of `ml.engines.CHOICES`.

    Returns:
        The release with what was found; its release.json is written too.

    Raises:
        EngineError: the engine is not installed.
        ReleaseError: a file of the release is missing, altered or malformed.
        DataError: the data folder is not what it must be, or nothing got an answer.
    """
    predictor = Predictor.load(release.directory, engine=engine)
    drawn = _drawn(read_slices(data, split=split), number=slices)
    moves, answered = [], 0
    progress = ProgressBar("Scanned again", total=len(drawn))
    for number, item in enumerate(drawn):
        found = _moves(predictor, read_image(item.path), np.random.default_rng([_SEED, number]))
        answered += bool(found)
        moves += found
        progress(number + 1)
    if not moves:
        raise DataError(f"The release gives no opinion on any slice of the split {split!r}.")
    within = float(np.quantile(moves, SHARE, method="higher"))
    found_now = Repeatability(
        dataset=f"{split} split",
        changes=AGAIN.words,
        share=SHARE,
        within=round(within, 4),
        slices=answered,
        copies=len(moves),
    )
    release = replace(release, repeatability=found_now)
    write_release(release)
    return release


def _drawn(slices: Sequence[Slice], *, number: int) -> list[Slice]:
    order = np.random.default_rng(_SEED).permutation(len(slices))
    first: dict[str, Slice] = {}
    for at in order:
        first.setdefault(slices[at].cluster, slices[at])
    return list(first.values())[:number]


def _moves(predictor: Predictor, pixels: Uint8Array, rng: Rng) -> list[float]:
    """By how much the probability of each copy differs; empty where there is no opinion."""
    before, *after = predictor.predict_many(
        [pixels, *(AGAIN.apply(pixels, rng) for _ in range(COPIES))]
    )
    if not isinstance(before, Prediction):
        return []
    return [
        abs(one.probability - before.probability) for one in after if isinstance(one, Prediction)
    ]


def main(arguments: Sequence[str] | None = None) -> int:
    """The command line; returns the exit status."""
    parser = argparse.ArgumentParser(prog="python -m ml.training.repeatability")
    parser.add_argument("--release", type=Path, required=True, help="folder, written to")
    add_data_argument(parser)
    parser.add_argument("--split", default="test", help="train, val or test (default: test)")
    parser.add_argument("--slices", type=int, default=SLICES, help=f"how many (default: {SLICES})")
    parser.add_argument("--engine", choices=CHOICES, default="auto")
    options = parser.parse_args(arguments)
    try:
        release = measure(
            release=read_release(options.release),
            data=options.data,
            split=options.split,
            slices=options.slices,
            engine=options.engine,
        )
    except (DataError, EngineError, ReleaseError) as error:
        sys.stderr.write(f"{error}\n")
        return 1
    found = release.repeatability
    assert found is not None
    sys.stdout.write(
        f"{found.share:.0%} of {found.copies} copies of {found.slices} slices ({found.changes}) "
        f"stay within {found.within}.\n"
    )
    return 0
