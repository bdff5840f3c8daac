"""Weights to start from: a training checkpoint, a release's weights, or ImageNet's.

A trunk that was never trained here (ImageNet's, whole or halved) and a network without batch
normalization whose training is to have it are first brought to unit variance
(`ml.training.loop.unit_variance`), which does not change what they compute.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Final

import numpy as np

from ml.architectures.vgg16.network import HIDDEN, HIDDEN_UNITS, OUTPUT
from ml.imaging.pixels import Float32Array
from ml.release.archives import ArchiveError, read_archive
from ml.training.loop.config import Config
from ml.training.loop.evidence import weigh_anew
from ml.training.loop.folding import fold_convolutions
from ml.training.loop.heads import grow_head, grow_hidden
from ml.training.loop.unit_variance import bring_to_unit_variance

IMAGENET: Final = "imagenet"
_IMAGENET_MEAN_BGR: Final = (103.939, 116.779, 123.68)


class InitError(Exception):
    """There is nothing to start from; the message is a full sentence."""


def read_start(
    source: str, *, config: Config, sample: Callable[[], Float32Array]
) -> dict[str, Float32Array]:
    """Arrays for `ml.training.loop.network.set_arrays`, whatever they come from.

    Args:
        source: "imagenet" (downloaded by `keras.applications`), a Keras `.h5` of VGG16 without
            its top, or an `.npz` of a training network or of a release.
        config: of the network that is to be started.
        sample: gives the training slices on which variances are measured, where that is needed,
            as `ml.training.loop.unit_variance.training_sample` draws them.

    Raises:
        InitError: the file is missing, unreadable or something else.
        KeyError, ValueError: it is of another network.
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
    if "dense/0" not in arrays or (config.batch_norm and "block1_bn1/0" not in arrays):
        arrays = bring_to_unit_variance(arrays, images=sample()).arrays
    if not config.batch_norm:
        arrays = _folded(arrays)
    arrays = weigh_anew(grow_hidden(arrays, units=HIDDEN_UNITS), config=config)
    return grow_head(arrays, cells=(config.size // 32) ** 2) if config.head == "flatten" else arrays


def _renamed(arrays: dict[str, Float32Array]) -> dict[str, Float32Array]:
    """Names of a release (`dense_1/kernel`) as names of the training network (`bin/0`)."""
    layers = {HIDDEN: "dense", OUTPUT: "bin"}
    parts = {"kernel": "0", "bias": "1"}
    renamed = {}
    for name, array in arrays.items():
        layer, _, part = name.rpartition("/")
        renamed[f"{layers.get(layer, layer)}/{parts.get(part, part)}"] = array
    return renamed


def _folded(arrays: dict[str, Float32Array]) -> dict[str, Float32Array]:
    if "block1_bn1/0" not in arrays:
        return arrays
    others = {name: value for name, value in arrays.items() if not name.startswith("block")}
    return {**others, **_renamed(fold_convolutions(arrays))}


def _imagenet(source: str) -> dict[str, Float32Array]:
    """ImageNet's VGG16, to be fed with what we feed: RGB in 0..1."""
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
    kernel, bias = scale_into_first_layer(arrays["block1_conv1/0"], arrays["block1_conv1/1"])
    return {**arrays, "block1_conv1/0": kernel, "block1_conv1/1": bias}


def scale_into_first_layer(
    kernel: Float32Array, bias: Float32Array
) -> tuple[Float32Array, Float32Array]:
    """Move `keras.applications.vgg16.preprocess_input` (BGR, 0 to 255, less the mean) into conv 1.

    Exact but for the outermost ring of pixels, where zero padding now is black, not the mean.

    Returns:
        Kernel (3, 3, 3, C) and bias (C,) of a layer that gives for RGB in 0..1 what the layer
        given gives for it preprocessed.
    """
    mean = np.asarray(_IMAGENET_MEAN_BGR, dtype=np.float32)
    moved = bias - np.einsum("hwco,c->o", kernel, mean)
    return kernel[:, :, ::-1] * np.float32(255.0), moved
