"""VGG16 with a two-layer head, one logit: its table of layers, and the network in Keras.

Simonyan and Zisserman 2015, configuration D, as `keras.applications.VGG16(include_top=False)`
names its layers, and on top Flatten, Dense 256 (ReLU), Dropout 0.5, Dense 1 (sigmoid).
How many channels each convolution has is a value (`Widths`): VGG16's own, or fewer.
The table of layers needs no Keras; only `build_network` imports it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

import numpy as np

from ml.imaging.pixels import Float32Array
from ml.release.releases import WrongArchitectureError

if TYPE_CHECKING:
    import keras

INPUT_SIZE: Final = 224  # side of the square input, in pixels
CHANNELS: Final = 3
MAP_SIZE: Final = 14  # side of block5_conv3's maps: four poolings halve the input four times
POOLED_SIZE: Final = 7  # and the fifth halves them once more
HIDDEN_UNITS: Final = 256
DROPOUT: Final = 0.5

# VGG16's own output channels of each convolution, block by block; all are 3 x 3, "same" padding,
# ReLU.
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


@dataclass(frozen=True, slots=True)
class Widths:
    """The output channels of each convolution, block by block; the head keeps its own size.

    Raises:
        ValueError: there are not as many convolutions as VGG16 has, or one has no channel.
    """

    blocks: tuple[tuple[int, ...], ...] = BLOCKS

    def __post_init__(self) -> None:
        found, needed = (tuple(map(len, blocks)) for blocks in (self.blocks, BLOCKS))
        if found != needed:
            raise ValueError(f"VGG16's blocks have {needed} convolutions; these have {found}.")
        if min(width for block in self.blocks for width in block) < 1:
            raise ValueError(f"Every convolution needs a channel; these widths are {self}.")

    def __str__(self) -> str:
        return ", ".join("-".join(map(str, block)) for block in self.blocks)

    @property
    def map_channels(self) -> int:
        """Channels of block5_conv3."""
        return self.blocks[-1][-1]

    @property
    def in_release(self) -> tuple[tuple[int, ...], ...] | None:
        """As `Release.widths` has them: None for VGG16's own."""
        return None if self.blocks == BLOCKS else self.blocks

    def kernel_shapes(self) -> dict[str, tuple[int, ...]]:
        """Layer name to the shape of its kernel, in the order of the network.

        Convolution kernels are (height, width, in, out), dense kernels (in, out); each layer's
        bias is (out,).
        """
        shapes: dict[str, tuple[int, ...]] = {}
        channels = CHANNELS
        for block, widths in enumerate(self.blocks, start=1):
            for index, width in enumerate(widths, start=1):
                shapes[f"block{block}_conv{index}"] = (3, 3, channels, width)
                channels = width
        shapes[HIDDEN] = (POOLED_SIZE * POOLED_SIZE * channels, HIDDEN_UNITS)
        shapes[OUTPUT] = (HIDDEN_UNITS, 1)
        return shapes


FULL: Final = Widths()
KERNEL_SHAPES: Final[Mapping[str, tuple[int, ...]]] = MappingProxyType(FULL.kernel_shapes())


def widths_of(shapes: Mapping[str, Sequence[int]], *, kernel: str = "kernel") -> Widths:
    """The widths that arrays have.

    Args:
        shapes: array name to shape; only those of the convolutions' kernels are looked at.
        kernel: what follows the layer in the name of its kernel: "0" in a training network.

    Raises:
        WrongArchitectureError: a convolution is missing, or its kernel is none.
    """
    found = []
    for block, convolutions in enumerate(BLOCKS, start=1):
        names = [f"block{block}_conv{i}/{kernel}" for i in range(1, len(convolutions) + 1)]
        for name in names:
            if name not in shapes:
                raise WrongArchitectureError(f"The weights lack {name}, which this network needs.")
            if len(shapes[name]) != 4 or min(shapes[name]) < 1:
                raise WrongArchitectureError(
                    f"{name} has the shape {tuple(shapes[name])}, which is no convolution's."
                )
        found.append(tuple(int(shapes[name][-1]) for name in names))
    return Widths(tuple(found))


def build_network(
    weights: Mapping[str, Float32Array] | None = None, *, widths: Widths = FULL
) -> keras.Model:
    """Build the network in Keras.

    Args:
        weights: `<layer>/kernel` and `<layer>/bias` for every layer, as `read_weights` gives them;
            without them the layers hold Keras's random start.
        widths: of a network without weights; arrays say theirs themselves.

    Returns:
        A functional model from (N, 224, 224, 3) float32 in 0..1 to (N, 1) uncalibrated
        probability of a tumor in 0..1.

    Raises:
        WrongArchitectureError: a convolution's kernel is missing.
        KeyError: another array is missing.
        ValueError: an array has another shape than its layer.
    """
    import keras
    from keras import layers

    units = HIDDEN_UNITS if weights is None else len(weights[f"{HIDDEN}/bias"])
    if weights is not None:
        widths = widths_of({name: array.shape for name, array in weights.items()})
    image = keras.Input((INPUT_SIZE, INPUT_SIZE, CHANNELS), name="image")
    x = image
    for block, channels in enumerate(widths.blocks, start=1):
        for index, width in enumerate(channels, start=1):
            name = f"block{block}_conv{index}"
            x = layers.Conv2D(width, 3, padding="same", activation="relu", name=name)(x)
        x = layers.MaxPooling2D(2, name=f"block{block}_pool")(x)
    x = layers.Flatten(name="flatten")(x)
    x = layers.Dense(units, activation="relu", name=HIDDEN)(x)
    x = layers.Dropout(DROPOUT, name="dropout")(x)
    x = layers.Dense(1, activation="sigmoid", name=OUTPUT)(x)
    model = keras.Model(image, x, name="neuroscan_vgg16")
    if weights is not None:
        for layer in KERNEL_SHAPES:
            kernel = np.asarray(weights[f"{layer}/kernel"], dtype=np.float32)
            bias = np.asarray(weights[f"{layer}/bias"], dtype=np.float32)
            model.get_layer(layer).set_weights([kernel, bias])
    return model
