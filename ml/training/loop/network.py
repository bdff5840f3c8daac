"""The network as it is trained: VGG16 with batch normalization, two heads and a lesion decoder.

Layer names and the order of their arrays are those of `train_checkpoint.npz`. Without batch
normalization it is the release's network plus the second head and the decoder.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import keras
import numpy as np
from keras import layers

from ml.architectures.vgg16.network import BLOCKS, CHANNELS, DROPOUT, HIDDEN_UNITS
from ml.imaging.pixels import Float32Array
from ml.training.loop.classmap import ClassMap
from ml.training.loop.config import Config
from ml.training.loop.evidence import Evidence

EPSILON: Final = 1e-3  # of batch normalization
TYPES: Final = ("glioma", "meningioma", "pituitary")
MASK_STRIDE: Final = 4  # the decoder's logits are at a quarter of the input's size
CAM_STRIDE: Final = 16  # and Grad-CAM is at a sixteenth
_LATERAL: Final = 64  # channels of the decoder
_DECODER_BLOCKS: Final = (5, 4, 3)  # top-down


def build_training_network(config: Config) -> keras.Model:
    """Build the network, at random weights.

    Returns:
        A model from (N, size, size, 3) float32 in 0..1 to a dict of float32 logits: `bin` (N, 1),
        tumor; `typ` (N, 3), which tumor (`TYPES`); `seg` (N, size/4, size/4, 1), lesion; and
        `cam` (N, size/16, size/16, 1), Grad-CAM of `bin` before its negative part is cut off.
    """
    dtype, divisor = config.dtype, config.width_divisor
    image = keras.Input((config.size, config.size, CHANNELS), name="image")
    x, last = image, {}
    for block, widths in enumerate(BLOCKS, start=1):
        for index, width in enumerate(widths, start=1):
            x = layers.Conv2D(
                width // divisor,
                3,
                padding="same",
                use_bias=not config.batch_norm,
                kernel_initializer="he_normal",
                dtype=dtype,
                name=f"block{block}_conv{index}",
            )(x)
            if config.batch_norm:
                name = f"block{block}_bn{index}"
                x = layers.BatchNormalization(epsilon=EPSILON, dtype=dtype, name=name)(x)
            x = layers.ReLU(dtype=dtype, name=f"block{block}_relu{index}")(x)
        last[block] = x
        x = layers.MaxPooling2D(2, dtype=dtype, name=f"block{block}_pool")(x)
    pooled = layers.GlobalAveragePooling2D(dtype=dtype, name="average")(x)
    x = layers.Flatten(dtype=dtype, name="flatten")(x) if config.head == "flatten" else pooled
    dense = layers.Dense(HIDDEN_UNITS, activation="relu", dtype=dtype, name="dense")
    output = layers.Dense(1, dtype="float32", name="bin")
    x = active = dense(x)
    x = layers.Dropout(DROPOUT, seed=config.seed, dtype=dtype, name="dropout")(x)
    logit, read, way_back = output(x), [last[5], active], None
    decoder = _Decoder(dtype=dtype)
    decoded, lesion = decoder(last)
    if config.evidence:
        evidence = Evidence(start=config.evidence_start, name="evidence")
        logit = evidence([logit, lesion])
        read += [decoded, lesion]
        way_back = {"evidence": evidence, **decoder.layers}
    outputs = {
        "bin": logit,
        "typ": layers.Dense(len(TYPES), dtype="float32", name="typ")(pooled),
        "seg": lesion,
        "cam": ClassMap(dense=dense, output=output, evidence=way_back, name="cam")(read),
    }
    return keras.Model(image, outputs, name="neuroscan_training")


def freeze(network: keras.Model, *, blocks: int) -> None:
    """Keep the convolution blocks up to `blocks` as they are, batch statistics included.

    Args:
        network: as `build_training_network` makes it; its other layers become trainable.
        blocks: how many, 0 to 5.
    """
    frozen = tuple(f"block{block}_" for block in range(1, blocks + 1))
    for layer in network.layers:
        layer.trainable = not (frozen and layer.name.startswith(frozen))


def get_arrays(network: keras.Model) -> dict[str, Float32Array]:
    """Every weight as `<layer>/<index>`, float32; the index is Keras's within the layer."""
    return {
        f"{layer.name}/{index}": np.asarray(array, dtype=np.float32)
        for layer in network.layers
        for index, array in enumerate(layer.get_weights())
    }


def set_arrays(network: keras.Model, arrays: Mapping[str, Float32Array]) -> list[str]:
    """Put arrays into the layers they name.

    Returns:
        The names of layers for which there was none; they keep what they held.

    Raises:
        ValueError: an array has another shape than its layer.
    """
    without = []
    for layer in network.layers:
        names = [f"{layer.name}/{index}" for index in range(len(layer.weights))]
        if any(name not in arrays for name in names):
            without.append(layer.name)
        elif names:
            layer.set_weights([arrays[name] for name in names])
    return without


class _Decoder:
    """Builds the lesion decoder, and keeps its layers by name."""

    def __init__(self, *, dtype: str) -> None:
        self._dtype = dtype
        self.layers: dict[str, layers.Layer] = {}

    def __call__(self, maps: Mapping[int, Any]) -> tuple[Any, Any]:
        """Its last activations but one, (N, h, w, 64), and its logits, (N, h, w, 1)."""
        x = None
        for block in _DECODER_BLOCKS:
            lateral = self._convolution(f"lat{block}", _LATERAL, 1, maps[block])
            if x is None:
                x = lateral
            else:
                name = f"up{block}"
                options: dict[str, Any] = {"interpolation": "bilinear", "dtype": self._dtype}
                x = layers.UpSampling2D(2, name=name, **options)(x)
                x = layers.Add(dtype=self._dtype, name=f"sum{block}")([x, lateral])
        options = {"padding": "same", "activation": "relu"}
        decoded = self._convolution("segc", _LATERAL, 3, x, **options)
        return decoded, self._convolution("seg", 1, 1, decoded, dtype="float32")

    def _convolution(self, name: str, channels: int, side: int, x: Any, **options: Any) -> Any:
        options.setdefault("dtype", self._dtype)
        layer = layers.Conv2D(channels, side, name=name, **options)
        self.layers[name] = layer
        return layer(x)
