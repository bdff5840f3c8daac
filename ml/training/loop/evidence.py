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
from collections.abc import Mapping
from typing import Any, Final

import numpy as np
from keras import initializers, layers, ops

from ml.imaging.pixels import Float32Array
from ml.training.loop.config import Config

WEIGHT: Final = "evidence/0"  # the array's name in a checkpoint
_NOTHING: Final = -5.0  # about what e is for a slice in which the decoder finds nothing


class Evidence(layers.Layer):
    """From the dense logit (N, 1) and the decoder's logits (N, h, w, 1) to the logit (N, 1)."""

    def __init__(self, *, start: float, name: str) -> None:
        super().__init__(name=name, dtype="float32")
        self._start = start

    def build(self, input_shape: Any) -> None:
        """Make w, shape (1,)."""
        self.weight = self.add_weight(
            shape=(1,), initializer=initializers.Constant(self._start), name="weight"
        )

    def call(self, inputs: Any) -> Any:
        """The tumor logit, (N, 1)."""
        logit, decoded = (ops.cast(value, "float32") for value in inputs)
        # Not reshaped: batches of several sizes would make TensorFlow forget how many there are.
        places = decoded.shape[1] * decoded.shape[2]
        mean = ops.logsumexp(decoded, axis=(1, 2, 3)) - math.log(places)
        return logit + self.weight[0] * mean[:, None]

    def compute_output_shape(self, input_shape: Any) -> Any:
        """The shape of the dense logit."""
        return input_shape[0]


def weigh_anew(arrays: Mapping[str, Float32Array], *, config: Config) -> dict[str, Float32Array]:
    """A checkpoint's logit weighed as a run wants to begin.

    The dense head counts `dense_start` times what it did, the evidence `evidence_start`; the bias
    makes good what that moves slices in which the decoder finds nothing.

    Args:
        arrays: `<layer>/<index>` of the training network; one without a head stays as it is.
        config: of the run; without `evidence` nothing is changed.
    """
    changed = dict(arrays)
    if not config.evidence or "bin/0" not in arrays:
        return changed
    before = float(arrays[WEIGHT][0]) if WEIGHT in arrays else 0.0
    moved = np.float32(_NOTHING * (config.evidence_start - before))
    changed[WEIGHT] = np.full(1, config.evidence_start, dtype=np.float32)
    changed["bin/0"] = arrays["bin/0"] * np.float32(config.dense_start)
    changed["bin/1"] = arrays["bin/1"] * np.float32(config.dense_start) - moved
    return changed
