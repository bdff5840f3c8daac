"""When the model should say nothing: images it cannot have an opinion on.

A gate looks twice: at the pixels before the network, and at what the network made of them after;
either look may refuse the image and may measure its distance.
A release names its gate; a gate that a release was made with is never changed. One thing all of
them refuse, those of older releases too: strips, which would cost a worker its memory and its time
(`ml.gate.proportions`). And before any gate is asked, `ml.predictor` answers what has no head in it
(`ml.gate.emptiness`): the ends of a scan cost neither a pass of the network nor a heatmap.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final, Protocol

from ml.gate.brain_mri import NAME as BRAIN_MRI
from ml.gate.brain_mri import open_brain_mri
from ml.gate.brain_mri_2 import NAME as BRAIN_MRI_2
from ml.gate.brain_mri_2 import open_brain_mri_2
from ml.gate.brain_mri_3 import NAME as BRAIN_MRI_3
from ml.gate.brain_mri_3 import open_brain_mri_3
from ml.gate.contrast_and_color import contrast_and_color
from ml.gate.proportions import out_of_proportion
from ml.gate.reasons import SENTENCES, GateResult, Reason, Refusal
from ml.imaging.pixels import Float32Array, Pixels
from ml.release.releases import Release, ReleaseUnsupportedError

__all__ = [
    "GATES",
    "SENTENCES",
    "Gate",
    "GateResult",
    "Reason",
    "Refusal",
    "open_gate",
]


class Gate(Protocol):
    """A loaded gate; both questions are about one image and may be asked from several threads."""

    def before(self, pixels: Pixels) -> GateResult:
        """Look at an image before the network is run; at its shape before its pixels.

        Args:
            pixels: uint8 or uint16, shape (H, W) or (H, W, 3).
        """
        ...

    def after(
        self, *, tensor: Float32Array, maps: Float32Array, described: Float32Array | None = None
    ) -> GateResult:
        """Look at what the network was given and what it made of it.

        Args:
            tensor: the network's input, float32, shape (224, 224, 3), 0 to 1.
            maps: what the heatmap is made of, float32, shape (h, w, K); for VGG16 block5_conv3
                after its ReLU, (14, 14, 512).
            described: what `before` said the image looks like, of the same image.
        """
        ...


@dataclass(frozen=True, slots=True)
class PixelGate:
    """A gate that has nothing to say after the network."""

    check: Callable[[Pixels], Refusal | None]

    def before(self, pixels: Pixels) -> GateResult:
        """See `Gate.before`."""
        return GateResult(refusal=self.check(pixels))

    def after(
        self, *, tensor: Float32Array, maps: Float32Array, described: Float32Array | None = None
    ) -> GateResult:
        """Always an empty result."""
        del tensor, maps, described
        return GateResult()


# "none" lets everything pass but strips, for measuring a model without a gate.
# Those that need no file of the release; `brain-mri-1`, -2 and -3 need one.
GATES: Final[Mapping[str, PixelGate]] = MappingProxyType(
    {"contrast-and-color-1": PixelGate(contrast_and_color), "none": PixelGate(out_of_proportion)}
)


def open_gate(release: Release) -> Gate:
    """Load the gate that a release names, with its file where it has one.

    Raises:
        ReleaseUnsupportedError: this version of NeuroScan does not have that gate.
        ReleaseMissingError, WeightsMismatchError: its file is missing or altered.
        ReleaseMalformedError: its file is not what it must be.
    """
    if release.gate == BRAIN_MRI:
        return open_brain_mri(release)
    if release.gate == BRAIN_MRI_2:
        return open_brain_mri_2(release)
    if release.gate == BRAIN_MRI_3:
        return open_brain_mri_3(release)
    gate = GATES.get(release.gate)
    if gate is None:
        raise ReleaseUnsupportedError(
            f"{release} asks for {release.gate!r}, which this version of NeuroScan does not have; "
            "update NeuroScan or choose another release."
        )
    return gate
