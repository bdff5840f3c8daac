"""Every channel of a trunk brought to unit variance, without changing what is computed from it.

ImageNet's VGG16 has channels that reach into the hundreds: a decoder that is put on them at random
weights starts with a loss of hundreds. And a batch normalization that was only made up (mean 0,
variance 1) is thrown over by the first batch, the features with it. So the answers of each
convolution are divided by their deviation on training slices, which the next kernels make good, and
batch normalization gets the mean and variance that were measured, with gamma and beta such that it
changes nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
from keras import ops

from ml.architectures.vgg16.decoder import DECODER_BLOCKS, SOURCES
from ml.architectures.vgg16.network import LAST_CONVOLUTION
from ml.imaging.pixels import Float32Array
from ml.training.data.cache import Cache
from ml.training.loop.batches import as_input
from ml.training.loop.folding import CONVOLUTIONS, EPSILON, fold_convolutions

SAMPLE: Final = 32  # slices: at 224 px block 1 then takes 0.4 GB, and block 5 still has 6,272 cells
_CHUNK: Final = 8  # slices in one convolution
_DEAD: Final = 1e-6  # of a layer's largest deviation: a channel below it says nothing


@dataclass(frozen=True, kw_only=True, slots=True)
class UnitVariance:
    """A trunk of unit variance.

    Attributes:
        arrays: `<layer>/<index>` of the training network with batch normalization; heads and
            decoder where there were some, and then their logits are what they were.
        scales: convolution to what its answers were divided by, one number a channel, above 0.
    """

    arrays: dict[str, Float32Array]
    scales: dict[str, Float32Array]


def training_sample(cache: Cache, *, size: int, seed: int) -> Float32Array:
    """Training slices to measure on, as the network reads them: (N, size, size, 3), 0 to 1."""
    rows = cache.indices("train")
    drawn = np.random.default_rng(seed).permutation(len(rows))[:SAMPLE]
    return np.stack([as_input(np.asarray(cache.images[rows[i]]), size=size) for i in drawn])


def bring_to_unit_variance(
    arrays: Mapping[str, Float32Array], *, images: Float32Array
) -> UnitVariance:
    """Bring every channel to unit variance on a sample.

    Args:
        arrays: `<layer>/<index>` of a training network, with batch normalization or with biases;
            its trunk alone, or with what reads it.
        images: the sample, (N, size, size, 3) in 0..1.

    Raises:
        KeyError: an array of the trunk is missing.
        ValueError: one has a shape that does not fit the others.
    """
    plain = fold_convolutions(arrays)
    changed = {name: value for name, value in arrays.items() if not name.startswith("block")}
    scales: dict[str, Float32Array] = {}
    values = [images[first : first + _CHUNK] for first in range(0, len(images), _CHUNK)]
    scale = np.ones(images.shape[-1], dtype=np.float32)
    for convolution, normalization in CONVOLUTIONS:
        kernel = plain[f"{convolution}/kernel"] * scale[:, np.newaxis]
        bias = plain[f"{convolution}/bias"]
        if convolution.endswith("conv1") and scales:
            values = [_pooled(value) for value in values]
        values = [_convolved(value, kernel) for value in values]
        mean, deviation = _measured(values)
        alive = deviation > _DEAD * max(float(deviation.max()), _DEAD)
        scale = np.where(alive, deviation, np.float32(1.0)).astype(np.float32)
        mean, variance = mean / scale, np.square(deviation / scale)
        changed[f"{convolution}/0"] = kernel / scale
        gamma, beta = np.sqrt(variance + np.float32(EPSILON)), mean + bias / scale
        for index, array in enumerate((gamma, beta, mean, variance)):
            changed[f"{normalization}/{index}"] = array.astype(np.float32)
        for value in values:
            value /= scale
            value += bias / scale
            np.maximum(value, 0.0, out=value)
        scales[convolution] = scale
    return UnitVariance(arrays=_made_good(changed, scales=scales), scales=scales)


def _made_good(
    arrays: dict[str, Float32Array], *, scales: Mapping[str, Float32Array]
) -> dict[str, Float32Array]:
    """Multiply what reads the trunk by what its answers were divided by."""
    readers = {f"lat{block}/0": SOURCES[block] for block in DECODER_BLOCKS}
    readers |= {"typ/0": LAST_CONVOLUTION, "dense/0": LAST_CONVOLUTION}
    good = dict(arrays)
    for name, source in readers.items():
        if name in arrays:
            kernel, scale = arrays[name], scales[source]
            # A Flatten head reads the channels once a cell.
            by_cell = kernel.reshape(-1, len(scale), kernel.shape[-1]) * scale[:, np.newaxis]
            good[name] = by_cell.reshape(kernel.shape)
    return good


def _convolved(values: Float32Array, kernel: Float32Array) -> Float32Array:
    found = ops.conv(values, kernel, padding="same", data_format="channels_last")
    return np.array(ops.convert_to_numpy(found), dtype=np.float32)


def _pooled(values: Float32Array) -> Float32Array:
    found = ops.max_pool(values, 2, strides=2, data_format="channels_last")
    return np.asarray(ops.convert_to_numpy(found), dtype=np.float32)


def _measured(values: list[Float32Array]) -> tuple[Float32Array, Float32Array]:
    """Mean and deviation of each channel over all chunks; they are told apart by their means."""
    axes = (0, 1, 2)
    counts = np.array([len(value) for value in values], dtype=np.float64)
    share = (counts / counts.sum())[:, np.newaxis]
    means = np.stack([value.mean(axis=axes, dtype=np.float64) for value in values])
    mean = (share * means).sum(axis=0)
    squares = np.stack(
        [
            np.square(value - mean.astype(np.float32)).mean(axis=axes, dtype=np.float64)
            for value in values
        ]
    )
    variance = (share * squares).sum(axis=0)
    return mean.astype(np.float32), np.sqrt(variance).astype(np.float32)
