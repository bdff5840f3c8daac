"""The classifier reads the decoder: its evidence is one more summand of the tumor logit.

Within the slices of one scan, where the source tells nothing, the decoder's logits tell tumor from
none better than the dense head does: they are taught place by place, and no style of a whole image
can move them. So the logit is z = dense logit + w e with one trained number w and

    e = log(mean over all places of exp(s)),

s the decoder's logits: a smooth maximum, which a faint large lesion moves as a small bright one
does. Its derivative by s is softmax(s), which keeps Grad-CAM a closed form (`classmap`).
"""

from __future__ import annotations

import math
from typing import Any, Final

from keras import initializers, layers, ops

START: Final = 0.5  # of w, for a network that was trained without it


class Evidence(layers.Layer):
    """From the dense logit (N, 1) and the decoder's logits (N, h, w, 1) to the logit (N, 1)."""

    def __init__(self, *, name: str) -> None:
        super().__init__(name=name, dtype="float32")

    def build(self, input_shape: Any) -> None:
        """Make w, shape (1,)."""
        self.weight = self.add_weight(
            shape=(1,), initializer=initializers.Constant(START), name="weight"
        )

    def call(self, inputs: Any) -> Any:
        """The tumor logit, (N, 1)."""
        logit, decoded = (ops.cast(value, "float32") for value in inputs)
        flat = ops.reshape(decoded, (ops.shape(decoded)[0], -1))
        mean = ops.logsumexp(flat, axis=-1, keepdims=True) - math.log(flat.shape[-1])
        return logit + self.weight[0] * mean

    def compute_output_shape(self, input_shape: Any) -> Any:
        """The shape of the dense logit."""
        return input_shape[0]
