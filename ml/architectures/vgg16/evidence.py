"""The part of Grad-CAM that comes through the lesion decoder, in closed form.

Where a release says so (`Release.evidence`), the tumor logit is z = z0 + w e: z0 of the network's
last layer, and e = log(mean over the 56 x 56 cells q of exp(s_q)) of the decoder's logits s
(`ml.engines.evidence`). The decoder reads block5_conv3 through `lat5` alone, and Grad-CAM asks
only for the mean of the gradient over a map, not for its places. So with

    p_q  = exp(s_q) / sum over q' of exp(s_q')                 de / ds_q
    h_qc = p_q seg_c [segc_qc > 0]                             de / d segc_qc, before its ReLU
    T_d  = sum of h_q over those cells q whose neighbor q + d lies inside, d of 3 x 3 offsets
    G    = sum over d of K_d T_d,   K_d (in, out) segc's kernel

G is the sum over all cells of the gradient at the map that segc reads: cell m gets K_d h_(m-d)
from each offset, and beyond the border there is only padding. Bilinear upsampling gives each of its
outputs weights that sum to 1, so its transpose keeps the sum, and

    sum over the positions of de / dA5 = lat5 G

which is exact. The factor seg_c and all kernels are known when a release is loaded: of a forward
pass only the shares are needed, sum of p_q [segc_qc > 0] over the cells of each offset, (9, 64)
numbers between 0 and 1.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import numpy as np

from ml.architectures.vgg16.decoder import DECODER_CHANNELS, DECODER_SIZE
from ml.imaging.pixels import Float32Array

OFFSETS: Final = 9  # of a 3 x 3 kernel, row by row
CELLS: Final = DECODER_SIZE * DECODER_SIZE


def _windows() -> Float32Array:
    index = np.arange(DECODER_SIZE)
    inside = [(index + step >= 0) & (index + step < DECODER_SIZE) for step in (-1, 0, 1)]
    cells = [np.outer(rows, columns).ravel() for rows in inside for columns in inside]
    return np.array(cells, dtype=np.float32)


# 1 for each cell whose neighbor at that offset lies inside, else 0; shape (9, 3136), the cells
# row by row.
WINDOWS: Final = _windows()


def evidence_kernel(decoder: Mapping[str, Float32Array]) -> Float32Array:
    """What makes the gradient of e, summed over the positions of block5_conv3, of the shares.

    Args:
        decoder: as `ml.architectures.vgg16.decoder.read_decoder` gives it.

    Returns:
        float32, shape (576, K); the rows are the shares, offset by offset.

    Raises:
        KeyError: an array is missing.
    """
    seg, segc, lateral = (decoder[f"{layer}/kernel"] for layer in ("seg", "segc", "lat5"))
    # (offset, channel of lat5, channel of segc)
    by_offset = segc.reshape(OFFSETS, DECODER_CHANNELS, DECODER_CHANNELS) * seg.reshape(-1)
    found: Float32Array = np.matmul(by_offset.transpose(0, 2, 1), lateral[0, 0].T)
    return found.reshape(OFFSETS * DECODER_CHANNELS, -1)
