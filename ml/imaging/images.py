"""Image files to pixels, for the command line: JPEG and PNG as the application stores them.

The application's own reader (`scans.ingest`) lies where nothing in here may look; a test of the
application (`scans/tests/studies/test_raster.py`) holds the two to the same pixels.
"""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any, Final

import cv2
import numpy as np
import numpy.typing as npt
from PIL import Image

from ml.imaging.pixels import Pixels

MAX_BYTES: Final = 64 * 1024**2  # the application's defaults (docs/configuration.md)
MAX_PIXELS: Final = 50_000_000
MIN_SIDE: Final = 64

_JPEG, _PNG = b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n"
_DEEP_COLOR: Final = {2, 4, 6}  # PNG color types: RGB, gray with alpha, RGB with alpha
_ORIENTATION: Final = 0x0112  # EXIF 2.32, 4.6.4 A


class ImageFileError(Exception):
    """The file cannot be read as an image; the message is a full sentence."""


def read_image_file(path: Path) -> Pixels:
    """The pixels of a JPEG or PNG file.

    EXIF orientation is applied, as the application does, so coordinates are those of the upright
    picture. What is transparent is black. Three equal channels become one.

    Returns:
        uint8 or uint16, shape (H, W) or (H, W, 3) RGB.

    Raises:
        ImageFileError: there is no such file, or it is no such image, damaged, too large or too
            small.
    """
    return decode_image_file(_content(path))


def decode_image_file(content: bytes) -> Pixels:
    """The pixels of a JPEG or PNG file's bytes; see `read_image_file`."""
    if not content:
        raise ImageFileError("The file is empty. Export or copy it again.")
    if not content.startswith((_JPEG, _PNG)):
        raise ImageFileError("This is not a JPEG or PNG image. Export it as one of them.")
    try:
        with Image.open(io.BytesIO(content), formats=("JPEG", "PNG")) as image:
            _check_size(*image.size)
            orientation = image.getexif().get(_ORIENTATION, 1)
            image.load()
            pixels = _deep_color(content) if _is_deep_color(content) else _pixels(image)
    except ImageFileError:
        raise
    except Image.DecompressionBombError as error:
        raise _too_many_pixels() from error
    except Exception as error:  # hostile bytes make a decoder fail in ways it does not document
        raise ImageFileError(
            "The image is truncated or damaged. Export or copy it again."
        ) from error
    return _oriented(pixels, orientation)


def _content(path: Path) -> bytes:
    try:
        if path.is_dir():
            raise ImageFileError("This is a folder. Name the images in it.")
        if path.exists() and not path.is_file():
            raise ImageFileError("This is not a regular file. Name a JPEG or PNG image.")
        if path.stat().st_size > MAX_BYTES:
            raise ImageFileError(f"The file is larger than {MAX_BYTES // 1024**2} MB.")
        return path.read_bytes()
    except FileNotFoundError:
        raise ImageFileError("There is no such file.") from None
    except (OSError, ValueError) as error:  # ValueError: a null character in the name
        reason = getattr(error, "strerror", None) or str(error)
        raise ImageFileError(f"The file cannot be read: {reason}.") from None


def _check_size(width: int, height: int) -> None:
    if width * height > MAX_PIXELS:
        raise _too_many_pixels()
    if min(width, height) < MIN_SIDE:
        raise ImageFileError(
            f"The image is {width} x {height} pixels. At least {MIN_SIDE} pixels on each side are "
            "needed to read it."
        )


def _too_many_pixels() -> ImageFileError:
    return ImageFileError(f"The image has more than {MAX_PIXELS // 1_000_000} megapixels.")


def _is_deep_color(content: bytes) -> bool:
    """A PNG with 16 bits in each of several channels, which Pillow would cut to 8 bits."""
    return content.startswith(_PNG) and content[24] == 16 and content[25] in _DEEP_COLOR


def _deep_color(content: bytes) -> Pixels:
    decoded = cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_UNCHANGED)
    if decoded is None or decoded.dtype != np.uint16:
        raise ValueError("OpenCV cannot read this 16-bit PNG")
    pixels = decoded.astype(np.uint16, copy=False)
    if pixels.ndim == 2:
        return pixels
    color, alpha = pixels[..., :3][..., ::-1], pixels[..., 3:]
    if alpha.size:
        color = (color.astype(np.uint32) * alpha // 65535).astype(np.uint16)
    return _one_channel_if_equal(color)


def _pixels(image: Image.Image) -> Pixels:
    if image.mode in {"I;16", "I;16B", "I"}:
        deep: npt.NDArray[Any] = np.clip(np.asarray(image), 0, 65535)
        return deep.astype(np.uint16)
    if image.mode in {"1", "L"} and "transparency" not in image.info:
        return np.asarray(image.convert("L"), dtype=np.uint8)
    if image.mode in {"LA", "PA", "RGBA"} or "transparency" in image.info:
        image = image.convert("RGBA")
        image = Image.alpha_composite(Image.new("RGBA", image.size, "black"), image)
    return _one_channel_if_equal(np.asarray(image.convert("RGB"), dtype=np.uint8))


def _one_channel_if_equal(color: npt.NDArray[Any]) -> npt.NDArray[Any]:
    return np.ascontiguousarray(color[..., 0] if (color[..., :1] == color).all() else color)


def _oriented(pixels: npt.NDArray[Any], orientation: int) -> npt.NDArray[Any]:
    """Upright and unmirrored, from EXIF orientation 1 to 8 (anything else counts as 1)."""
    if orientation in {5, 6, 7, 8}:
        pixels = np.swapaxes(pixels, 0, 1)
    if orientation in {3, 4, 7, 8}:
        pixels = pixels[::-1]
    if orientation in {2, 3, 6, 7}:
        pixels = pixels[:, ::-1]
    return np.ascontiguousarray(pixels)
