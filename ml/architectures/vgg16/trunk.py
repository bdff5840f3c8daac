"""The network in Keras up to its hidden layer, and what sits beside it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ml.architectures.vgg16.decoder import DECODER_CHANNELS, build_decoder
from ml.architectures.vgg16.evidence import CELLS, WINDOWS
from ml.architectures.vgg16.network import HIDDEN, LAST_CONVOLUTION, build_network
from ml.imaging.pixels import Float32Array

if TYPE_CHECKING:
    import keras


def build_trunk(
    weights: Mapping[str, Float32Array],
    *,
    decoder: Mapping[str, Float32Array] | None,
    with_shares: bool = False,
) -> keras.Model:
    """The network in Keras up to its hidden layer, with the decoder on it where there is one.

    The last layer is left out: its sigmoid would throw the logit away, and Grad-CAM and
    calibration need the logit.

    Args:
        weights: as `ml.architectures.vgg16.weights.read_weights` gives them.
        decoder: as `ml.architectures.vgg16.decoder.read_decoder` gives it, or None.
        with_shares: also yield what Grad-CAM needs where the classifier reads the decoder; there
            must be one then.

    Returns:
        A model from (N, 224, 224, 3) float32 in 0..1 to block5_conv3 after its ReLU
        (N, 14, 14, K), hidden activations (N, 256), with a decoder lesion logits (N, 56, 56), and
        with shares those of `ml.architectures.vgg16.evidence` (N, 9, 64).
    """
    import keras

    network = build_network(weights)
    outputs = [network.get_layer(LAST_CONVOLUTION).output, network.get_layer(HIDDEN).output]
    if decoder is not None:
        lesion = build_decoder(network, decoder)
        outputs.append(lesion)
        if with_shares:
            segc = keras.Model(network.inputs, lesion).get_layer("segc").output
            outputs.append(_shares(lesion, segc))
    return keras.Model(network.inputs, outputs)


def _shares(lesion: Any, segc: Any) -> Any:
    from keras import ops

    softmax = ops.softmax(ops.reshape(lesion, (-1, 1, CELLS)), axis=-1)
    is_open = ops.cast(segc > 0, "float32")
    return ops.matmul(softmax * WINDOWS, ops.reshape(is_open, (-1, CELLS, DECODER_CHANNELS)))
