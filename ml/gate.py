"""When the model should say nothing: images it cannot have an opinion on.

This first gate is small and looks at pixels only. It turns away blank images and colored
photographs. It does NOT know anatomy: a gray photograph, an X-ray, a knee MRI or noise passes, and
so does a brain MRI unlike those the model has learnt from.

Measured on the 6,388 JPEG slices the project trains and tests on: it abstains on none of them (on
none of a random 1,000 either). The nearest had a spread of 84 of 255 in that sample, and colors
in 4.4 % of its pixels.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Final, TypeAlias

import numpy as np

from ml.pixels import Pixels, to_8bit, to_gray


class Reason(StrEnum):
    """Why the model gave no opinion, as a stable code."""

    UNREADABLE_CONTRAST = "unreadable_contrast"
    NOT_BRAIN_MRI = "not_brain_mri"


SENTENCES: Final[Mapping[Reason, str]] = MappingProxyType(
    {
        Reason.UNREADABLE_CONTRAST: (
            "The image is blank or nearly so, and the model gives no opinion on it; "
            "check the export or the window and upload it again."
        ),
        Reason.NOT_BRAIN_MRI: (
            "The image is strongly colored, as no brain MRI is, and the model gives no opinion "
            "on it; upload the MRI slice itself."
        ),
    }
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Refusal:
    """The gate's no: a coded reason and a sentence for the user."""

    reason: Reason
    sentence: str


Gate: TypeAlias = Callable[[Pixels], Refusal | None]

# Brightest minus darkest after leaving 1 % out at each end, in gray levels of 255.
_LEAST_SPREAD = 12.0
# A pixel is colored where its largest and smallest channel differ by more than this (of 255);
# JPEG's color subsampling and a scanner's tint stay below it.
_COLORED = 32
# A colored mark, arrow or logo on a gray slice stays below this share of the pixels.
_MOST_COLORED = 0.10


def contrast_and_color(pixels: Pixels) -> Refusal | None:
    """The gate `contrast-and-color-1`.

    Abstains with `not_brain_mri` where more than 10 % of the pixels are colored (channels more
    than 32 of 255 apart), and with `unreadable_contrast` where the 1st and the 99th percentile of
    the gray image lie fewer than 12 of 255 apart.

    Args:
        pixels: uint8 or uint16, shape (H, W) or (H, W, 3); 16 bits are windowed by min and max.

    Returns:
        The refusal, or None where the image may go on to the model.
    """
    image = to_8bit(pixels)
    if image.ndim == 3:
        colored = np.ptp(image, axis=2) > _COLORED
        if float(colored.mean()) > _MOST_COLORED:
            return _refuse(Reason.NOT_BRAIN_MRI)
    low, high = np.percentile(to_gray(image), (1.0, 99.0))
    if float(high - low) < _LEAST_SPREAD:
        return _refuse(Reason.UNREADABLE_CONTRAST)
    return None


def open_gate(pixels: Pixels) -> Refusal | None:
    """The gate `none`: lets everything pass, for measuring a model without a gate."""
    del pixels
    return None


GATES: Final[Mapping[str, Gate]] = MappingProxyType(
    {"contrast-and-color-1": contrast_and_color, "none": open_gate}
)


def _refuse(reason: Reason) -> Refusal:
    return Refusal(reason=reason, sentence=SENTENCES[reason])
