"""What the screen shows of an image: an 8-bit PNG of its size, and a thumbnail."""

import cv2
import numpy as np
from numpy.typing import NDArray

from ml.imaging.formats import Window

THUMBNAIL_SIDE = 256  # pixels, the longer side


def rendition(
    pixels: NDArray[np.uint8] | NDArray[np.uint16], *, window: Window | None = None
) -> bytes:
    """PNG bytes of (H, W) or (H, W, 3) pixels, gray ones in the window of the file.

    Without a window, 16 bits are shown from minimum to maximum.
    """
    return _png(_eight_bit(pixels, window))


def thumbnail(
    pixels: NDArray[np.uint8] | NDArray[np.uint16], *, window: Window | None = None
) -> bytes:
    """PNG bytes, the longer side at most `THUMBNAIL_SIDE` pixels."""
    height, width = pixels.shape[:2]
    scale = min(1.0, THUMBNAIL_SIDE / max(height, width))
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    return _png(cv2.resize(_eight_bit(pixels, window), size, interpolation=cv2.INTER_AREA))


def _eight_bit(
    pixels: NDArray[np.uint8] | NDArray[np.uint16], window: Window | None
) -> NDArray[np.uint8]:
    if window is not None and pixels.ndim == 2:
        darkest = window.center - window.width / 2
        shown = (pixels.astype(np.float32) - darkest) * (255.0 / window.width)
        return shown.clip(0, 255).round().astype(np.uint8)
    if pixels.dtype == np.uint8:
        return pixels.astype(np.uint8, copy=False)
    low, high = int(pixels.min()), int(pixels.max())
    scaled = (pixels.astype(np.float32) - low) * (255.0 / max(1, high - low))
    return scaled.round().astype(np.uint8)


def _png(pixels: NDArray[np.generic]) -> bytes:
    ordered = pixels if pixels.ndim == 2 else pixels[..., ::-1]  # OpenCV writes BGR
    _, encoded = cv2.imencode(".png", np.ascontiguousarray(ordered))
    return encoded.tobytes()
