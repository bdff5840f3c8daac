"""What an image looks like to the network, in numbers for the gate `brain-mri-3`.

Of each map that the engine returns anyway (for VGG16 block5_conv3 after its ReLU): its mean, its
spread and its highest value over the image, each under a square root, since activations are
skewed. Where something lies in the image is left to `ml.gate.slice_descriptors`.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from ml.imaging.pixels import Float32Array

EACH: Final = 3  # numbers of a map


def describe_maps(maps: Float32Array) -> Float32Array:
    """Means, spreads and highest values of the maps, one after another.

    Args:
        maps: float32, 0 and up, shape (h, w, K).

    Returns:
        float32, shape (3 K,).
    """
    rows = np.ascontiguousarray(maps.reshape(-1, maps.shape[-1]), dtype=np.float32)
    mean = rows.mean(axis=0)
    spread = np.sqrt(np.maximum((rows * rows).mean(axis=0) - mean * mean, 0.0))
    found: Float32Array = np.sqrt(np.maximum(np.concatenate([mean, spread, rows.max(axis=0)]), 0.0))
    return found
