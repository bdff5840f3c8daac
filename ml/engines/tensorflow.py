"""The TensorFlow engine: one traced graph that yields logit, maps and hidden activations."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import keras
import numpy as np
import tensorflow as tf

from ml.engines import EngineOutput
from ml.network import CHANNELS, HIDDEN, INPUT_SIZE, LAST_CONVOLUTION, OUTPUT, build_network
from ml.pixels import Float32Array

NAME: Final = "tensorflow"


class TensorFlowEngine:
    """The network as one `tf.function`. Tracing happens once, at construction."""

    def __init__(self, *, weights: Mapping[str, Float32Array]) -> None:
        network = build_network(weights)
        # The last layer is left out here and computed below: its sigmoid would throw the logit
        # away, and Grad-CAM and calibration need the logit.
        trunk = keras.Model(
            network.inputs,
            [network.get_layer(LAST_CONVOLUTION).output, network.get_layer(HIDDEN).output],
        )
        kernel = tf.constant(weights[f"{OUTPUT}/kernel"])
        bias = tf.constant(weights[f"{OUTPUT}/bias"])

        def forward(batch: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
            maps, hidden = trunk(batch, training=False)
            return tf.linalg.matmul(hidden, kernel)[:, 0] + bias[0], maps, hidden

        # The batch size is left open: a new size must not trace again.
        signature = tf.TensorSpec((None, INPUT_SIZE, INPUT_SIZE, CHANNELS), tf.float32)
        self._trunk = trunk  # holds the variables that the graph refers to
        self._forward = tf.function(forward).get_concrete_function(signature)
        self.forward(np.zeros((1, INPUT_SIZE, INPUT_SIZE, CHANNELS), dtype=np.float32))

    @property
    def name(self) -> str:
        """Always "tensorflow"."""
        return NAME

    def forward(self, batch: Float32Array) -> EngineOutput:
        """Run the network once; see `ml.engines.Engine`."""
        logits, maps, hidden = self._forward(tf.constant(batch, dtype=tf.float32))
        return EngineOutput(logits=logits.numpy(), maps=maps.numpy(), hidden=hidden.numpy())


def open_engine(*, weights: Mapping[str, Float32Array]) -> TensorFlowEngine:
    """Load the network with these weights (`ml.weights`) and warm it up."""
    return TensorFlowEngine(weights=weights)
