"""VGG16 with a two-layer head, one logit: its table of layers, and the network in Keras.

Simonyan and Zisserman 2015, configuration D, as `keras.applications.VGG16(include_top=False)`
names its layers, and on top Flatten, Dense 256 (ReLU), Dropout 0.5, Dense 1 (sigmoid).
The table of layers needs no Keras; only `build_network` imports it.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

import numpy as np

from ml.imaging.pixels import Float32Array

if TYPE_CHECKING:
    import keras

INPUT_SIZE: Final = 224  # side of the square input, in pixels
CHANNELS: Final = 3
MAP_SIZE: Final = 14  # side of block5_conv3's maps: four poolings halve the input four times
POOLED_SIZE: Final = 7  # and the fifth halves them once more
MAP_CHANNELS: Final = 512
HIDDEN_UNITS: Final = 256
DROPOUT: Final = 0.5

# Output channels of each convolution, block by block; all are 3 x 3, "same" padding, ReLU.
BLOCKS: Final[tuple[tuple[int, ...], ...]] = (
    (64, 64),
    (128, 128),
    (256, 256, 256),
    (512, 512, 512),
    (512, 512, 512),
)
LAST_CONVOLUTION: Final = "block5_conv3"
HIDDEN: Final = "dense"
OUTPUT: Final = "dense_1"


def _kernel_shapes() -> dict[str, tuple[int, ...]]:
    shapes: dict[str, tuple[int, ...]] = {}
    channels = CHANNELS
    for block, widths in enumerate(BLOCKS, start=1):
        for index, width in enumerate(widths, start=1):
            shapes[f"block{block}_conv{index}"] = (3, 3, channels, width)
            channels = width
    shapes[HIDDEN] = (POOLED_SIZE * POOLED_SIZE * MAP_CHANNELS, HIDDEN_UNITS)
    shapes[OUTPUT] = (HIDDEN_UNITS, 1)
    return shapes


# Layer name to the shape of its kernel, in the order of the network. Convolution kernels are
# (height, width, in, out), dense kernels (in, out); each layer's bias is (out,).
KERNEL_SHAPES: Final[Mapping[str, tuple[int, ...]]] = MappingProxyType(_kernel_shapes())


def build_network(weights: Mapping[str, Float32Array] | None = None) -> keras.Model:
    """Build the network in Keras.

    Args:
        weights: `<layer>/kernel` and `<layer>/bias` for every layer, as `read_weights` gives them;
            without them the layers hold Keras's random start.

    Returns:
        A functional model from (N, 224, 224, 3) float32 in 0..1 to (N, 1) uncalibrated
        probability of a tumor in 0..1.

    Raises:
        KeyError: an array is missing.
        ValueError: an array has another shape than its layer.
    """
    import keras
    from keras import layers

    image = keras.Input((INPUT_SIZE, INPUT_SIZE, CHANNELS), name="image")
    x = image
    for block, widths in enumerate(BLOCKS, start=1):
        for index, width in enumerate(widths, start=1):
            name = f"block{block}_conv{index}"
            x = layers.Conv2D(width, 3, padding="same", activation="relu", name=name)(x)
        x = layers.MaxPooling2D(2, name=f"block{block}_pool")(x)
    x = layers.Flatten(name="flatten")(x)
    x = layers.Dense(HIDDEN_UNITS, activation="relu", name=HIDDEN)(x)
    x = layers.Dropout(DROPOUT, name="dropout")(x)
    x = layers.Dense(1, activation="sigmoid", name=OUTPUT)(x)
    model = keras.Model(image, x, name="neuroscan_vgg16")
    if weights is not None:
        for layer in KERNEL_SHAPES:
            kernel = np.asarray(weights[f"{layer}/kernel"], dtype=np.float32)
            bias = np.asarray(weights[f"{layer}/bias"], dtype=np.float32)
            model.get_layer(layer).set_weights([kernel, bias])
    return model
