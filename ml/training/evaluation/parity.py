"""Measure how far each engine's answers are from the reference engine's, on one split.

    python -m ml.training.parity --release DIR --data DIR

writes what it finds into release.json. "auto" then chooses among the engines that hold.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt

from ml.architectures import class_map_of
from ml.engines import (
    ENGINES,
    REFERENCE,
    Engine,
    EngineError,
    open_engine,
)
from ml.imaging.heatmap import heatmap_in_image_grid
from ml.imaging.pixels import Uint8Array
from ml.imaging.preprocessing import RECIPES
from ml.metrics.classification import auc
from ml.release.int8 import INT8_FILE
from ml.release.parts import EngineParity
from ml.release.releases import Release, ReleaseError, read_release, write_release
from ml.training.data.arguments import add_data_argument
from ml.training.data.folders import Folders, read_slices
from ml.training.data.manifest import DataError, Slice, read_image

CLOSE: Final = 0.02  # a difference of probability that no reader would act on
LEAST_WITHIN: Final = 0.99
MOST_AUC_LOSS: Final = 0.002
LEAST_CORRELATION: Final = 0.95


@dataclass(frozen=True, kw_only=True, slots=True)
class Answers:
    """What one engine says of every image.

    Attributes:
        probabilities: calibrated, float64, shape (N,).
        heatmaps: as a reader sees them, uint8, in each image's own pixel grid.
    """

    probabilities: npt.NDArray[np.float64]
    heatmaps: list[Uint8Array]


def measure(*, release: Release, data: Folders, split: str = "test") -> Release:
    """Run every engine that can run here on a split and compare it with the reference.

    Every image is run, those too that the release's gate would turn away.

    Args:
        release: its files are read; `engines` is replaced.
        data: folder or folders as `ml.training.data.folders` reads them.
        split: which slices.

    Returns:
        The release with its engines; its release.json is written too.

    Raises:
        EngineError: the reference engine is not installed.
        ReleaseError: a file of the release is missing, altered or malformed.
        DataError: the data folder is not what it must be.
    """
    slices = read_slices(data, split=split)
    truths = np.array([item.tumor for item in slices], dtype=bool)
    reference = answer(open_engine(REFERENCE, release=release), release=release, slices=slices)
    found = []
    for name in ENGINES:
        try:
            engine = open_engine(name, release=release) if name != REFERENCE else None
        except EngineError as error:
            sys.stderr.write(f"{name} is left out: {error}\n")
            continue
        found.append(
            compare(
                name,
                reference if engine is None else answer(engine, release=release, slices=slices),
                reference=reference,
                truths=truths,
                dataset=f"{split} split",
            )
        )
    release = replace(release, engines=tuple(found))
    write_release(release)
    return release


def answer(engine: Engine, *, release: Release, slices: Sequence[Slice]) -> Answers:
    """Run an engine on every slice, prepared and calibrated as the release says.

    Raises:
        DataError: an image is missing or broken.
    """
    recipe = RECIPES[release.preprocessing]
    class_map = class_map_of(release)
    probabilities, heatmaps = [], []
    for item in slices:
        prepared = recipe(read_image(item.path))
        output = engine.forward(prepared.tensor[np.newaxis])
        probabilities.append(release.calibration.probability(float(output.logits[0])))
        cam = class_map(maps=output.maps, hidden=output.hidden, shares=output.shares)[0]
        heatmaps.append(heatmap_in_image_grid(cam, geometry=prepared.geometry)[0])
    return Answers(probabilities=np.array(probabilities), heatmaps=heatmaps)


def compare(
    name: str,
    answers: Answers,
    *,
    reference: Answers,
    truths: npt.NDArray[np.bool_],
    dataset: str,
) -> EngineParity:
    """Compare an engine's answers with the reference engine's on the same images.

    Args:
        name: of the engine.
        answers, reference: for the same N images in the same order, N at least 1.
        truths: shape (N,), True for tumors.
        dataset: which images, in words.
    """
    differences = np.abs(answers.probabilities - reference.probabilities)
    within = float((differences <= CLOSE).mean())
    both_classes = bool(truths.any() and not truths.all())
    auc_loss = (
        auc(reference.probabilities, truths) - auc(answers.probabilities, truths)
        if both_classes
        else 0.0
    )
    pairs = zip(answers.heatmaps, reference.heatmaps, strict=True)
    agreement = float(np.median([correlation(one, other) for one, other in pairs]))
    return EngineParity(
        name=name,
        files=(INT8_FILE,) if name == "openvino-int8" else (),
        dataset=dataset,
        n=len(truths),
        within=round(within, 4),
        largest_difference=round(float(differences.max()), 4),
        auc_loss=round(auc_loss, 5),
        heatmap_correlation=round(agreement, 4),
        holds=within >= LEAST_WITHIN
        and auc_loss <= MOST_AUC_LOSS
        and agreement >= LEAST_CORRELATION,
    )


def correlation(one: Uint8Array, other: Uint8Array) -> float:
    """Pearson's correlation of two heatmaps of one shape, -1 to 1.

    Where one of them is constant there is none; then it is 1 if they are equal, and else 0.
    """
    a, b = (image.astype(np.float64).ravel() - image.mean() for image in (one, other))
    norms = float(np.linalg.norm(a) * np.linalg.norm(b))
    if norms == 0.0:
        return float(np.array_equal(one, other))
    return float(a @ b) / norms


def table(release: Release) -> str:
    """The engines of a release as lines of text."""
    return "".join(
        f"{item.name:14} {'holds' if item.holds else 'does not hold'}: "
        f"{item.within:.2%} within {CLOSE}, largest difference {item.largest_difference}, "
        f"AUC loss {item.auc_loss}, median heatmap correlation {item.heatmap_correlation}\n"
        for item in release.engines
    )


def main(arguments: Sequence[str] | None = None) -> int:
    """The command line; returns the exit status."""
    parser = argparse.ArgumentParser(prog="python -m ml.training.parity")
    parser.add_argument("--release", type=Path, required=True, help="folder, written to")
    add_data_argument(parser)
    parser.add_argument("--split", default="test", help="train, val or test (default: test)")
    options = parser.parse_args(arguments)
    try:
        release = read_release(options.release)
        release = measure(release=release, data=options.data, split=options.split)
    except (DataError, EngineError, ReleaseError) as error:
        sys.stderr.write(f"{error}\n")
        return 1
    sys.stdout.write(table(release))
    return 0
