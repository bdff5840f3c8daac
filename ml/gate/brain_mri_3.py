"""The gate `brain-mri-3`: is this a slice of a brain MRI? Asked of the pixels and of the network.

Before the network: large enough, no strip, not blank, not colored; and what the image looks like
(`ml.gate.slice_descriptors`). After it, one question of both that and of what the network's maps
hold (`ml.gate.map_descriptors`), put to one `ml.gate.kernel_machine`. A network that learnt to see
in photographs and then in heads tells tissues, bone and grain apart better than the pixels' numbers
do, and those know what the network is not shown: frame, outline and place.

As in `brain-mri-2`, landmarks are no images: they are drawn from the normal distribution of each
group, as its mean and covariance give it, and the shares follow from second moments
(`ml.training.fitting.gate_moments`). The numbers belong to the weights of one network: other
weights need another fit.

`distance` is the similarity, scaled so that the limit is at 1.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import numpy as np

from ml.architectures import architecture_of
from ml.gate.brain_mri import GATE_FILE
from ml.gate.kernel_machine import KernelMachine, check_arrays
from ml.gate.map_descriptors import EACH, describe_maps
from ml.gate.pixels_first import describe_or_refuse
from ml.gate.reasons import GateResult, Reason, refuse
from ml.gate.slice_descriptors import SIZE
from ml.imaging.pixels import Float32Array, Pixels
from ml.release.releases import Release, ReleaseMalformedError, verify
from ml.release.weights import read_npz

NAME: Final = "brain-mri-3"


class BrainMri3:
    """The loaded gate; see the module.

    Args:
        arrays: as `ml.training.fitting.gate_moments` makes them; float. Those of a file are checked
            by `open_brain_mri_3`.
    """

    def __init__(self, arrays: Mapping[str, np.ndarray]) -> None:
        self._machine = KernelMachine(arrays)

    def before(self, pixels: Pixels) -> GateResult:
        """See `ml.gate.Gate.before`; what it describes is for `after`."""
        return describe_or_refuse(pixels)

    def after(
        self, *, tensor: Float32Array, maps: Float32Array, described: Float32Array | None = None
    ) -> GateResult:
        """See `ml.gate.Gate.after`.

        Raises:
            ValueError: it is not given what it described before the network.
        """
        del tensor
        if described is None:
            raise ValueError("The gate brain-mri-3 needs what it described before the network.")
        distance = self._machine.distance(join(described, maps))
        if distance < 1.0:
            return GateResult(distance=distance)
        return GateResult(refusal=refuse(Reason.NOT_BRAIN_MRI), distance=distance)


def join(described: Float32Array, maps: Float32Array) -> Float32Array:
    """The description that the machine is asked: of the pixels, and of the network's maps."""
    found: Float32Array = np.concatenate([described, describe_maps(maps)])
    return found


def open_brain_mri_3(release: Release) -> BrainMri3:
    """Load the gate of a release.

    Raises:
        ReleaseError: its file is not named, missing, altered or malformed.
    """
    if GATE_FILE not in release.files:
        raise ReleaseMalformedError(f"{release} has the gate {NAME} without its {GATE_FILE}.")
    verify(release, files=[GATE_FILE])
    arrays = read_npz(release.path(GATE_FILE), what="gate's")
    size = SIZE + EACH * architecture_of(release).map_channels
    check_arrays(arrays, size=size, file=GATE_FILE)
    return BrainMri3(arrays)
