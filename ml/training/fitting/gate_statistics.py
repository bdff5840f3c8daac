"""The numbers of the gate `brain-mri-1`, which releases up to 2.1.0 have; see `ml.gate.brain_mri`.

No command fits it any more: this says how it was made, and makes one for its tests.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np

from ml.gate.brain_mri import SIMILARITY_LIMIT, BrainMri
from ml.gate.descriptors import BLOCKS, describe
from ml.imaging.pixels import Float32Array, Uint8Array

# Main directions kept of each description, and how far apart it may move two images.
_KEPT: Final = {"edges": (64, 1.0), "thumbnail": (32, 0.7), "grays": (12, 0.35)}
_BASE: Final = -0.5  # similarity of what is far from everything
_REACH: Final = 0.5  # of the median squared distance between two slices
_RIDGE: Final = 0.03
_MAIN: Final = 64  # directions of the network's activations
_FLOOR: Final = 0.05  # of the spread along one of them, against division by next to nothing
# An image must be this much like a slice, or as much as all but this share of the slices the limit
# is set on (three quarters of them changed or turned), whichever is less. Measured once, by hand
# (`ml.gate.brain_mri`): of 609 real images of
# other things 0.2 turned away 99.3 %, 0.1 99.2 % and 0.0 98.9 %; of 136 test slices of a source
# left out of fitting 7.4 %, 6.6 % and 2.2 %.
LEAST_SIMILARITY: Final = 0.2
DISSIMILAR_SHARE: Final = 0.01
# The share of the slices the limit is set on that the network's distance may refuse.
FAR_SHARE: Final = 0.001
_MARGIN: Final = 1.1  # on the network's distance, which another engine moves a little


def fit_similarity(
    slices: Sequence[Uint8Array], others: Sequence[Uint8Array], *, held_out: Sequence[Uint8Array]
) -> dict[str, np.ndarray]:
    """Fit the kernel machine.

    Args:
        slices: training slices, as the network's input in 8-bit gray, (224, 224) each.
        others: what is no brain MRI, likewise.
        held_out: slices of another split, to set the limit on.

    Returns:
        The arrays of `ml.gate.brain_mri` that concern similarity.
    """
    arrays: dict[str, np.ndarray] = {}
    described = [describe(image) for image in (*slices, *others)]
    columns = []
    for index, block in enumerate(BLOCKS):
        rows = np.stack([one[index] for one in described])
        kept, weight = _KEPT[block]
        mean = rows.mean(axis=0)
        variance, axes = np.linalg.eigh((rows - mean).T @ (rows - mean) / np.float32(len(rows)))
        scale = weight / np.sqrt(variance[-kept:].sum())
        arrays[f"{block}_mean"] = mean.astype(np.float32)
        arrays[f"{block}_axes"] = (axes[:, -kept:] * scale).astype(np.float32)
        columns.append((rows - mean) @ arrays[f"{block}_axes"])
    # In half precision, as they are stored: the shares are fitted to what will be compared with.
    landmarks = np.hstack(columns).astype(np.float16).astype(np.float32)
    squared = _squared(landmarks)
    among = squared[: len(slices), : len(slices)]
    gamma = 1.0 / (_REACH * float(np.median(among[::3, ::3])))
    targets = np.repeat(np.array([1.0, -1.0]), (len(slices), len(others))) - _BASE
    # Slices and other things weigh the same together.
    weights = len(targets) / 2.0 / np.where(targets > 0.0, len(slices), len(others))
    kernels = np.exp(-np.float32(gamma) * squared)
    kernels[np.diag_indices(len(kernels))] += (_RIDGE / weights).astype(np.float32)
    shares = np.linalg.solve(kernels, targets.astype(np.float32))
    arrays |= {
        "landmarks": landmarks.astype(np.float16),
        "shares": shares.astype(np.float32),
        "gamma": np.array(gamma, np.float32),
        "base": np.array(_BASE, np.float32),
        SIMILARITY_LIMIT: np.array(0.0, np.float32),
    }
    gate = BrainMri({**_no_feature_distance(), **arrays})
    similarity = np.array([gate.similarity(image) for image in held_out])
    least = min(float(np.quantile(similarity, DISSIMILAR_SHARE)), LEAST_SIMILARITY)
    arrays[SIMILARITY_LIMIT] = np.array(least, np.float32)
    return arrays


def fit_feature_distance(
    features: Float32Array, *, held_out: Float32Array
) -> dict[str, np.ndarray]:
    """Fit the distance in the network's activations.

    Args:
        features: mean of the network's maps, of training slices, shape (N, 512).
        held_out: the same of slices of another split, to set the limit on.

    Returns:
        The arrays of `ml.gate.brain_mri` that concern the distance in features.
    """
    rows = np.sqrt(np.maximum(features, 0.0))
    mean, scale = rows.mean(axis=0), rows.std(axis=0) + 1e-3
    _, spread, axes = np.linalg.svd((rows - mean) / scale, full_matrices=False)
    variance = spread**2 / len(rows)
    kept = min(_MAIN, len(variance) // 2)
    arrays: dict[str, np.ndarray] = {
        "features_mean": mean.astype(np.float32),
        "features_scale": scale.astype(np.float32),
        "features_axes": axes[:kept].T.astype(np.float32),
        "features_spread": (variance[:kept] + _FLOOR).astype(np.float32),
        "features_rest": np.array(max(float(variance[kept:].sum()), 1e-3), np.float32),
        "most_distance": np.array(1.0, np.float32),
    }
    gate = BrainMri({**_no_similarity(), **arrays})
    distances = np.array([gate.feature_distance(row) for row in held_out])
    arrays["most_distance"] = np.array(
        _MARGIN * np.quantile(distances, 1.0 - FAR_SHARE), np.float32
    )
    return arrays


def _squared(rows: np.ndarray) -> np.ndarray:
    lengths = (rows**2).sum(axis=1)
    squared: np.ndarray = np.maximum(lengths[:, None] + lengths[None] - 2.0 * rows @ rows.T, 0.0)
    return squared


def _no_feature_distance() -> dict[str, np.ndarray]:
    names = ("mean", "scale", "axes", "spread", "rest")
    return {**{f"features_{name}": np.ones(1) for name in names}, "most_distance": np.ones(1)}


def _no_similarity() -> dict[str, np.ndarray]:
    parts = [f"{block}_{part}" for block in BLOCKS for part in ("mean", "axes")]
    one = np.ones((1, 1))
    return dict.fromkeys((*parts, "landmarks", "shares", "gamma", "base"), one) | {
        SIMILARITY_LIMIT: one
    }
