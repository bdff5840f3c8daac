"""The gate `brain-mri-1`: is this a slice of a brain MRI like those the model has learnt from?

Before the network: large enough, no strip, not blank, not colored. After it, two questions.

Does it look like one? A kernel machine on `ml.gate.descriptors` compares the image with training
slices (also changed as other clinics' exports are) and with drawn images of other things. Far
from all of them it says no too: the sum of kernels falls back to a negative base.

Does the network know its like? The Mahalanobis distance of block5_conv3's mean activations from
those of the training slices, in their main directions, and what lies outside of those.

Joining the network's numbers to the first question made that worse in trials, so each has its own
limit.

Measured once, by hand, with release 2.1.0's weights, on images that are not part of this
repository; no command measures it again. Of 742 test slices the similarity refuses none as they
are, 0.1 % after one change of `ml.training.augmentation.gate_set`, 0.4 % after a quarter turn, 1.8
% after two to four changes. Of 609 real images of other things it refuses 99.2 %, of drawings from
another seed 99.8 %; the five that pass are two pictures of a head phantom, a head CT, a flower on
black and a screenshot with a slice in it. The network's distance alone refused 42 % of the 609, and
none that the first question let pass. No fit saw these images, but its settings were chosen looking
at them, so expect somewhat less elsewhere.

What it has not seen (at a limit of 0.1; the release's is 0.155, which refuses no fewer): with drawn
CTs of the trunk left out of the fit it refuses 33 % of them, with X-rays left out 83 %, with
photographs 99 %; with the source of `br35h` and no tumor left out, 7 % of its 136 test slices, most
of them copies of one picture out of proportion. Real X-rays and CTs of other parts of the body were
not at hand, but for one.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import numpy as np

from ml.architectures import architecture_of
from ml.gate.contrast_and_color import contrast_and_color
from ml.gate.descriptors import BLOCKS, SIZES, describe
from ml.gate.reasons import GateResult, Reason, refuse
from ml.imaging.pixels import Float32Array, Pixels, Uint8Array
from ml.release.releases import Release, ReleaseMalformedError, verify
from ml.release.weights import read_npz

NAME: Final = "brain-mri-1"
GATE_FILE: Final = "gate.npz"
LEAST_SIDE: Final = 48  # pixels; the 16-fold stride of the network sees three cells of it
# The array's name in the gate files of released models, from when similarity was called likeness.
SIMILARITY_LIMIT: Final = "least_likeness"
_AXES: Final = (*(f"{block}_axes" for block in BLOCKS), "features_axes")
_NUMBERS: Final = ("gamma", "base", SIMILARITY_LIMIT, "features_rest", "most_distance")
_ARRAYS: Final = (
    *_AXES,
    *_NUMBERS,
    *(f"{block}_mean" for block in BLOCKS),
    *("landmarks", "shares", "features_mean", "features_scale", "features_spread"),
)
_ABOVE_ZERO: Final = (
    "gamma",
    "most_distance",
    "features_rest",
    "features_scale",
    "features_spread",
)


class BrainMri:
    """The loaded gate; see the module.

    Args:
        arrays: as `ml.training.fitting.gate` makes them; float. Those of a file are checked by
            `open_brain_mri`.
    """

    def __init__(self, arrays: Mapping[str, np.ndarray]) -> None:
        self._arrays = {name: np.asarray(arrays[name], dtype=np.float32) for name in _ARRAYS}
        self._landmark_lengths = (self._arrays["landmarks"] ** 2).sum(axis=1)

    def before(self, pixels: Pixels) -> GateResult:
        """See `ml.gate.Gate.before`."""
        if min(pixels.shape[:2]) < LEAST_SIDE:
            return GateResult(refusal=refuse(Reason.TOO_SMALL))
        return GateResult(refusal=contrast_and_color(pixels))

    def after(
        self, *, tensor: Float32Array, maps: Float32Array, described: Float32Array | None = None
    ) -> GateResult:
        """See `ml.gate.Gate.after`."""
        del described
        gray = np.rint(tensor[:, :, 0] * np.float32(255)).astype(np.uint8)
        # Similarity is about 1 among training slices; scaled so that the limit is at 1.
        least = float(self._arrays[SIMILARITY_LIMIT])
        of_pixels = max(0.0, (1.0 - self.similarity(gray)) / (1.0 - least))
        apart = self.feature_distance(maps.mean(axis=(0, 1)))
        distance = max(of_pixels, apart / float(self._arrays["most_distance"]))
        if distance < 1.0:
            return GateResult(distance=distance)
        reason = Reason.NOT_BRAIN_MRI if of_pixels >= 1.0 else Reason.UNFAMILIAR
        return GateResult(refusal=refuse(reason), distance=distance)

    def similarity(self, gray: Uint8Array) -> float:
        """About 1 for a slice like the training's, about -1 for other things.

        Args:
            gray: the network's input as 8-bit gray, shape (224, 224).
        """
        a = self._arrays
        parts = [
            (part - a[f"{block}_mean"]) @ a[f"{block}_axes"]
            for block, part in zip(BLOCKS, describe(gray), strict=True)
        ]
        x = np.concatenate(parts)
        squared = self._landmark_lengths + x @ x - 2.0 * (a["landmarks"] @ x)
        kernels = np.exp(-a["gamma"] * np.maximum(squared, 0.0))
        return float(kernels @ a["shares"] + a["base"])

    def feature_distance(self, features: Float32Array) -> float:
        """Distance from the training slices in what the network makes of them, about 1 there.

        Args:
            features: the network's maps, mean over each, float32, shape (K,); 512 for VGG16.
        """
        a = self._arrays
        x = (np.sqrt(np.maximum(features, 0.0)) - a["features_mean"]) / a["features_scale"]
        main = x @ a["features_axes"]
        rest = max(float(x @ x - main @ main), 0.0)
        inside = float((main**2 / a["features_spread"]).mean())
        return float(np.sqrt(inside + rest / float(a["features_rest"])))


def _check(arrays: Mapping[str, np.ndarray], *, features: int) -> None:
    """Raise `ReleaseMalformedError` unless all arrays are there, finite, and fit one another."""
    for name in _ARRAYS:
        if name not in arrays or not np.isfinite(arrays[name]).all():
            raise ReleaseMalformedError(f"{GATE_FILE} lacks a finite array called {name}.")
    if any(arrays[name].ndim != 2 for name in (*_AXES, "landmarks")):
        raise ReleaseMalformedError(f"The axes and landmarks in {GATE_FILE} must have two axes.")
    kept = sum(arrays[f"{block}_axes"].shape[1] for block in BLOCKS)
    seen = arrays["features_axes"].shape[1]
    needed: dict[str, tuple[int, ...]] = {
        "landmarks": (len(arrays["landmarks"]), kept),
        "shares": (len(arrays["landmarks"]),),
        "features_mean": (features,),
        "features_scale": (features,),
        "features_axes": (features, seen),
        "features_spread": (seen,),
        **dict.fromkeys(_NUMBERS, ()),
    }
    for block, size in zip(BLOCKS, SIZES, strict=True):
        needed[f"{block}_mean"] = (size,)
        needed[f"{block}_axes"] = (size, arrays[f"{block}_axes"].shape[1])
    for name, shape in needed.items():
        if arrays[name].shape != shape:
            raise ReleaseMalformedError(
                f"{name} in {GATE_FILE} has the shape {arrays[name].shape} instead of {shape}."
            )
    for name in _ABOVE_ZERO:  # they are divided by, or turn a similarity around
        if not (arrays[name] > 0).all():
            raise ReleaseMalformedError(f"{name} in {GATE_FILE} must be above 0.")
    if not arrays[SIMILARITY_LIMIT] < 1:
        raise ReleaseMalformedError(f"{SIMILARITY_LIMIT} in {GATE_FILE} must be below 1.")


def open_brain_mri(release: Release) -> BrainMri:
    """Load the gate of a release.

    Raises:
        ReleaseError: its file is not named, missing, altered or malformed.
    """
    if GATE_FILE not in release.files:
        raise ReleaseMalformedError(f"{release} has the gate {NAME} without its {GATE_FILE}.")
    verify(release, files=[GATE_FILE])
    arrays = read_npz(release.path(GATE_FILE), what="gate's")
    _check(arrays, features=architecture_of(release).map_channels)
    return BrainMri(arrays)
