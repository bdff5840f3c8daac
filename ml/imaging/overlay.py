"""Colors for a heatmap: look-up tables, blending over the image, and PNG bytes."""

from __future__ import annotations

import struct
from collections.abc import Mapping
from functools import lru_cache
from types import MappingProxyType
from typing import Final

import cv2
import numpy as np
from isal import isal_zlib

from ml.imaging.pixels import Pixels, PixelsError, Uint8Array, check_pixels, to_8bit

_PNG_SIGNATURE: Final = b"\x89PNG\r\n\x1a\n"  # this and the numbers below: ISO/IEC 15948
_PNG_GRAY: Final = 0
_PNG_RGB: Final = 2
_PNG_UP: Final = 2
_PNG_LEVEL: Final = 2  # of ISA-L's 0 to 3; 3 takes twice as long and yields no smaller files


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
    base = to_8bit(pixels)
    mixtures = _mixtures(color_map, opacity)
    channels = cv2.split(base) if base.ndim == 3 else (base,)
    # heat * 256 + base, as `_mixtures` counts.
    pairs = [
        cv2.addWeighted(heatmap, 256.0, channel, 1.0, 0.0, dtype=cv2.CV_16U) for channel in channels
    ]
    if len(pairs) == 1:
        pairs *= 3
    mixed = [cv2.LUT(pair, mixture) for pair, mixture in zip(pairs, mixtures, strict=True)]
    return cv2.merge(mixed).astype(np.uint8, copy=False)


def encode_png(array: Uint8Array) -> bytes:
    """Encode an image as PNG.

    Written out here, for compression is what takes the time: with ISA-L and every row as its
    difference from the row above, a slice's overlay takes a quarter of the time that OpenCV's and
    Pillow's zlib take, and fewer bytes.

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
    height, width = array.shape[:2]
    rows = array.reshape(height, -1)
    filtered = np.empty((height, 1 + rows.shape[1]), dtype=np.uint8)
    filtered[:, 0] = _PNG_UP
    filtered[0, 1:] = rows[0]  # above the first row is a row of zeros
    np.subtract(rows[1:], rows[:-1], out=filtered[1:, 1:])  # modulo 256, as PNG wants it
    color_type = _PNG_GRAY if array.ndim == 2 else _PNG_RGB
    header = struct.pack(">IIBBBBB", width, height, 8, color_type, 0, 0, 0)
    data = isal_zlib.compress(filtered, level=_PNG_LEVEL)
    return b"".join(
        (_PNG_SIGNATURE, _chunk(b"IHDR", header), _chunk(b"IDAT", data), _chunk(b"IEND", b""))
    )


def _chunk(kind: bytes, data: bytes) -> bytes:
    checksum = isal_zlib.crc32(data, isal_zlib.crc32(kind))
    return b"".join((struct.pack(">I", len(data)), kind, data, struct.pack(">I", checksum)))


@lru_cache(maxsize=16)
def _mixtures(color_map: str, opacity: float) -> tuple[Uint8Array, ...]:
    """Red, green and blue of every heat over every gray level: (65536,) uint8 each.

    Entry heat * 256 + base is the base mixed with that heat's color. There are fewer such pairs
    than pixels in most images, so each is reckoned once.
    """
    base = np.arange(256, dtype=np.float32)
    weight = (np.arange(256, dtype=np.float32) * np.float32(opacity / 255.0))[:, np.newaxis]
    colors = _named(color_map).astype(np.float32)
    mixed = [base + (colors[:, [channel]] - base) * weight for channel in range(3)]
    return tuple(np.rint(table).astype(np.uint8).reshape(1, -1) for table in mixed)


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
