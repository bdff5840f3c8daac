"""How much an image looks like the brain slices that a gate was fitted on, from its description.

A description is standardized and projected on directions; a sum of Gaussian kernels to landmarks
says how similar it is to groups of brain slices and of other things. Far from all landmarks the sum
falls back to `base`. The arrays, as `ml.training.fitting.gate_moments` makes them:

- `mean`, `scale` (numbers of a description,), `axes` (numbers, directions);
- `landmarks` (landmarks, directions), `shares` (landmarks,), `gamma`, `base`;
- `least_similarity`: the limit.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import numpy as np

from ml.imaging.pixels import Float32Array
from ml.release.releases import ReleaseMalformedError

LIMIT: Final = "least_similarity"
CLIP: Final = 5.0  # standard deviations: an odd image is odd, and not infinitely so
_NUMBERS: Final = ("gamma", "base", LIMIT)
ARRAYS: Final = (*_NUMBERS, "mean", "scale", "axes", "landmarks", "shares")


class KernelMachine:
    """The loaded arrays; see the module.

    Args:
        arrays: float; those of a file are checked by `check_arrays`.
    """

    def __init__(self, arrays: Mapping[str, np.ndarray]) -> None:
        self._arrays = {name: np.asarray(arrays[name], dtype=np.float32) for name in ARRAYS}
        self._landmark_lengths = (self._arrays["landmarks"] ** 2).sum(axis=1)

    def similarity(self, described: Float32Array) -> float:
        """About 1 for a brain slice, about -1 for other things.

        Args:
            described: shape (numbers,).
        """
        return float(self.similarities(described[np.newaxis])[0])

    def similarities(self, described: Float32Array) -> Float32Array:
        """`similarity` of each row, shape (N,)."""
        a = self._arrays
        x = project(described, mean=a["mean"], scale=a["scale"], axes=a["axes"])
        kernels = landmark_kernels(
            x, a["landmarks"], lengths=self._landmark_lengths, gamma=float(a["gamma"])
        )
        found: Float32Array = kernels @ a["shares"] + a["base"]
        return found

    def distance(self, described: Float32Array) -> float:
        """The similarity turned around and scaled: 0 and up, the limit at 1."""
        least = float(self._arrays[LIMIT])
        return max(0.0, (1.0 - self.similarity(described)) / (1.0 - least))


def project(
    described: Float32Array, *, mean: Float32Array, scale: Float32Array, axes: Float32Array
) -> Float32Array:
    """Standardize, clip and project descriptions: (N, numbers) to (N, directions)."""
    found: Float32Array = np.clip((described - mean) * scale, -CLIP, CLIP) @ axes
    return found


def landmark_kernels(
    x: Float32Array, landmarks: Float32Array, *, lengths: Float32Array, gamma: float
) -> Float32Array:
    """exp(-gamma d^2) of each row to each landmark, (N, landmarks); `lengths` are those squared."""
    squared = lengths + (x * x).sum(axis=1)[:, np.newaxis] - 2.0 * (x @ landmarks.T)
    kernels: Float32Array = np.exp(np.float32(-gamma) * np.maximum(squared, 0.0))
    return kernels


def check_arrays(arrays: Mapping[str, np.ndarray], *, size: int, file: str) -> None:
    """Refuse arrays that cannot be a machine's.

    Args:
        arrays: of the file.
        size: numbers of a description.
        file: its name.

    Raises:
        ReleaseMalformedError: an array is missing or not finite, or they do not fit one another.
    """
    for name in ARRAYS:
        if name not in arrays or not np.isfinite(arrays[name]).all():
            raise ReleaseMalformedError(f"{file} lacks a finite array called {name}.")
    if any(arrays[name].ndim != 2 for name in ("axes", "landmarks")):
        raise ReleaseMalformedError(f"The axes and landmarks in {file} must have two axes.")
    directions, landmarks = arrays["axes"].shape[1], len(arrays["landmarks"])
    needed: dict[str, tuple[int, ...]] = {
        "mean": (size,),
        "scale": (size,),
        "axes": (size, directions),
        "landmarks": (landmarks, directions),
        "shares": (landmarks,),
        **dict.fromkeys(_NUMBERS, ()),
    }
    for name, shape in needed.items():
        if arrays[name].shape != shape:
            raise ReleaseMalformedError(
                f"{name} in {file} has the shape {arrays[name].shape} instead of {shape}."
            )
    if not arrays["gamma"] > 0:  # it would turn a similarity around
        raise ReleaseMalformedError(f"gamma in {file} must be above 0.")
    if not arrays[LIMIT] < 1:  # the distance is divided by what is left
        raise ReleaseMalformedError(f"{LIMIT} in {file} must be below 1.")
