"""The window that an image is first shown in: of the viewer, the renditions and the thumbnails."""

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from ml.imaging.formats import Window

# Of 16-bit values these shares are cut off: one hot pixel must not darken all.
_DARKEST: Final = 0.1  # percent
_BRIGHTEST: Final = 99.9
_AT_ONCE: Final = 1 << 20  # values that are looked at together: a large image needs no copy


def first_window(pixels: NDArray[Any]) -> Window:
    """Return the window of uint8 or uint16 pixels, (H, W) or (H, W, 3), that state none.

    8 bits are shown as they are; of 16 bits, all channels together, from the 0.1st to the 99.9th
    percentile. The width is at least 1.
    """
    if pixels.dtype == np.uint8:
        return Window(center=127.5, width=255.0)
    low, high = _percentiles(pixels, _DARKEST, _BRIGHTEST)
    width = max(1.0, high - low)
    return Window(center=low + width / 2, width=width)  # an image of one value is black


def eight_bit(pixels: NDArray[Any], window: Window | None) -> NDArray[np.uint8]:
    """Return uint8 of the same shape, for a screen.

    Args:
        pixels: uint8 or uint16, (H, W) or (H, W, 3).
        window: that the file states of its gray values; without one, the first window is taken.
    """
    if window is None or pixels.ndim == 3:
        if pixels.dtype == np.uint8:
            return pixels.astype(np.uint8, copy=False)
        window = first_window(pixels)
    darkest = window.center - window.width / 2
    values = np.arange(np.iinfo(pixels.dtype).max + 1, dtype=np.float32)
    shown = (values - darkest) * (255.0 / window.width)
    levels = shown.clip(0, 255).round().astype(np.uint8)
    made = np.empty(pixels.shape, np.uint8)
    rows = max(1, _AT_ONCE * len(pixels) // pixels.size)
    for top in range(0, len(pixels), rows):
        made[top : top + rows] = levels[pixels[top : top + rows]]
    return made


def _percentiles(pixels: NDArray[Any], *shares: float) -> list[float]:
    """As `numpy.percentile` of uint16 values, in a few hundred kB of memory."""
    counts = np.zeros(1 << 16, np.int64)
    rows = max(1, _AT_ONCE * len(pixels) // pixels.size)
    for top in range(0, len(pixels), rows):
        counts += np.bincount(pixels[top : top + rows].ravel(), minlength=1 << 16)
    up_to = counts.cumsum()
    found = []
    for share in shares:
        place = share / 100 * (pixels.size - 1)
        below = int(np.searchsorted(up_to, int(place), side="right"))
        above = int(np.searchsorted(up_to, min(int(place) + 1, pixels.size - 1), side="right"))
        found.append(below + (above - below) * (place - int(place)))
    return found
