"""What the lesion decoder's map says of the whole image, as one number.

Where a release has `evidence`, its tumor logit is z = z0 + w e: z0 of the network's last layer, w
the release's weight, and

    e = log(mean over the map's cells of exp(lesion logit)),

a smooth maximum: one lesion somewhere counts, and many cells that say a little count little.
"""

from __future__ import annotations

import numpy as np

from ml.imaging.pixels import Float32Array
from ml.release.parts import Evidence


def tumor_logits(
    last: Float32Array, *, lesion: Float32Array | None, evidence: Evidence | None
) -> Float32Array:
    """z above, for each image by itself.

    Args:
        last: z0 above, float32, shape (N,).
        lesion: the decoder's logits, shape (N, n, n); None where the release has no decoder.
        evidence: of the release; None where its classifier does not read the decoder, and then z
            is z0.

    Returns:
        float32, shape (N,).
    """
    if evidence is None or lesion is None:
        return last
    return last + np.float32(evidence.weight) * decoder_evidence(lesion)


def decoder_evidence(lesion: Float32Array) -> Float32Array:
    """e above, for each image by itself.

    Args:
        lesion: the decoder's logits, float32, shape (N, n, n).

    Returns:
        float32, shape (N,), between the mean and the maximum of an image's logits.
    """
    cells = lesion.reshape(len(lesion), -1)
    highest = cells.max(axis=1)
    # Of the differences to the highest, so that no exp overflows.
    means = np.exp(cells - highest[:, np.newaxis]).mean(axis=1, dtype=np.float32)
    found: Float32Array = highest + np.log(means)
    return found
