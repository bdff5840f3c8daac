"""The TensorFlow engine, the reference: one traced graph that yields all that is asked for."""

from __future__ import annotations

from typing import Final

import numpy as np
import tensorflow as tf

from ml.architectures import architecture_of
from ml.engines import EngineOutput
from ml.engines.evidence import tumor_logits
from ml.imaging.pixels import Float32Array
from ml.release.releases import Release, verify

NAME: Final = "tensorflow"


class TensorFlowEngine:
    """The network as one `tf.function`. Tracing happens once, at construction."""

    def __init__(self, *, release: Release) -> None:
        verify(release)
        architecture = architecture_of(release)
        weights = architecture.read_weights(release.weights_path)
        decoder = None
        if release.regions is not None:
            verify(release, files=[release.regions.file])
            decoder = architecture.read_decoder(release.path(release.regions.file))
        with_shares = release.evidence is not None
        trunk = architecture.keras_trunk(weights, decoder=decoder, with_shares=with_shares)
        kernel, bias = (tf.constant(array) for array in architecture.last_layer(weights))

        def forward(batch: tf.Tensor) -> tuple[tf.Tensor, ...]:
            maps, hidden, *others = trunk(batch, training=False)
            logits = tf.linalg.matmul(hidden, kernel)[:, 0] + bias[0]
            return logits, maps, hidden, *others

        # The batch size is left open: a new size must not trace again.
        signature = tf.TensorSpec((None, *architecture.input_shape), tf.float32)
        self._evidence = release.evidence
        self._trunk = trunk  # holds the variables that the graph refers to
        self._forward = tf.function(forward).get_concrete_function(signature)
        self.forward(np.zeros((1, *architecture.input_shape), dtype=np.float32))

    @property
    def name(self) -> str:
        """Always "tensorflow"."""
        return NAME

    def forward(self, batch: Float32Array) -> EngineOutput:
        """Run the network once; see `ml.engines.Engine`."""
        found = self._forward(tf.constant(batch, dtype=tf.float32))
        logits, maps, hidden, *others = (tensor.numpy() for tensor in found)
        lesion = others[0] if others else None
        return EngineOutput(
            logits=tumor_logits(logits, lesion=lesion, evidence=self._evidence),
            maps=maps,
            hidden=hidden,
            lesion=lesion,
            shares=others[1] if self._evidence is not None else None,
        )


def open_engine(*, name: str, release: Release) -> TensorFlowEngine:
    """Load a release's network and warm it up; the only name is "tensorflow"."""
    del name
    return TensorFlowEngine(release=release)
