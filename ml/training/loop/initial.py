"""Weights to start from: a training checkpoint, a release's weights, or ImageNet's."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import numpy as np

from ml.architectures.vgg16.network import HIDDEN, OUTPUT
from ml.imaging.pixels import Float32Array
from ml.release.archives import ArchiveError, read_archive
from ml.training.loop.config import Config
from ml.training.loop.folding import CONVOLUTIONS, EPSILON, fold

IMAGENET: Final = "imagenet"
_IMAGENET_MEAN_BGR: Final = (103.939, 116.779, 123.68)


class InitError(Exception):
    """There is nothing to start from; the message is a full sentence."""


def read_start(source: str, *, config: Config) -> dict[str, Float32Array]:
    """Arrays for `ml.training.loop.network.set_arrays`, whatever they come from.

    Args:
        source: "imagenet" (downloaded by `keras.applications`), a Keras `.h5` of VGG16 without
            its top, or an `.npz` of a training network or of a release.
        config: of the network that is to be started.

    Raises:
        InitError: the file is missing, unreadable or something else.
    """
    if source == IMAGENET or source.endswith(".h5"):
        arrays = _imagenet(source)
    else:
        try:
            arrays = {
                name: array.astype(np.float32) for name, array in read_archive(Path(source)).items()
            }
        except (FileNotFoundError, ArchiveError) as error:
            raise InitError(f"The file {source} cannot be started from: {error}.") from error
    arrays = _renamed(arrays)
    if "block1_conv1/0" not in arrays:
        raise InitError(f"The file {source} holds no VGG16; give a training or release .npz.")
    arrays = _normalized(arrays) if config.batch_norm else _folded(arrays)
    return grow_head(arrays, cells=(config.size // 32) ** 2) if config.head == "flatten" else arrays


def grow_head(arrays: dict[str, Float32Array], *, cells: int) -> dict[str, Float32Array]:
    """Let a pooled head become a Flatten head that gives the same logits.

    The pooled head multiplies the mean over the cells; so a kernel that is the same at every cell,
    divided by their number, gives the same sum.
    """
    kernel, last = arrays.get("dense/0"), arrays["block5_conv3/0"]
    if kernel is None or kernel.shape[0] != last.shape[-1] or cells == 1:
        return arrays
    return {**arrays, "dense/0": np.tile(kernel, (cells, 1)) / np.float32(cells)}


def _renamed(arrays: dict[str, Float32Array]) -> dict[str, Float32Array]:
    """Names of a release (`dense_1/kernel`) as names of the training network (`bin/0`)."""
    layers = {HIDDEN: "dense", OUTPUT: "bin"}
    parts = {"kernel": "0", "bias": "1"}
    renamed = {}
    for name, array in arrays.items():
        layer, _, part = name.rpartition("/")
        renamed[f"{layers.get(layer, layer)}/{parts.get(part, part)}"] = array
    return renamed


def _normalized(arrays: dict[str, Float32Array]) -> dict[str, Float32Array]:
    """Give convolutions with a bias a batch normalization that does the same in inference."""
    normalized = dict(arrays)
    for convolution, normalization in CONVOLUTIONS:
        bias = normalized.pop(f"{convolution}/1", None)
        if bias is not None:
            one, zero = np.ones_like(bias), np.zeros_like(bias)
            gamma = one * np.float32(np.sqrt(1.0 + EPSILON))
            for index, array in enumerate((gamma, bias, zero, one)):
                normalized[f"{normalization}/{index}"] = array
    return normalized


def _folded(arrays: dict[str, Float32Array]) -> dict[str, Float32Array]:
    if "block1_bn1/0" not in arrays:
        return arrays
    others = {name: value for name, value in arrays.items() if not name.startswith("block")}
    return {**others, **_renamed(fold(arrays))}


def _imagenet(source: str) -> dict[str, Float32Array]:
    """ImageNet's VGG16, its own input scaling (BGR, 0 to 255, less the mean) moved into conv 1.

    Exact but for the outermost ring of pixels, where zero padding now is black, not the mean.
    """
    import keras

    try:
        model = keras.applications.VGG16(include_top=False, weights=source)
    except Exception as error:
        raise InitError(
            f"VGG16's ImageNet weights cannot be had from {source!r}: {error}. Download the file "
            "elsewhere and name it with --init."
        ) from error
    arrays = {
        f"{layer.name}/{index}": np.asarray(array, dtype=np.float32)
        for layer in model.layers
        for index, array in enumerate(layer.get_weights())
    }
    kernel = arrays["block1_conv1/0"]
    mean = np.asarray(_IMAGENET_MEAN_BGR, dtype=np.float32)
    arrays["block1_conv1/1"] -= np.einsum("hwco,c->o", kernel, mean)
    arrays["block1_conv1/0"] = kernel[:, :, ::-1] * np.float32(255.0)
    return arrays
