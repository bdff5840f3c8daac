"""What `brain-mri-2` and `brain-mri-3` ask before the network: is it a slice that can be read?"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ml.gate.brain_mri import LEAST_SIDE
from ml.gate.contrast_and_color import contrast_and_color
from ml.gate.proportions import out_of_proportion
from ml.gate.reasons import GateResult, Reason, refuse
from ml.gate.slice_descriptors import describe_view, view

if TYPE_CHECKING:
    from ml.imaging.pixels import Pixels


def describe_or_refuse(pixels: Pixels) -> GateResult:
    """Return what the image looks like; or why it is refused: small, a strip, blank, colored."""
    if min(pixels.shape[:2]) < LEAST_SIDE:
        return GateResult(refusal=refuse(Reason.TOO_SMALL))
    strip = out_of_proportion(pixels)  # before its pixels are read
    if strip is not None:
        return GateResult(refusal=strip)
    seen = view(pixels)
    unreadable = contrast_and_color(seen.whole)
    if unreadable is not None:
        return GateResult(refusal=unreadable)
    return GateResult(described=describe_view(seen))
