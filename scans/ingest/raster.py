"""JPEG and PNG: 8 and 16 bit, grayscale or color, EXIF orientation honored."""

import io
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFile

from scans.ingest.contents import Decoded, Limits, Refusal

ImageFile.LOAD_TRUNCATED_IMAGES = False
JPEG, PNG = b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n"
_SIXTEEN_BIT_COLOR = {2, 4, 6}  # PNG color types: RGB, gray with alpha, RGB with alpha
_ORIENTATION = 0x0112  # EXIF 2.32, 4.6.4 A


def recognizes(head: bytes) -> bool:
    """Whether the first 16 bytes are those of a JPEG or PNG file."""
    return head.startswith((JPEG, PNG))


def decode(content: bytes, limits: Limits) -> Decoded:
    """The pixels of a JPEG or PNG file.

    Raises `Refusal` with code `too_many_pixels` (before anything is decompressed), `too_small`
    or `truncated`.
    """
    try:
        with Image.open(io.BytesIO(content), formats=("JPEG", "PNG")) as image:
            _check_size(*image.size, limits)
            orientation = image.getexif().get(_ORIENTATION, 1)
            media_type = "image/png" if image.format == "PNG" else "image/jpeg"
            image.load()
            pixels = _sixteen_bit_color(content) if _is_deep_color(content) else _pixels(image)
    except Image.DecompressionBombError as error:
        raise _too_many_pixels(limits) from error
    except Refusal:
        raise
    except Exception as error:  # hostile bytes make a decoder fail in ways it does not document
        raise Refusal(
            "truncated", "The image is truncated or damaged. Export or copy it again."
        ) from error
    return Decoded(pixels=_oriented(pixels, orientation), media_type=media_type)


def _check_size(width: int, height: int, limits: Limits) -> None:
    if width * height > limits.max_pixels:
        raise _too_many_pixels(limits)
    if min(width, height) < limits.min_side:
        raise Refusal(
            "too_small",
            f"The image is {width} x {height} pixels. At least {limits.min_side} pixels on each "
            "side are needed to read it: upload the full-size image.",
        )


def _too_many_pixels(limits: Limits) -> Refusal:
    return Refusal(
        "too_many_pixels",
        f"The image has more than {limits.max_pixels // 1_000_000} megapixels. "
        "Upload a single slice, or a smaller image.",
    )


def _is_deep_color(content: bytes) -> bool:
    """A PNG with 16 bits in each of several channels, which Pillow would cut to 8 bits."""
    return content.startswith(PNG) and content[24] == 16 and content[25] in _SIXTEEN_BIT_COLOR


def _sixteen_bit_color(content: bytes) -> NDArray[np.uint16]:
    decoded = cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_UNCHANGED)
    if decoded is None or decoded.dtype != np.uint16:
        raise ValueError("OpenCV cannot read this 16-bit PNG")
    pixels = decoded.astype(np.uint16)
    if pixels.ndim == 2:
        return pixels
    color, alpha = pixels[..., :3][..., ::-1], pixels[..., 3:]
    if alpha.size:  # what is transparent is black, as on a film
        color = (color.astype(np.uint32) * alpha // 65535).astype(np.uint16)
    if bool((color[..., :1] == color).all()):
        return np.ascontiguousarray(color[..., 0])
    return np.ascontiguousarray(color)


def _pixels(image: Image.Image) -> NDArray[np.uint8] | NDArray[np.uint16]:
    if image.mode in {"I;16", "I;16B", "I"}:
        return np.clip(np.asarray(image), 0, 65535).astype(np.uint16)
    if image.mode in {"1", "L"} and "transparency" not in image.info:
        return np.asarray(image.convert("L"))
    if image.mode in {"LA", "PA", "RGBA"} or "transparency" in image.info:
        image = image.convert("RGBA")
        image = Image.alpha_composite(Image.new("RGBA", image.size, "black"), image)
    color = np.asarray(image.convert("RGB"))
    if bool((color[..., :1] == color).all()):
        return np.ascontiguousarray(color[..., 0])
    return color


def _oriented(pixels: NDArray[Any], orientation: int) -> NDArray[Any]:
    """Upright and unmirrored, from EXIF orientation 1 to 8 (anything else counts as 1)."""
    if orientation in {5, 6, 7, 8}:
        pixels = np.swapaxes(pixels, 0, 1)
    if orientation in {3, 4, 7, 8}:
        pixels = pixels[::-1]
    if orientation in {2, 3, 6, 7}:
        pixels = pixels[:, ::-1]
    return np.ascontiguousarray(pixels)
