"""What the screen shows of an image: an 8-bit PNG of its size, and a thumbnail."""

from dataclasses import astuple

import cv2
import numpy as np
from numpy.typing import NDArray

from ml.imaging.formats import Window
from scans.ingest.border_text import border_text
from scans.ingest.windows import eight_bit

THUMBNAIL_SIDE = 256  # pixels, the longer side


def rendition(
    pixels: NDArray[np.uint8] | NDArray[np.uint16], *, window: Window | None = None
) -> bytes:
    """PNG bytes of (H, W) or (H, W, 3) pixels, gray ones in the window of the file.

    Without a window, and of colors, 16 bits are shown in the viewer's first window.
    """
    return _png(eight_bit(pixels, window))


def thumbnail(
    pixels: NDArray[np.uint8] | NDArray[np.uint16], *, window: Window | None = None
) -> bytes:
    """PNG bytes, the longer side at most `THUMBNAIL_SIDE` pixels."""
    height, width = pixels.shape[:2]
    scale = min(1.0, THUMBNAIL_SIDE / max(height, width))
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    return _png(cv2.resize(eight_bit(pixels, window), size, interpolation=cv2.INTER_AREA))


def border_text_of(
    pixels: NDArray[np.uint8] | NDArray[np.uint16], *, window: Window | None = None
) -> list[list[int]]:
    """Where text seems to be drawn near the borders: left, top, width and height, in pixels."""
    return [list(astuple(box)) for box in border_text(eight_bit(pixels, window))]


def _png(pixels: NDArray[np.generic]) -> bytes:
    ordered = pixels if pixels.ndim == 2 else pixels[..., ::-1]  # OpenCV writes BGR
    _, encoded = cv2.imencode(".png", np.ascontiguousarray(ordered))
    return encoded.tobytes()
