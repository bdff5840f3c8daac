"""Colors for a heatmap: look-up tables, blending over the image, and PNG bytes."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

import cv2
import numpy as np

from ml.pixels import Pixels, PixelsError, Uint8Array, check_pixels, to_8bit, to_rgb


def _lut(code: int) -> Uint8Array:
    ramp = np.arange(256, dtype=np.uint8).reshape(256, 1)
    bgr = cv2.applyColorMap(ramp, code).reshape(256, 3)
    lut = np.ascontiguousarray(bgr[:, ::-1]).astype(np.uint8, copy=False)
    lut.flags.writeable = False  # shared by every caller
    return lut


# One RGB row for each heatmap value, (256, 3) uint8. "warm_cool" is the familiar rainbow, which
# can draw edges that are not in the data; "inferno" and "viridis" are perceptually even
# (van der Walt and Smith, matplotlib 1.5) and stay readable with color-blindness and in gray print.
COLOR_MAPS: Final[Mapping[str, Uint8Array]] = MappingProxyType(
    {
        "warm_cool": _lut(cv2.COLORMAP_JET),
        "inferno": _lut(cv2.COLORMAP_INFERNO),
        "viridis": _lut(cv2.COLORMAP_VIRIDIS),
    }
)


def colorize(heatmap: Uint8Array, *, color_map: str) -> Uint8Array:
    """Paint a heatmap with a color map, opaque.

    Args:
        heatmap: uint8, shape (H, W), 0 to 255.
        color_map: a name in COLOR_MAPS.

    Returns:
        uint8 RGB, shape (H, W, 3).

    Raises:
        ValueError: unknown color map.
        PixelsError: the heatmap is not one 8-bit channel.
    """
    _check_heatmap(heatmap)
    return _named(color_map)[heatmap]


def blend(pixels: Pixels, heatmap: Uint8Array, *, color_map: str, opacity: float) -> Uint8Array:
    """Lay a colored heatmap over its image.

    The opacity of each pixel is `opacity` times its heat (heat / 255), so the anatomy stays as it
    was where the model did not look; a constant opacity would tint the whole slice with the color
    of zero.

    Args:
        pixels: uint8 or uint16, shape (H, W) or (H, W, 3); 16 bits are windowed by min and max.
        heatmap: uint8, shape (H, W), in the pixel grid of `pixels`.
        color_map: a name in COLOR_MAPS.
        opacity: 0 (image alone) to 1 (the hottest pixels fully painted).

    Returns:
        uint8 RGB, shape (H, W, 3).

    Raises:
        ValueError: unknown color map, or opacity outside 0 to 1.
        PixelsError: not an image, not a heatmap, or the two differ in size.
    """
    check_pixels(pixels)
    _check_heatmap(heatmap)
    if pixels.shape[:2] != heatmap.shape:
        raise PixelsError(
            f"The heatmap {heatmap.shape} must have the size of the image {pixels.shape[:2]}."
        )
    if not 0.0 <= opacity <= 1.0:
        raise ValueError(f"Opacity must lie between 0 and 1, not {opacity}.")
    lut = _named(color_map)
    base = to_rgb(to_8bit(pixels)).astype(np.float32)
    weight = (heatmap.astype(np.float32) * np.float32(opacity / 255.0))[:, :, np.newaxis]
    mixed = base + (lut[heatmap].astype(np.float32) - base) * weight
    return np.rint(mixed).astype(np.uint8)


def encode_png(array: Uint8Array) -> bytes:
    """Encode an image as PNG.

    Args:
        array: uint8, shape (H, W) for gray or (H, W, 3) for RGB.

    Returns:
        The bytes of a PNG file with 8 bits a channel; lossless.

    Raises:
        PixelsError: not an 8-bit image.
    """
    check_pixels(array)
    if array.dtype != np.uint8:
        raise PixelsError(f"Only 8-bit images are written as PNG here, not {array.dtype}.")
    rows = array if array.ndim == 2 else cv2.cvtColor(array, cv2.COLOR_RGB2BGR)
    done, encoded = cv2.imencode(".png", np.ascontiguousarray(rows))
    if not done:
        raise PixelsError("The image could not be written as PNG.")
    return encoded.tobytes()


def _named(name: str) -> Uint8Array:
    try:
        return COLOR_MAPS[name]
    except KeyError:
        names = ", ".join(COLOR_MAPS)
        raise ValueError(f"There is no color map {name!r}; choose one of: {names}.") from None


def _check_heatmap(heatmap: Uint8Array) -> None:
    if heatmap.dtype != np.uint8 or heatmap.ndim != 2 or heatmap.size == 0:
        raise PixelsError(
            f"A heatmap is uint8 of the shape (H, W), not {heatmap.dtype} {heatmap.shape}."
        )
