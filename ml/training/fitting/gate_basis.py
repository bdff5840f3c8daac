"""Descriptions standardized, and brought to the main directions of all of them.

A description is about 1,600 numbers; what tells images apart lies in some 200 directions. Found
once, without asking what is brain and what is not, they make each of the fits that leave something
out a matter of a second.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from ml.gate.kernel_machine import CLIP
from ml.gate.slice_descriptors import BLOCKS, SIZE
from ml.imaging.pixels import Float32Array
from ml.training.fitting.gate_groups import groups_of
from ml.training.fitting.gate_samples import Samples
from ml.training.fitting.gate_settings import Settings

_FAINT: Final = 0.03  # added to the spread: a number that hardly varies is not blown up
# How much a block counts before the covariances do: many edges tell less each than few textures.
_BLOCK_WEIGHTS: Final = {
    "edges": 0.6,
    "thumbnail": 0.7,
    "shells": 1.2,
    "grays": 1.0,
    "texture": 1.5,
    "outline": 1.2,
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Basis:
    """How a description is reduced.

    Attributes:
        mean, scale: (numbers of a description,).
        axes: (numbers, kept), orthonormal.
    """

    mean: Float32Array
    scale: Float32Array
    axes: Float32Array

    def reduce(self, described: Float32Array) -> Float32Array:
        """Each description in the basis, shape (N, kept)."""
        found: Float32Array = _clipped(described, mean=self.mean, scale=self.scale) @ self.axes
        return found


def basis_of(samples: Samples, *, chosen: Sequence[int], settings: Settings) -> Basis:
    """The basis of the chosen samples.

    Raises:
        ValueError: as `groups_of`.
    """
    groups = groups_of(
        samples.rows,
        samples.described,
        chosen=chosen,
        evenness=settings.evenness,
        real=settings.real,
    )
    rows = np.concatenate([group.rows for group in groups])
    weights = np.concatenate(
        [np.full(len(group.rows), group.share / len(group.rows)) for group in groups]
    ).astype(np.float32)
    mean = weights @ rows
    spread = np.sqrt(weights @ (rows - mean) ** 2)
    scale = (_block_weights(len(mean)) / (spread + _FAINT)).astype(np.float32)
    scale[SIZE:] *= np.float32(settings.maps) * _alike(rows, weights, mean=mean, scale=scale)
    standard = _clipped(rows, mean=mean, scale=scale) * np.sqrt(weights)[:, np.newaxis]
    # Of the smaller of the two products; both have the same main directions.
    if len(standard) < standard.shape[1]:
        variance, left = np.linalg.eigh(standard @ standard.T)
        kept = min(settings.kept, int((variance > 1e-6 * variance[-1]).sum()))
        axes = standard.T @ left[:, -kept:] / np.sqrt(variance[-kept:])
    else:
        variance, axes = np.linalg.eigh(standard.T @ standard)
        axes = axes[:, -settings.kept :]
    return Basis(
        mean=mean.astype(np.float32), scale=scale, axes=np.ascontiguousarray(axes, np.float32)
    )


def _clipped(described: Float32Array, *, mean: Float32Array, scale: Float32Array) -> Float32Array:
    found: Float32Array = np.clip((described - mean) * scale, -CLIP, CLIP)
    return found


def _block_weights(size: int) -> Float32Array:
    of_pixels = [np.full(count, _BLOCK_WEIGHTS[name]) for name, count in BLOCKS.items()]
    found: Float32Array = np.concatenate([*of_pixels, np.ones(size - SIZE)]).astype(np.float32)
    return found


def _alike(
    rows: Float32Array, weights: Float32Array, *, mean: Float32Array, scale: Float32Array
) -> np.float32:
    """What brings the variance of the maps' numbers to that of the pixels'."""
    variance = weights @ (rows - mean) ** 2 * scale**2
    of_maps = float(variance[SIZE:].sum())
    return np.float32(np.sqrt(float(variance[:SIZE].sum()) / of_maps) if of_maps > 0 else 1.0)
