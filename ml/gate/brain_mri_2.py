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

from ml.gate.brain_mri import GATE_FILE
from ml.gate.kernel_machine import KernelMachine, check_arrays
from ml.gate.pixels_first import describe_or_refuse
from ml.gate.reasons import GateResult, Reason, refuse
from ml.gate.slice_descriptors import SIZE
from ml.imaging.pixels import Float32Array, Pixels
from ml.release.releases import Release, ReleaseMalformedError, verify
from ml.release.weights import read_npz

NAME: Final = "brain-mri-2"


class BrainMri2:
    """The loaded gate; see the module.

    Args:
        arrays: as `ml.training.fitting.gate_moments` makes them; float. Those of a file are checked
            by `open_brain_mri_2`.
    """

    def __init__(self, arrays: Mapping[str, np.ndarray]) -> None:
        self._machine = KernelMachine(arrays)

    def before(self, pixels: Pixels) -> GateResult:
        """See `ml.gate.Gate.before`; the distance is measured where the pixels can be read."""
        asked = describe_or_refuse(pixels)
        if asked.described is None:
            return asked
        distance = self._machine.distance(asked.described)
        if distance < 1.0:
            return GateResult(distance=distance)
        return GateResult(refusal=refuse(Reason.NOT_BRAIN_MRI), distance=distance)

    def after(
        self, *, tensor: Float32Array, maps: Float32Array, described: Float32Array | None = None
    ) -> GateResult:
        """Always an empty result: all was asked before."""
        del tensor, maps, described
        return GateResult()


def open_brain_mri_2(release: Release) -> BrainMri2:
    """Load the gate of a release.

    Raises:
        ReleaseError: its file is not named, missing, altered or malformed.
    """
    if GATE_FILE not in release.files:
        raise ReleaseMalformedError(f"{release} has the gate {NAME} without its {GATE_FILE}.")
    verify(release, files=[GATE_FILE])
    arrays = read_npz(release.path(GATE_FILE), what="gate's")
    check_arrays(arrays, size=SIZE, file=GATE_FILE)
    return BrainMri2(arrays)
