"""Grad-CAM of the tumor logit as a layer, so that it can be taught where to look.

The closed form of `ml.architectures.vgg16.gradcam` is differentiable almost everywhere, in the
maps and in the two dense kernels. Its values here are 196 times those of that module, which does
not move a peak.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

import keras
from keras import layers, ops

# Places whose neighbor above, at, below (left, at, right) lies inside, for a kernel of three.
_INSIDE: Final = (slice(1, None), slice(None), slice(None, -1))


class ClassMap(layers.Layer):
    """From block 5's maps (N, h, w, C) and the hidden layer (N, H) to (N, h, w, 1), signed.

    With the decoder's evidence (`ml.training.loop.evidence`) in the logit, its way back through the
    decoder is added in closed form: with s the decoder's logits, softmax(s) is the derivative of
    log(mean(exp(s))); what it is at the sum of the three blocks, summed over all places, needs for
    each of the 3 x 3 kernel's offsets the sum over the places whose neighbor there lies inside;
    and upsampling hands on as much as it gets, for the shares of each place sum to 1.
    """

    def __init__(
        self,
        *,
        dense: layers.Dense,
        output: layers.Dense,
        name: str,
        evidence: Mapping[str, layers.Layer] | None = None,
    ) -> None:
        """Take the layers whose kernels are on the way back.

        Args:
            dense: the hidden layer.
            output: the one after it.
            name: of this layer.
            evidence: "evidence", "seg", "segc" and "lat5", where the logit reads the decoder.
        """
        super().__init__(name=name, dtype="float32")
        # In functions: as attributes the layers would count as parts of this one.
        self._heads: Callable[[], tuple[Any, Any]] = lambda: (dense.kernel, output.kernel)
        self._decoder: Callable[[], tuple[Any, ...]] | None = None
        if evidence is not None:
            self._decoder = lambda: (
                evidence["evidence"].weight,
                *(evidence[name].kernel for name in ("seg", "segc", "lat5")),
            )

    def call(self, inputs: Any) -> Any:
        """The class map, (N, h, w, 1), signed.

        Args:
            inputs: maps (N, h, w, K) and hidden activations (N, H); with evidence also the
                decoder's last but one (N, h', w', L) and its logits (N, h', w', 1).
        """
        maps, hidden, *decoded = (ops.cast(value, "float32") for value in inputs)
        dense, output = (_float(kernel) for kernel in self._heads())
        by_cell = ops.reshape(dense, (-1, maps.shape[-1], hidden.shape[-1]))
        summed = ops.sum(by_cell, axis=0)
        gate = ops.cast(hidden > 0, "float32") * output[:, 0]
        alpha = ops.matmul(gate, ops.transpose(summed))
        if self._decoder is not None:
            alpha = alpha + self._of_decoder(*decoded)
        return ops.sum(maps * alpha[:, None, None, :], axis=-1, keepdims=True)

    def _of_decoder(self, active: Any, logits: Any) -> Any:
        """Sum over all places of the gradient that comes through the decoder: (N, K)."""
        assert self._decoder is not None
        weight, last, middle, lateral = (_float(kernel) for kernel in self._decoder())
        share = ops.exp(logits - ops.logsumexp(logits, axis=(1, 2, 3), keepdims=True))
        here = share * last[0, 0, :, 0] * ops.cast(active > 0, "float32")
        total = 0.0
        for row, rows in enumerate(_INSIDE):
            for column, columns in enumerate(_INSIDE):
                inside = ops.sum(here[:, rows, columns, :], axis=(1, 2))
                total = total + ops.matmul(inside, ops.transpose(middle[row, column]))
        return weight[0] * ops.matmul(total, ops.transpose(lateral[0, 0]))

    def compute_output_shape(self, input_shape: Any) -> Any:
        """The shape of the maps with one channel."""
        return (*input_shape[0][:-1], 1)


def _float(kernel: Any) -> Any:
    return ops.cast(ops.convert_to_tensor(kernel), "float32")


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
