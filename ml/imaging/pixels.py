"""What the model code accepts as an image, and how it becomes 8-bit gray."""

from __future__ import annotations

from typing import TypeAlias

import cv2
import numpy as np
import numpy.typing as npt

Uint8Array: TypeAlias = npt.NDArray[np.uint8]
Float32Array: TypeAlias = npt.NDArray[np.float32]
Pixels: TypeAlias = npt.NDArray[np.uint8] | npt.NDArray[np.uint16]


class PixelsError(ValueError):
    """The array is not an image this code reads; the message is a full sentence."""


def check_pixels(pixels: Pixels) -> None:
    """Refuse anything but an image.

    Args:
        pixels: uint8 or uint16, shape (H, W) for gray or (H, W, 3) for RGB, H and W at least 1.

    Raises:
        PixelsError: the type, the number of axes, the channels or the size is something else.
    """
    if not isinstance(pixels, np.ndarray):
        raise PixelsError(f"The image must be a NumPy array, not {type(pixels).__name__}.")
    if pixels.dtype not in (np.uint8, np.uint16):
        raise PixelsError(f"The image must hold uint8 or uint16 values, not {pixels.dtype}.")
    if pixels.ndim not in (2, 3) or (pixels.ndim == 3 and pixels.shape[2] != 3):
        raise PixelsError(
            f"The image must have the shape (H, W) or (H, W, 3), not {tuple(pixels.shape)}."
        )
    if pixels.size == 0:
        raise PixelsError("The image has no pixels.")


def to_8bit(pixels: Pixels) -> Uint8Array:
    """Bring an image to 8 bits.

    8-bit images are returned as they are. 16-bit images are windowed from their own minimum
    (0) to their own maximum (255), all channels together: MRI intensities have no absolute unit,
    and this window needs no metadata. A caller who knows the DICOM window applies it beforehand.
    A constant 16-bit image becomes all 0.

    Args:
        pixels: uint8 or uint16, shape (H, W) or (H, W, 3).

    Returns:
        uint8, same shape.
    """
    if pixels.dtype == np.uint8:
        return pixels.astype(np.uint8, copy=False)
    low, high = int(pixels.min()), int(pixels.max())
    levels = np.zeros(high + 1, dtype=np.uint8)
    if high > low:
        levels[low:] = np.rint(np.linspace(0.0, 255.0, high - low + 1)).astype(np.uint8)
    return levels[pixels]


def to_gray(pixels: Uint8Array) -> Uint8Array:
    """Collapse RGB to gray with the ITU-R BT.601 luma weights; gray passes through.

    Args:
        pixels: uint8, shape (H, W) or (H, W, 3).

    Returns:
        uint8, shape (H, W).
    """
    if pixels.ndim == 2:
        return pixels
    return cv2.cvtColor(np.ascontiguousarray(pixels), cv2.COLOR_RGB2GRAY).astype(
        np.uint8, copy=False
    )


def to_rgb(pixels: Uint8Array) -> Uint8Array:
    """Repeat gray to three equal channels; RGB passes through.

    Args:
        pixels: uint8, shape (H, W) or (H, W, 3).

    Returns:
        uint8, shape (H, W, 3).
    """
    if pixels.ndim == 3:
        return pixels
    return cv2.cvtColor(np.ascontiguousarray(pixels), cv2.COLOR_GRAY2RGB).astype(
        np.uint8, copy=False
    )
