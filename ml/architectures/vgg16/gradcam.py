"""Grad-CAM at block5_conv3 in closed form, from what one forward pass already computed.

Grad-CAM (Selvaraju et al. 2017) weighs each map A_k of a layer with alpha_k, the mean over the
map of the gradient d logit / d A_k, and keeps the positive part of sum_k alpha_k A_k.

After block5_conv3 come only max-pooling, flatten and two dense layers, so with the hidden
activations h = ReLU(W1' p + b1), p the pooled maps, and logit = w2' h + b2,

    d logit / d p = W1 (w2 * [h > 0])

and max-pooling hands each of these numbers to exactly one pixel of its window. The mean over a map
is therefore the sum over the 7 x 7 pooled positions divided by 14 * 14, *whichever* pixel of a
window receives it: ties in max-pooling, which frameworks break differently, cannot change it. So

    alpha = S (w2 * [h > 0]) / 196,    S = W1 summed over the 7 x 7 positions, shape (K, 256)

which is one small matrix product (K channels: 512 at VGG16's own widths). At h = 0 the gradient of
ReLU is taken as 0, as TensorFlow does.
The maps are those after block5_conv3's own ReLU, and the logit is taken, not the probability: the
sigmoid's slope would only scale the map, and underflow where the model is sure.

Where the classifier reads the lesion decoder, the logit has a second part, w e, whose gradient
`ml.architectures.vgg16.evidence` derives: it adds w E shares / 196 to alpha, as exactly.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from ml.architectures.vgg16.evidence import evidence_kernel
from ml.architectures.vgg16.network import HIDDEN, MAP_SIZE, OUTPUT, POOLED_SIZE
from ml.imaging.pixels import Float32Array
from ml.release.parts import Evidence


@dataclass(frozen=True, kw_only=True, slots=True)
class GradCam:
    """What Grad-CAM needs of the head, reduced once when a release is loaded.

    Attributes:
        summed_kernel: S above, float32, shape (K, 256).
        output_kernel: w2 above, float32, shape (256,).
        evidence_kernel: w E above, float32, shape (576, K); None where the classifier does not
            read the decoder.
    """

    summed_kernel: Float32Array
    output_kernel: Float32Array
    evidence_kernel: Float32Array | None = None

    @classmethod
    def from_weights(
        cls,
        weights: Mapping[str, Float32Array],
        *,
        decoder: Mapping[str, Float32Array] | None = None,
        evidence: Evidence | None = None,
    ) -> GradCam:
        """Take the kernels out of the network's weights.

        Args:
            weights: as `read_weights` gives them.
            decoder: as `read_decoder` gives it; needed with `evidence`.
            evidence: how the classifier reads the decoder, or None where it does not.

        Raises:
            KeyError: an array is missing.
        """
        added = None
        if evidence is not None:
            added = np.float32(evidence.weight) * evidence_kernel(decoder or {})
        kernel = weights[f"{HIDDEN}/kernel"]
        by_position = kernel.reshape(POOLED_SIZE**2, -1, kernel.shape[-1])
        return cls(
            summed_kernel=by_position.sum(axis=0, dtype=np.float32),
            output_kernel=weights[f"{OUTPUT}/kernel"][:, 0],
            evidence_kernel=added,
        )

    def __call__(
        self, *, maps: Float32Array, hidden: Float32Array, shares: Float32Array | None = None
    ) -> Float32Array:
        """Grad-CAM of the tumor logit.

        Args:
            maps: block5_conv3 after its ReLU, shape (N, 14, 14, K), 0 and up.
            hidden: the first dense layer after its ReLU, shape (N, 256), 0 and up.
            shares: as `ml.architectures.vgg16.evidence` has them, shape (N, 9, 64), 0 to 1; read
                where the classifier reads the decoder.

        Returns:
            float32, shape (N, 14, 14), 0 and up, not normalized.
        """
        alpha = self.alpha(hidden=hidden, shares=shares)
        flat = maps.reshape(len(maps), MAP_SIZE**2, maps.shape[-1])
        cams: Float32Array = np.matmul(flat, alpha[:, :, np.newaxis])
        return np.maximum(cams, np.float32(0.0)).reshape(-1, MAP_SIZE, MAP_SIZE)

    def alpha(self, *, hidden: Float32Array, shares: Float32Array | None = None) -> Float32Array:
        """The weight of each map: the mean over it of the logit's gradient.

        Args:
            hidden, shares: as for the map.

        Returns:
            float32, shape (N, K).
        """
        # Row by row: in a batch a product is summed in another order.
        gates = (self.output_kernel * (hidden > 0))[:, np.newaxis]
        summed = np.matmul(gates, self.summed_kernel.T)[:, 0]
        if self.evidence_kernel is not None:
            assert shares is not None, "an engine yields them where the release has evidence"
            rows = shares.reshape(len(shares), 1, -1)
            summed = summed + np.matmul(rows, self.evidence_kernel)[:, 0]
        alpha: Float32Array = (summed / MAP_SIZE**2).astype(np.float32)
        return alpha
