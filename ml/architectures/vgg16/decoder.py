"""The lesion decoder: a small top-down network on three of VGG16's blocks, one map of logits.

The ReLU outputs of block5_conv3 (14 x 14), block4_conv3 (28 x 28) and block3_conv3 (56 x 56) are
brought to 64 channels by 1 x 1 convolutions (`lat5`, `lat4`, `lat3`), summed from the top down with
bilinear upsampling by 2 in between, then a 3 x 3 convolution with ReLU (`segc`) and a 1 x 1
convolution to one channel (`seg`). It is trained on outlines of lesions together with the
classifier (`ml.training.loop.network`); its arrays lie in a release beside the weights. The table
needs no Keras; only what builds a network imports it.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import numpy.typing as npt

from ml.architectures.vgg16.network import BLOCKS, FULL, Widths
from ml.imaging.pixels import Float32Array
from ml.release.weights import expected_shapes, read_arrays, write_arrays

if TYPE_CHECKING:
    import keras

DECODER_SIZE: Final = 56  # side of the map of logits: block 3's, a quarter of the input's
DECODER_CHANNELS: Final = 64
DECODER_BLOCKS: Final = (5, 4, 3)  # in the order in which they are summed
DECODER_FILE: Final = "decoder.npz"

# The convolution of each block whose ReLU output the decoder reads.
SOURCES: Final[Mapping[int, str]] = MappingProxyType(
    {block: f"block{block}_conv{len(BLOCKS[block - 1])}" for block in DECODER_BLOCKS}
)


def decoder_shapes(widths: Widths) -> dict[str, tuple[int, ...]]:
    """Layer name to the shape of its kernel, (height, width, in, out); each bias is (out,).

    Args:
        widths: of the network that the decoder sits on; its own are the same on all.
    """
    return {
        **{
            f"lat{block}": (1, 1, widths.blocks[block - 1][-1], DECODER_CHANNELS)
            for block in DECODER_BLOCKS
        },
        "segc": (3, 3, DECODER_CHANNELS, DECODER_CHANNELS),
        "seg": (1, 1, DECODER_CHANNELS, 1),
    }


DECODER_SHAPES: Final[Mapping[str, tuple[int, ...]]] = MappingProxyType(decoder_shapes(FULL))


def read_decoder(path: Path, *, widths: Widths = FULL) -> dict[str, Float32Array]:
    """Read a decoder's file.

    Args:
        path: an .npz of float arrays `<layer>/kernel` and `<layer>/bias` of `decoder_shapes`.
        widths: of the network that it sits on.

    Returns:
        Every array in float32.

    Raises:
        ReleaseMissingError: there is no such file.
        ReleaseMalformedError: it is not an .npz of plain numbers, or a number is not finite.
        WrongArchitectureError: an array is missing, is too many, or has another shape.
    """
    return read_arrays(path, shapes=expected_shapes(decoder_shapes(widths)), what="decoder")


def write_decoder(
    path: Path, arrays: Mapping[str, npt.NDArray[np.floating]], *, widths: Widths = FULL
) -> None:
    """Write a decoder's file in float16; the same arrays always give the same bytes.

    Raises:
        WrongArchitectureError: an array is missing, is too many, or has another shape.
        ReleaseMalformedError: a number is not finite or too large for float16 (65,504).
    """
    write_arrays(path, arrays, shapes=expected_shapes(decoder_shapes(widths)))


def build_decoder(network: keras.Model, arrays: Mapping[str, Float32Array]) -> Any:
    """Put the decoder on top of a network.

    Args:
        network: as `build_network` makes it; its layers are shared, not copied.
        arrays: as `read_decoder` gives them.

    Returns:
        A Keras tensor to build a model with, `keras.Model(network.inputs, [..., this])`: float32
        logits, shape (N, 56, 56). Higher means more like a lesion.

    Raises:
        KeyError: an array is missing.
        ValueError: an array has another shape than its layer.
    """
    from keras import layers

    def convolution(layer: str, x: Any, *, activation: str | None = None) -> Any:
        height, width, _, channels = DECODER_SHAPES[layer]
        built = layers.Conv2D(
            channels, (height, width), padding="same", activation=activation, name=layer
        )
        y = built(x)
        built.set_weights([arrays[f"{layer}/kernel"], arrays[f"{layer}/bias"]])
        return y

    top, *others = DECODER_BLOCKS
    x = convolution(f"lat{top}", network.get_layer(SOURCES[top]).output)
    for block in others:
        lateral = convolution(f"lat{block}", network.get_layer(SOURCES[block]).output)
        x = layers.UpSampling2D(2, interpolation="bilinear", name=f"up{block}")(x)
        x = layers.Add(name=f"sum{block}")([x, lateral])
    x = convolution("segc", x, activation="relu")
    x = convolution("seg", x)
    return layers.Reshape((DECODER_SIZE, DECODER_SIZE), name="lesion")(x)
