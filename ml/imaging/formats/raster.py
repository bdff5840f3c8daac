"""JPEG and PNG: 8 and 16 bit, gray or color, turned upright by their EXIF orientation.

EXIF orientation is applied, so coordinates are those of the upright picture. What is transparent is
black, as on a film. Three equal channels become one. A resolution for printing says nothing of the
patient, so there are no millimeters. A file of several pictures (APNG, MPO) is refused with their
count: the first alone would stand for all of them.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, BinaryIO, Final

import cv2
import numpy as np
import numpy.typing as npt
from PIL import Image, ImageFile

from ml.imaging.formats.contract import DecodedFile, DecodedImage, FileMetadata, Limits
from ml.imaging.pixels import Pixels

ImageFile.LOAD_TRUNCATED_IMAGES = False
_SIXTEEN_BIT_COLOR: Final = {2, 4, 6}  # PNG color types: RGB, gray with alpha, RGB with alpha
_ORIENTATION: Final = 0x0112  # EXIF 2.32, 4.6.4 A
_ENTRIES: Final = 0xB002  # CIPA DC-007 (Multi-Picture Format): what is in the file
_PREVIEWS: Final = {"Large Thumbnail (VGA Equivalent)", "Large Thumbnail (Full HD Equivalent)"}


@dataclass(frozen=True, kw_only=True, slots=True)
class Raster:
    """A format that Pillow decodes; `name` is Pillow's name of it."""

    name: str
    media_types: tuple[str, ...]
    suffixes: tuple[str, ...]
    signature: bytes

    @property
    def head_bytes(self) -> int:
        """The length of the signature."""
        return len(self.signature)

    def recognizes(self, head: bytes) -> bool:
        """Whether the file begins with the signature."""
        return head.startswith(self.signature)

    def read(self, file: BinaryIO, *, limits: Limits) -> DecodedFile:
        """Decode the image.

        Raises:
            Refusal: with code `too_many_pixels`, `too_small` or `too_many_frames` (whatever the
                limit, since only a first one would be read), before anything is decompressed.
        """
        try:
            with Image.open(file, formats=(self.name,)) as image:
                limits.check_size(width=image.width, height=image.height)
                replace(limits, max_frames=1).check_frames(_pictures_in(image))
                orientation = image.getexif().get(_ORIENTATION, 1)
                image.load()
                content = _content_of_deep_color(file) if self.name == "PNG" else None
                pixels = _sixteen_bit_color(content) if content else _pixels(image)
        except Image.DecompressionBombError as error:
            raise limits.too_many_pixels() from error
        decoded = DecodedImage(
            pixels=_oriented(pixels, orientation),
            bits_stored=8 * pixels.dtype.itemsize,
            photometric="MONOCHROME2" if pixels.ndim == 2 else "RGB",
        )
        return DecodedFile(images=(decoded,), metadata=FileMetadata(media_type=self.media_types[0]))


JPEG: Final = Raster(
    name="JPEG",
    media_types=("image/jpeg",),
    suffixes=(".jpg", ".jpeg"),
    signature=b"\xff\xd8\xff",
)
PNG: Final = Raster(
    name="PNG", media_types=("image/png",), suffixes=(".png",), signature=b"\x89PNG\r\n\x1a\n"
)


def _pictures_in(image: Image.Image) -> int:
    """How many pictures a file holds; a smaller preview of one, as cameras add, is none."""
    frames = int(getattr(image, "n_frames", 1))
    entries = getattr(image, "mpinfo", {}).get(_ENTRIES, ())
    return frames - sum(entry["Attribute"]["MPType"] in _PREVIEWS for entry in entries)


def _content_of_deep_color(file: BinaryIO) -> bytes | None:
    """The bytes of a PNG with 16 bits in several channels, which Pillow would cut to 8 bits."""
    file.seek(0)
    header = file.read(26)
    if header[24] != 16 or header[25] not in _SIXTEEN_BIT_COLOR:
        return None
    return header + file.read()


def _sixteen_bit_color(content: bytes) -> Pixels:
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
