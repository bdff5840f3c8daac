"""Strips: images so much longer than wide that no slice of a head is among them.

Every gate asks this first, also the one that lets everything pass, for it looks at the shape alone:
the network sees a square, and to pad a strip of 64 x 60,000 pixels to one takes 3.6 GB and most of
a worker's time limit.

With the limit at 4, and 50 megapixels at most, the square has no more than 200 megapixels, and one
image takes 620 MB at the most beside its own pixels (measured: 4,082 x 12,247, gray, 8 bits).
The most elongated of the 6,388 slices that the project trains and tests on is 1.4 times as long as
wide.
"""

from __future__ import annotations

from typing import Final

from ml.gate.reasons import Reason, Refusal, refuse
from ml.imaging.pixels import Pixels

MOST_ELONGATED: Final = 4  # times as long as wide


def out_of_proportion(pixels: Pixels) -> Refusal | None:
    """Refuse, as `not_brain_mri`, what is more than four times as long as wide.

    Args:
        pixels: of any type, shape (H, W) or (H, W, 3); none of them is read.
    """
    height, width = pixels.shape[:2]
    if max(height, width) > MOST_ELONGATED * min(height, width):
        return refuse(Reason.NOT_BRAIN_MRI)
    return None
