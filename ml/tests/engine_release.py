"""A release with all that an engine may need, made of the shipped weights in a second."""

from dataclasses import replace
from pathlib import Path

import numpy as np

from ml.architectures.vgg16.decoder import DECODER_FILE, DECODER_SHAPES, write_decoder
from ml.architectures.vgg16.network import BLOCKS, HIDDEN
from ml.architectures.vgg16.weights import read_weights
from ml.release.int8 import INT8_FILE, Int8Layer, write_int8
from ml.release.parts import EngineParity, RegionSettings
from ml.release.releases import Release, file_sha256, read_release, write_release
from ml.release.weights import expected_shapes


def parity(name: str, *, holds: bool) -> EngineParity:
    return EngineParity(
        name=name,
        files=(),
        dataset="test split",
        n=8,
        within=1.0 if holds else 0.5,
        largest_difference=0.01,
        auc_loss=0.0,
        heatmap_correlation=1.0,
        holds=holds,
    )


def write_full_release(folder: Path, *, shipped: Path) -> Release:
    """The shipped network with a random decoder and hand-made 8-bit numbers."""
    (folder / "weights.npz").symlink_to(shipped.resolve() / "weights.npz")
    rng = np.random.default_rng(1)
    arrays = {
        name: (0.05 * rng.standard_normal(shape)).astype(np.float32)
        for name, shape in expected_shapes(DECODER_SHAPES).items()
    }
    write_decoder(folder / DECODER_FILE, arrays)
    weights = read_weights(folder / "weights.npz")
    layers = {}
    for block, widths in enumerate(BLOCKS, start=1):
        for index in range(1, len(widths) + 1):
            layers[f"block{block}_conv{index}"] = _layer(weights, f"block{block}_conv{index}")
    del layers["block1_conv1"]
    layers[HIDDEN] = _layer(weights, HIDDEN)
    write_int8(folder / INT8_FILE, layers)
    names = (DECODER_FILE, INT8_FILE)
    release = replace(
        read_release(shipped),
        directory=folder,
        files={name: file_sha256(folder / name) for name in names},
        regions=RegionSettings(file=DECODER_FILE, threshold=0.5, least_cells=4),
        engines=(),
        gate="none",
    )
    write_release(release)
    return release


def _layer(weights: dict[str, np.ndarray], layer: str) -> Int8Layer:
    kernel = weights[f"{layer}/kernel"]
    largest = np.abs(kernel).reshape(-1, kernel.shape[-1]).max(axis=0)
    return Int8Layer(
        range=np.array([0.0, 12.0], np.float32),
        step=(np.maximum(largest, 1e-6) / 127).astype(np.float32),
        bias=weights[f"{layer}/bias"],
    )
