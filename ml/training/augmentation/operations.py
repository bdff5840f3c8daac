"""What the perturbations are made of: one thing done to pixels, its strength given.

Images are uint8, 0 to 255, or float32 of any range; the size is (H, W) or (H, W, 3) unless it says
otherwise. Nothing here draws by chance, and nothing changes the array it is given.
"""

from __future__ import annotations

from typing import TypeVar

import cv2
import numpy as np
import numpy.typing as npt

from ml.imaging.pixels import Float32Array, Uint8Array

Image = TypeVar("Image", Uint8Array, Float32Array)


def to_8bit(values: npt.NDArray[np.floating]) -> Uint8Array:
    """Round to whole gray levels and hold them within 0 and 255."""
    rounded: Uint8Array = np.clip(np.rint(values), 0, 255).astype(np.uint8)
    return rounded


def scale(pixels: npt.NDArray[np.generic], *, times: float, plus: float = 0.0) -> Float32Array:
    """All values times `times`, plus `plus`; float32, not clipped."""
    return as_float32(pixels) * np.float32(times) + np.float32(plus)


def stretch(pixels: npt.NDArray[np.generic], *, about: float, times: float) -> Float32Array:
    """The distance of all values from `about` times `times`; float32, not clipped."""
    middle = np.float32(about)
    return middle + (as_float32(pixels) - middle) * np.float32(times)


def gamma(values: Float32Array, *, exponent: float) -> Float32Array:
    """Values from 0 to 1 to the power of `exponent`."""
    return as_float32(np.power(values, np.float32(exponent)))


def blur(pixels: Image, *, sigma: float) -> Image:
    """Gaussian blur of `sigma` pixels."""
    return cv2.GaussianBlur(pixels, (0, 0), sigma).astype(pixels.dtype, copy=False)


def sharpen(pixels: Image, *, sigma: float, times: float) -> Float32Array:
    """Unsharp mask: what a blur of `sigma` pixels takes away, added `times` over; not clipped."""
    soft = blur(pixels, sigma=sigma)
    return as_float32(pixels) + np.float32(times) * (as_float32(pixels) - soft)


def jpeg(pixels: Uint8Array, *, quality: int) -> Uint8Array:
    """Encode as JPEG of this quality, 0 to 100, and decode again."""
    encoded = cv2.imencode(".jpg", pixels, [cv2.IMWRITE_JPEG_QUALITY, quality])[1]
    decoded = cv2.imdecode(encoded, cv2.IMREAD_UNCHANGED)
    assert decoded is not None  # it was encoded the line before
    return decoded.astype(np.uint8, copy=False)


def shrink(pixels: Image, *, height: int, width: int) -> Image:
    """Sample more coarsely, each pixel the mean of those it stands for."""
    small = cv2.resize(pixels, (width, height), interpolation=cv2.INTER_AREA)
    return small.astype(pixels.dtype, copy=False)


def quarter_turns(pixels: Uint8Array, *, turns: int) -> Uint8Array:
    """Rotate counterclockwise by `turns` times 90 degrees."""
    return np.ascontiguousarray(np.rot90(pixels, turns))


def mirror(pixels: Uint8Array, *, axis: int) -> Uint8Array:
    """Flip: axis 1 swaps left and right, axis 0 top and bottom."""
    return np.ascontiguousarray(np.flip(pixels, axis))


def as_float32(values: npt.ArrayLike) -> Float32Array:
    """The same values in float32."""
    return np.asarray(values, dtype=np.float32)


def as_uint8(values: npt.ArrayLike) -> Uint8Array:
    """The same whole numbers, 0 to 255, in 8 bits."""
    return np.asarray(values, dtype=np.uint8)
