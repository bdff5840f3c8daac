"""The losses, in Keras's own operations, so that any of its backends can train."""

from __future__ import annotations

from typing import Any

import keras
from keras import ops

from ml.training.loop.classmap import PointingLoss
from ml.training.loop.config import Config


class MaskLoss(keras.losses.Loss):
    """Weighted cross-entropy plus Dice on the lesion's mask, one number a slice."""

    def __init__(self, *, cross_entropy: float, dice: float, positive: float) -> None:
        super().__init__(name="mask")
        self._cross_entropy, self._dice, self._positive = cross_entropy, dice, positive

    def call(self, y_true: Any, y_pred: Any) -> Any:
        """The loss of each slice: (N,) from masks in 0..1 and logits, both (N, h, w, 1)."""
        truth = ops.cast(y_true, "float32")
        logits = ops.cast(y_pred, "float32")
        weight = 1.0 + (self._positive - 1.0) * truth
        entropy = ops.softplus(logits) - truth * logits
        entropy = ops.mean(weight * entropy, axis=(1, 2, 3))
        guess = ops.sigmoid(logits)
        overlap = ops.sum(truth * guess, axis=(1, 2, 3))
        sizes = ops.sum(truth, axis=(1, 2, 3)) + ops.sum(guess, axis=(1, 2, 3))
        # The 20 cells keep an empty mask with an empty guess at a loss near 0.
        dice = 1.0 - (2.0 * overlap + 20.0) / (sizes + 20.0)
        return self._cross_entropy * entropy + self._dice * dice


def compile_network(network: keras.Model, *, config: Config, optimizer: Any) -> None:
    """Attach the losses of the outputs and an optimizer.

    Args:
        network: as `ml.training.loop.network.build_training_network` makes it.
        config: the weights of the losses, and label smoothing.
        optimizer: a Keras optimizer.
    """
    network.compile(
        optimizer=optimizer,
        loss={
            "bin": keras.losses.BinaryCrossentropy(
                from_logits=True, label_smoothing=config.label_smoothing
            ),
            "typ": keras.losses.SparseCategoricalCrossentropy(from_logits=True),
            "seg": MaskLoss(
                cross_entropy=config.mask_cross_entropy,
                dice=config.mask_dice,
                positive=config.mask_positive,
            ),
            "cam": PointingLoss(),
        },
        loss_weights={
            "bin": 1.0,
            "typ": config.type_weight,
            "seg": config.mask_weight,
            "cam": config.pointing_weight,
        },
        # XLA makes TensorFlow slower on CPUs; JAX is nothing without it.
        jit_compile=keras.backend.backend() == "jax",
    )
