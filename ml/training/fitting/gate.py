"""Fit the gate `brain-mri-1` to a release's weights.

    python -m ml.training.fit_gate --release DIR --data DIR

writes `gate.npz` into the release and names it in release.json. It learns from slices of the
training split, as they are, turned and changed (`ml.training.augmentation.gate_set`), and from
drawings of other things (`ml.training.gate_negatives`); its limits are set on the validation split.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

import numpy as np

from ml.cli.progress import ProgressBar
from ml.engines import Engine, EngineError, open_engine
from ml.gate.brain_mri import GATE_FILE, NAME
from ml.imaging.pixels import Float32Array, Pixels, Uint8Array, to_gray
from ml.imaging.preprocessing import RECIPES, Recipe
from ml.release.releases import Release, ReleaseError, file_sha256, read_release, write_release
from ml.training.augmentation.gate_set import change_some, turn
from ml.training.data.arguments import add_data_argument
from ml.training.data.folders import Folders, read_slices
from ml.training.data.manifest import DataError, Slice, read_image
from ml.training.fitting.gate_statistics import fit_feature_distance, fit_similarity
from ml.training.fitting.quantize import draw as draw_slices
from ml.training.gate_negatives import FITTED, draw

# With 1800 slices in two versions and 80 drawings a family, 20 % of the slices of a source that was
# left out of the fit were refused; with these 7 %, at about the same share of other things.
SLICES: Final = 2400  # of the training split, each in the four versions of `_versions`
DRAWN_EACH: Final = 200  # images of each family of negatives
HELD_OUT: Final = 500  # of the validation split, likewise in four versions
SEEN_FITTED: Final = 1000  # of the training versions, and of the held out ones: seen by the network
SEEN_HELD_OUT: Final = 600
_BATCH = 8


def fit_gate(
    *,
    release: Release,
    data: Folders,
    engine: str = "openvino-f32",
    slices: int = SLICES,
    drawn_each: int = DRAWN_EACH,
    seed: int = 1,
) -> Release:
    """Fit the gate and add it to the release.

    Args:
        release: its weights are read.
        data: folder or folders as `ml.training.data.folders` reads them; the splits train and
            val are used.
        engine: one of `ml.engines.CHOICES`.
        slices: how many of the training split, evenly over source and class.
        drawn_each: how many drawings of each family.
        seed: of every draw: the same seed, data and weights give the same gate.

    Returns:
        The release with gate and file; its release.json is written too.

    Raises:
        ReleaseError: a file of the release is missing, altered or malformed.
        EngineError: the engine cannot run here.
        DataError: the data folder is not what it must be.
    """
    recipe = RECIPES[release.preprocessing]
    fitted = _slices(data, split="train", images=slices, recipe=recipe, seed=seed)
    held_out = _slices(data, split="val", images=HELD_OUT, recipe=recipe, seed=seed)
    others = [_prepare(image, recipe) for _, image in draw(FITTED, each=drawn_each, seed=seed)]
    arrays = fit_similarity(fitted, others, held_out=held_out)
    runs = open_engine(engine, release=release)
    arrays |= fit_feature_distance(
        _features(fitted[:SEEN_FITTED], engine=runs, words="Gate, training split"),
        held_out=_features(held_out[:SEEN_HELD_OUT], engine=runs, words="Gate, validation split"),
    )
    with (release.directory / GATE_FILE).open("wb") as file:
        np.savez(file, allow_pickle=False, **arrays)
    files = {**release.files, GATE_FILE: file_sha256(release.directory / GATE_FILE)}
    release = replace(release, gate=NAME, files=files)
    write_release(release)
    return release


def _slices(
    data: Folders, *, split: str, images: int, recipe: Recipe, seed: int
) -> list[Uint8Array]:
    """Slices of a split, prepared for the network, each in its four versions."""
    rng = np.random.default_rng(seed)
    drawn: list[Slice] = draw_slices(read_slices(data, split=split), images=images, seed=seed)
    return [
        _prepare(version, recipe)
        for item in drawn
        for version in _versions(to_gray(read_image(item.path)), rng)
    ]


def _versions(gray: Uint8Array, rng: np.random.Generator) -> Iterator[Uint8Array]:
    """A slice as it is, with changes, turned or mirrored, and turned with changes."""
    yield gray
    yield change_some(gray, rng)
    yield turn(gray, int(rng.integers(4)), mirrored=bool(rng.integers(2)))
    yield change_some(turn(gray, int(rng.integers(4)), mirrored=bool(rng.integers(2))), rng)


def _prepare(image: Pixels, recipe: Recipe) -> Uint8Array:
    gray: Uint8Array = np.rint(recipe(image).tensor[:, :, 0] * np.float32(255)).astype(np.uint8)
    return gray


def _features(images: Sequence[Uint8Array], *, engine: Engine, words: str) -> Float32Array:
    progress = ProgressBar(words, total=len(images))
    found = []
    for first in range(0, len(images), _BATCH):
        part = np.stack(images[first : first + _BATCH]).astype(np.float32) / np.float32(255)
        output = engine.forward(np.repeat(part[..., np.newaxis], 3, axis=3))
        found.append(output.maps.mean(axis=(1, 2)))
        progress(first + len(part))
    return np.concatenate(found)


def main(arguments: Sequence[str] | None = None) -> int:
    """The command line; returns the exit status."""
    parser = argparse.ArgumentParser(prog="python -m ml.training.fit_gate")
    parser.add_argument("--release", type=Path, required=True, help="release folder")
    add_data_argument(parser)
    parser.add_argument("--engine", default="openvino-f32", help="reads the slices")
    options = parser.parse_args(arguments)
    try:
        fit_gate(release=read_release(options.release), data=options.data, engine=options.engine)
    except (DataError, EngineError, ReleaseError) as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0
