"""A release with all that an engine may need, made in a second."""

from dataclasses import replace
from pathlib import Path

import numpy as np

from ml.architectures.vgg16.decoder import DECODER_FILE, decoder_shapes, write_decoder
from ml.architectures.vgg16.network import BLOCKS, FULL, HIDDEN, Widths
from ml.architectures.vgg16.weights import read_weights, write_weights
from ml.release.int8 import INT8_FILE, Int8Layer, write_int8
from ml.release.parts import EngineParity, Evidence, RegionSettings
from ml.release.releases import Release, file_sha256, read_release, write_release
from ml.release.weights import expected_shapes
from ml.tests.widths import random_weights


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


def write_full_release(
    folder: Path, *, shipped: Path, widths: Widths = FULL, evidence: Evidence | None = None
) -> Release:
    """A network and a decoder at random, and hand-made 8-bit numbers.

    The rest is the shipped release's.
    """
    write_weights(folder / "weights.npz", random_weights(widths))
    rng = np.random.default_rng(1)
    arrays = {
        name: (0.05 * rng.standard_normal(shape)).astype(np.float32)
        for name, shape in expected_shapes(decoder_shapes(widths)).items()
    }
    write_decoder(folder / DECODER_FILE, arrays, widths=widths)
    weights = read_weights(folder / "weights.npz", widths=widths)
    layers = {}
    high = 3.0  # how far activations reach
    for block, convolutions in enumerate(BLOCKS, start=1):
        for index in range(1, len(convolutions) + 1):
            layer = f"block{block}_conv{index}"
            layers[layer] = _layer(weights, layer, high=high)
    del layers["block1_conv1"]
    layers[HIDDEN] = _layer(weights, HIDDEN, high=high)
    write_int8(folder / INT8_FILE, layers)
    names = (DECODER_FILE, INT8_FILE)
    release = replace(
        read_release(shipped),
        directory=folder,
        sha256=file_sha256(folder / "weights.npz"),
        widths=widths.in_release,
        files={name: file_sha256(folder / name) for name in names},
        regions=RegionSettings(file=DECODER_FILE, threshold=0.5, least_cells=4),
        evidence=evidence,
        engines=(),
        gate="none",
    )
    write_release(release)
    return release


def _layer(weights: dict[str, np.ndarray], layer: str, *, high: float) -> Int8Layer:
    kernel = weights[f"{layer}/kernel"]
    largest = np.abs(kernel).reshape(-1, kernel.shape[-1]).max(axis=0)
    return Int8Layer(
        range=np.array([0.0, high], np.float32),
        step=(np.maximum(largest, 1e-6) / 127).astype(np.float32),
        bias=weights[f"{layer}/bias"],
    )
