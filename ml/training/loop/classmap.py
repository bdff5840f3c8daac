"""Grad-CAM of the tumor logit as a layer, so that it can be taught where to look.

The closed form of `ml.architectures.vgg16.gradcam` is differentiable almost everywhere, in the
maps and in the two dense kernels. Its values here are 196 times those of that module, which does
not move a peak.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras
from keras import layers, ops


class ClassMap(layers.Layer):
    """From block 5's maps (N, h, w, C) and the hidden layer (N, H) to (N, h, w, 1), signed."""

    def __init__(self, *, dense: layers.Dense, output: layers.Dense, name: str) -> None:
        super().__init__(name=name, dtype="float32")
        # In a function: as attributes the two layers would count as parts of this one.
        self._heads: Callable[[], tuple[Any, Any]] = lambda: (dense.kernel, output.kernel)

    def call(self, inputs: Any) -> Any:
        """The class map of (maps, hidden), shapes (N, h, w, K) and (N, H): (N, h, w, 1), signed."""
        maps, hidden = (ops.cast(value, "float32") for value in inputs)
        dense, output = (ops.cast(ops.convert_to_tensor(k), "float32") for k in self._heads())
        by_cell = ops.reshape(dense, (-1, maps.shape[-1], hidden.shape[-1]))
        summed = ops.sum(by_cell, axis=0)
        gate = ops.cast(hidden > 0, "float32") * output[:, 0]
        alpha = ops.matmul(gate, ops.transpose(summed))
        return ops.sum(maps * alpha[:, None, None, :], axis=-1, keepdims=True)

    def compute_output_shape(self, input_shape: Any) -> Any:
        """The shape of the maps with one channel."""
        return (*input_shape[0][:-1], 1)


class PointingLoss(keras.losses.Loss):
    """-log of the share of the squared positive class map that lies on the lesion."""

    def __init__(self) -> None:
        super().__init__(name="pointing")

    def call(self, y_true: Any, y_pred: Any) -> Any:
        """The loss of each slice: (N,) from lesions in 0..1 and class maps, both (N, h, w, 1)."""
        lesion = ops.cast(y_true, "float32")
        heat = ops.square(ops.relu(ops.cast(y_pred, "float32")))
        inside = ops.sum(lesion * heat, axis=(1, 2, 3)) / (ops.sum(heat, axis=(1, 2, 3)) + 1e-6)
        return -ops.log(inside + 1e-2)
