"""The gate `brain-mri-2`: is this a slice of a brain MRI? Asked of the pixels alone.

Before the network, and independent of it: large enough, no strip, not blank, not colored; then one
question of `ml.gate.slice_descriptors`. They are standardized and projected on the directions that
tell groups of images apart and on the main ones; a kernel machine on landmarks compares the image
with groups of brain slices and of other things (CT, other parts of the body, phantoms, ultrasound,
papers, photographs). Far from all of them it says no: the sum of kernels falls back to a negative
base.

The landmarks are no images: they are drawn from the normal distribution of each group, as its
mean and covariance give it, and the shares follow from second moments
(`ml.training.fitting.gate_moments`). So a group that may give statistics alone can take part.

`distance` is that similarity, scaled so that the limit is at 1. It says how little an image looks
like the brain slices that were learnt from, and nothing about the network: what the gate
`brain-mri-1` asked of the network's activations (`unfamiliar`) is not asked any more.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import numpy as np

from ml.gate.brain_mri import GATE_FILE, LEAST_SIDE
from ml.gate.contrast_and_color import contrast_and_color
from ml.gate.proportions import out_of_proportion
from ml.gate.reasons import GateResult, Reason, refuse
from ml.gate.slice_descriptors import SIZE, describe_view, view
from ml.imaging.pixels import Float32Array, Pixels
from ml.release.releases import Release, ReleaseMalformedError, verify
from ml.release.weights import read_npz

NAME: Final = "brain-mri-2"
LIMIT: Final = "least_similarity"
CLIP: Final = 5.0  # standard deviations: an odd image is odd, and not infinitely so
_NUMBERS: Final = ("gamma", "base", LIMIT)
_ARRAYS: Final = (*_NUMBERS, "mean", "scale", "axes", "landmarks", "shares")


class BrainMri2:
    """The loaded gate; see the module.

    Args:
        arrays: as `ml.training.fitting.gate_moments` makes them; float. Those of a file are checked
            by `open_brain_mri_2`.
    """

    def __init__(self, arrays: Mapping[str, np.ndarray]) -> None:
        self._arrays = {name: np.asarray(arrays[name], dtype=np.float32) for name in _ARRAYS}
        self._landmark_lengths = (self._arrays["landmarks"] ** 2).sum(axis=1)

    def before(self, pixels: Pixels) -> GateResult:
        """See `ml.gate.Gate.before`; the distance is measured where the pixels can be read."""
        if min(pixels.shape[:2]) < LEAST_SIDE:
            return GateResult(refusal=refuse(Reason.TOO_SMALL))
        strip = out_of_proportion(pixels)  # before its pixels are read
        if strip is not None:
            return GateResult(refusal=strip)
        seen = view(pixels)
        unreadable = contrast_and_color(seen.whole)
        if unreadable is not None:
            return GateResult(refusal=unreadable)
        least = float(self._arrays[LIMIT])
        distance = max(0.0, (1.0 - self.similarity(describe_view(seen))) / (1.0 - least))
        if distance < 1.0:
            return GateResult(distance=distance)
        return GateResult(refusal=refuse(Reason.NOT_BRAIN_MRI), distance=distance)

    def after(self, *, tensor: Float32Array, maps: Float32Array) -> GateResult:
        """Always an empty result: all was asked before."""
        del tensor, maps
        return GateResult()

    def similarity(self, described: Float32Array) -> float:
        """About 1 for a brain slice, about -1 for other things.

        Args:
            described: as `ml.gate.slice_descriptors.describe` gives it, shape (SIZE,).
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


def project(
    described: Float32Array, *, mean: Float32Array, scale: Float32Array, axes: Float32Array
) -> Float32Array:
    """Standardize, clip and project descriptions: (N, SIZE) to (N, directions)."""
    found: Float32Array = np.clip((described - mean) * scale, -CLIP, CLIP) @ axes
    return found


def landmark_kernels(
    x: Float32Array, landmarks: Float32Array, *, lengths: Float32Array, gamma: float
) -> Float32Array:
    """exp(-gamma d^2) of each row to each landmark, (N, landmarks); `lengths` are those squared."""
    squared = lengths + (x * x).sum(axis=1)[:, np.newaxis] - 2.0 * (x @ landmarks.T)
    kernels: Float32Array = np.exp(np.float32(-gamma) * np.maximum(squared, 0.0))
    return kernels


def open_brain_mri_2(release: Release) -> BrainMri2:
    """Load the gate of a release.

    Raises:
        ReleaseError: its file is not named, missing, altered or malformed.
    """
    if GATE_FILE not in release.files:
        raise ReleaseMalformedError(f"{release} has the gate {NAME} without its {GATE_FILE}.")
    verify(release, files=[GATE_FILE])
    arrays = read_npz(release.path(GATE_FILE), what="gate's")
    _check(arrays)
    return BrainMri2(arrays)


def _check(arrays: Mapping[str, np.ndarray]) -> None:
    """Raise `ReleaseMalformedError` unless all arrays are there, finite, and fit one another."""
    for name in _ARRAYS:
        if name not in arrays or not np.isfinite(arrays[name]).all():
            raise ReleaseMalformedError(f"{GATE_FILE} lacks a finite array called {name}.")
    if any(arrays[name].ndim != 2 for name in ("axes", "landmarks")):
        raise ReleaseMalformedError(f"The axes and landmarks in {GATE_FILE} must have two axes.")
    directions, landmarks = arrays["axes"].shape[1], len(arrays["landmarks"])
    needed: dict[str, tuple[int, ...]] = {
        "mean": (SIZE,),
        "scale": (SIZE,),
        "axes": (SIZE, directions),
        "landmarks": (landmarks, directions),
        "shares": (landmarks,),
        **dict.fromkeys(_NUMBERS, ()),
    }
    for name, shape in needed.items():
        if arrays[name].shape != shape:
            raise ReleaseMalformedError(
                f"{name} in {GATE_FILE} has the shape {arrays[name].shape} instead of {shape}."
            )
    if not arrays["gamma"] > 0:  # it would turn a similarity around
        raise ReleaseMalformedError(f"gamma in {GATE_FILE} must be above 0.")
    if not arrays[LIMIT] < 1:  # the distance is divided by what is left
        raise ReleaseMalformedError(f"{LIMIT} in {GATE_FILE} must be below 1.")
