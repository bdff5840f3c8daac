"""The weighted mean of checkpoints of the same network, array by array.

    python -m ml.training.average_checkpoints OUT.npz A.npz=0.5 B.npz=0.5

A network and one that was trained on from it lie in one valley of the loss, and a point between
them is often better than either, above all on images that differ from those of the further training
(WiSE-FT: Wortsman et al., CVPR 2022). Here the further training taught the class map where to
look and cost some of the AUC; the point between keeps most of the one and wins back the other.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import numpy.typing as npt

from ml.release.archives import ArchiveError, read_archive
from ml.training.loop.checkpoint import write_arrays


class AverageError(Exception):
    """The checkpoints cannot be averaged; the message is a full sentence."""


def average_checkpoints(checkpoints: Mapping[Path, float]) -> dict[str, npt.NDArray[np.float32]]:
    """Average checkpoints (`best.npz`, `last.npz`, `train_checkpoint.npz`).

    Args:
        checkpoints: file to its share; the shares are above 0 and sum to 1.

    Returns:
        float32 arrays named as in the files. Variances of batch normalization are averaged like
        everything else, which leaves out the spread between the means: small for near networks.

    Raises:
        AverageError: the shares do not sum to 1, a file cannot be read, or the files do not hold
            the same arrays.
    """
    if not checkpoints or min(checkpoints.values()) <= 0.0:
        raise AverageError("Every share must be above 0.")
    if abs(sum(checkpoints.values()) - 1.0) > 1e-6:
        raise AverageError(f"The shares must sum to 1; they sum to {sum(checkpoints.values()):g}.")
    mean: dict[str, npt.NDArray[np.float32]] = {}
    for path, share in checkpoints.items():
        arrays = _read(path)
        first = mean or {name: np.zeros_like(array) for name, array in arrays.items()}
        if {n: a.shape for n, a in arrays.items()} != {n: a.shape for n, a in first.items()}:
            raise AverageError(f"{path} is a checkpoint of another network than those before it.")
        mean = {name: first[name] + np.float32(share) * arrays[name] for name in arrays}
    return mean


def _read(path: Path) -> dict[str, npt.NDArray[np.float32]]:
    try:
        return {name: array.astype(np.float32) for name, array in read_archive(path).items()}
    except (FileNotFoundError, ArchiveError) as error:
        raise AverageError(f"{path} is not a checkpoint that can be read: {error}.") from error


def _shared(text: str) -> tuple[Path, float]:
    path, _, share = text.rpartition("=")
    try:
        return Path(path), float(share)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not FILE=SHARE, as in a.npz=0.5.") from None


def main(arguments: list[str] | None = None) -> int:
    """The command line; returns the exit status."""
    parser = argparse.ArgumentParser(
        prog="python -m ml.training.average_checkpoints",
        description="Average checkpoints of one network.",
    )
    parser.add_argument("out", type=Path, help=".npz to write")
    parser.add_argument("checkpoints", type=_shared, nargs="+", metavar="FILE=SHARE")
    options = parser.parse_args(arguments)
    try:
        write_arrays(options.out, average_checkpoints(dict(options.checkpoints)))
    except AverageError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    sys.stdout.write(f"Wrote {options.out}.\n")
    return 0
