"""From the network as trained to the release's weights: batch normalization folded away.

    python -m ml.training.export RUN/best.npz FOLDER

writes `weights.npz` (plain VGG16, as `ml.architectures.vgg16.weights` reads it, of the widths that
were trained) and `decoder.npz` (the lesion decoder). A pooled or smaller head becomes the
release's, which gives the same logits. Where the classifier was trained to read the decoder it also
says with which weight (`Release.evidence`).
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt

from ml.architectures.vgg16.decoder import DECODER_FILE, DECODER_SHAPES, write_decoder
from ml.architectures.vgg16.network import HIDDEN_UNITS, POOLED_SIZE, widths_of
from ml.architectures.vgg16.weights import write_weights
from ml.imaging.pixels import Float32Array
from ml.release.archives import ArchiveError, read_archive
from ml.release.parts import Evidence
from ml.release.releases import (
    ReleaseError,
    ReleaseMalformedError,
    ReleaseMissingError,
    WrongArchitectureError,
)
from ml.training.loop.folding import fold
from ml.training.loop.heads import grow_head, grow_hidden

EVIDENCE: Final = "evidence/0"  # of a training network whose classifier reads the decoder


def decoder_arrays(arrays: Mapping[str, npt.NDArray[np.floating]]) -> dict[str, Float32Array]:
    """The lesion decoder alone: `<layer>/kernel` and `<layer>/bias` of each of its layers, float32.

    Args:
        arrays: `<layer>/<index>` of the training network.

    Raises:
        KeyError: an array is missing.
    """
    return {
        f"{layer}/{part}": arrays[f"{layer}/{index}"].astype(np.float32)
        for layer in DECODER_SHAPES
        for index, part in enumerate(("kernel", "bias"))
    }


def evidence_of(arrays: Mapping[str, npt.NDArray[np.floating]]) -> Evidence | None:
    """How the classifier reads the decoder; None where it was not trained to.

    Args:
        arrays: `<layer>/<index>` of the training network.

    Raises:
        WrongArchitectureError: its weight is not one finite number.
    """
    weight = arrays.get(EVIDENCE)
    if weight is None:
        return None
    if weight.shape != (1,) or not np.isfinite(weight).all():
        raise WrongArchitectureError(
            f"{EVIDENCE}, of shape {weight.shape}, must be one finite number in an array."
        )
    return Evidence(weight=float(weight[0]))


def export(trained: Path, folder: Path) -> Evidence | None:
    """Write `weights.npz` and `decoder.npz`, both float16, into an existing or new folder.

    Returns:
        How the classifier reads the decoder, for release.json; None where it does not.

    Raises:
        ReleaseError: there is no such checkpoint, or it is none of a training network.
    """
    try:
        arrays = {name: array.astype(np.float32) for name, array in read_archive(trained).items()}
        arrays = grow_hidden(grow_head(arrays, cells=POOLED_SIZE**2), units=HIDDEN_UNITS)
        weights, decoder, evidence = fold(arrays), decoder_arrays(arrays), evidence_of(arrays)
    except FileNotFoundError:
        raise ReleaseMissingError(f"There is no checkpoint {trained}.") from None
    except ArchiveError as error:
        raise ReleaseMalformedError(f"The checkpoint {trained} cannot be read: {error}.") from error
    except KeyError as error:
        raise WrongArchitectureError(
            f"The checkpoint {trained} lacks {error}; name best.npz or last.npz of a run."
        ) from error
    folder.mkdir(parents=True, exist_ok=True)
    write_weights(folder / "weights.npz", weights)
    widths = widths_of({name: array.shape for name, array in weights.items()})
    write_decoder(folder / DECODER_FILE, decoder, widths=widths)
    return evidence


def main(arguments: list[str] | None = None) -> int:
    """The command line; returns the exit status."""
    parser = argparse.ArgumentParser(description="Fold a trained network into release weights.")
    parser.add_argument("trained", type=Path, help="best.npz or last.npz of a run")
    parser.add_argument("folder", type=Path, help="where weights.npz and decoder.npz go")
    options = parser.parse_args(arguments)
    try:
        evidence = export(options.trained, options.folder)
    except ReleaseError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    sys.stdout.write(f"Wrote weights.npz and decoder.npz to {options.folder}.\n")
    if evidence is not None:
        sys.stdout.write(
            "The classifier reads the decoder; ml.training.make_release needs "
            f"--evidence {evidence.weight!r} beside them.\n"
        )
    return 0
