"""What the screen shows of an image: an 8-bit PNG of its size, and a thumbnail."""

import cv2
import numpy as np
from numpy.typing import NDArray

THUMBNAIL_SIDE = 256  # pixels, the longer side


def rendition(pixels: NDArray[np.uint8] | NDArray[np.uint16]) -> bytes:
    """PNG bytes of (H, W) or (H, W, 3) pixels; 16 bits are windowed from minimum to maximum."""
    return _png(_eight_bit(pixels))


def thumbnail(pixels: NDArray[np.uint8] | NDArray[np.uint16]) -> bytes:
    """PNG bytes, the longer side at most `THUMBNAIL_SIDE` pixels."""
    height, width = pixels.shape[:2]
    scale = min(1.0, THUMBNAIL_SIDE / max(height, width))
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    return _png(cv2.resize(_eight_bit(pixels), size, interpolation=cv2.INTER_AREA))


def _eight_bit(pixels: NDArray[np.uint8] | NDArray[np.uint16]) -> NDArray[np.uint8]:
    if pixels.dtype == np.uint8:
        return pixels.astype(np.uint8, copy=False)
    low, high = int(pixels.min()), int(pixels.max())
    scaled = (pixels.astype(np.float32) - low) * (255.0 / max(1, high - low))
    return scaled.round().astype(np.uint8)


def _png(pixels: NDArray[np.generic]) -> bytes:
    ordered = pixels if pixels.ndim == 2 else pixels[..., ::-1]  # OpenCV writes BGR
    _, encoded = cv2.imencode(".png", np.ascontiguousarray(ordered))
    return encoded.tobytes()
