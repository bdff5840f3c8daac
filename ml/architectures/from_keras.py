"""Make a release of a network that was trained elsewhere and saved by Keras."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from ml.architectures import ARCHITECTURES
from ml.architectures.contract import Architecture
from ml.architectures.keras_files import KerasFile, open_keras_file
from ml.imaging.preprocessing import RECIPES
from ml.metrics.calibration import Calibration
from ml.release.parts import Card
from ml.release.releases import (
    DESCRIPTION,
    Release,
    ReleaseError,
    ReleaseMalformedError,
    ReleaseUnsupportedError,
    file_sha256,
    write_release,
)

WEIGHTS: Final = "weights.npz"


def release_from_keras(
    *,
    source: Path,
    target: Path,
    name: str,
    version: str,
    preprocessing: str = "resize-rgb-255-1",
    threshold: float = 0.5,
    provenance: str,
    positive_class: int = 1,
    architecture: str | None = None,
) -> Release:
    """Convert a Keras file into a release folder.

    Nothing in the file is executed: arrays are read as numbers, and the architecture finds its own
    among them (for VGG16 `ml.architectures.vgg16.keras_import`).

    Args:
        source: a `.h5` or `.keras` file, whole or weights only, VGG16 nested or flat, its last
            maps flattened or averaged. What folds exactly into plain layers is folded.
        target: folder to make; it may exist, but without a release in it.
        name, version: identity of the new release.
        preprocessing: how the model's training images were prepared, a name in
            `ml.imaging.preprocessing.RECIPES`; the file cannot tell.
        threshold: probability from which on the label is "tumor", between 0 and 1.
        provenance: who trained the model, on what; shown on its card.
        positive_class: which class of the model is a tumor, 0 or 1: of one output, 1 where it is
            the probability of a tumor and 0 where it is that of none. The file cannot tell.
        architecture: which network the file holds, a name in `ml.architectures.ARCHITECTURES`;
            None: the one that it looks like.

    Returns:
        The release as written: identity calibration, no scores.

    Raises:
        WrongArchitectureError: the file holds another network; the message says what differs.
        ReleaseError: the file is missing or broken, the preprocessing or the architecture is
            unknown, the threshold does not lie between 0 and 1, or the target holds a release
            already.
    """
    if preprocessing not in RECIPES:
        names = ", ".join(RECIPES)
        raise ReleaseUnsupportedError(
            f"There is no preprocessing {preprocessing!r}; choose one of: {names}."
        )
    if not 0.0 < threshold < 1.0:
        raise ReleaseMalformedError(f"The threshold must lie between 0 and 1, not {threshold}.")
    if positive_class not in (0, 1):
        raise ReleaseMalformedError(f"The positive class is 0 or 1, not {positive_class}.")
    if architecture is not None and architecture not in ARCHITECTURES:
        names = ", ".join(ARCHITECTURES)
        raise ReleaseUnsupportedError(
            f"There is no architecture {architecture!r}; choose one of: {names}."
        )
    check_target(target)
    with open_keras_file(source) as file:
        network = _network_of(file) if architecture is None else ARCHITECTURES[architecture]
        weights = network.weights_from_keras(file, positive_class=positive_class)
    target.mkdir(parents=True, exist_ok=True)
    network.write_weights(target / WEIGHTS, weights)
    release = Release(
        directory=target,
        name=name,
        version=version,
        weights=WEIGHTS,
        sha256=file_sha256(target / WEIGHTS),
        preprocessing=preprocessing,
        input_size=network.input_shape[0],
        threshold=threshold,
        calibration=Calibration(),
        gate="contrast-and-color-1",
        provenance=provenance,
        scores=(),
        card=_card(preprocessing=preprocessing, positive_class=positive_class),
        created=datetime.now(tz=UTC).date(),
        architecture=network.name,
        widths=network.widths_of(weights),
    )
    write_release(release)
    return release


def _network_of(file: KerasFile) -> Architecture:
    """The architecture that a file looks like; where it looks like none, the first, which says so.

    Raises:
        ReleaseMalformedError: its description cannot be read.
    """
    first, *others = ARCHITECTURES.values()
    return next((one for one in others if one.looks_like(file)), first)


def _card(*, preprocessing: str, positive_class: int) -> Card:
    return Card(
        intended_use=(
            "A second reader beside a radiologist, for research. The AI result is not a diagnosis."
        ),
        training="Trained outside NeuroScan; see the provenance.",
        testing="Not tested by NeuroScan. Measure it before anyone relies on it.",
        limits=(
            "Its probability is not calibrated.",
            f"That class {positive_class} of the model is a tumor, and that its training images "
            f"were prepared as {preprocessing}, was stated by whoever converted it.",
        ),
    )


def check_target(target: Path) -> None:
    """Releases are frozen: refuse a folder that already holds one.

    Raises:
        ReleaseError: there is a release in the folder.
    """
    if (target / DESCRIPTION).exists():
        raise ReleaseError(f"{target} already holds a release; choose another folder.")
