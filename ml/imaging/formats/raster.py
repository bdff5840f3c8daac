"""JPEG, PNG, GIF and TIFF: 8 and 16 bit, gray, color or palette, turned upright as EXIF says.

EXIF orientation is applied, so coordinates are those of the upright picture. What is transparent is
black, as on a film. Three equal channels become one. A resolution for printing says nothing of the
patient, so there are no millimeters. A file of several pictures (APNG, MPO, GIF, pages of a TIFF)
gives them in order, those of an animation as a viewer shows them one after the other.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, BinaryIO, Final

import cv2
import numpy as np
import numpy.typing as npt
from PIL import Image, ImageFile

from ml.imaging.formats.contract import DecodedFile, DecodedImage, FileMetadata, Limits, Refusal
from ml.imaging.formats.declared import Declared, gif_pictures, tiff_pictures
from ml.imaging.formats.strict import gif, jpeg, png, tiff
from ml.imaging.pixels import Pixels

ImageFile.LOAD_TRUNCATED_IMAGES = False
_SIXTEEN_BIT_COLOR: Final = {2, 4, 6}  # PNG color types: RGB, gray with alpha, RGB with alpha
_ORIENTATION: Final = 0x0112  # EXIF 2.32, 4.6.4 A
_ENTRIES: Final = 0xB002  # CIPA DC-007 (Multi-Picture Format): what is in the file
_PREVIEWS: Final = {"Large Thumbnail (VGA Equivalent)", "Large Thumbnail (Full HD Equivalent)"}
_DICOM: Final = (128, b"DICM")  # PS3.10, 7.1
_COUNTED: Final = 10_000  # pictures beyond the limit, so that a refusal names their number
_AT_ONCE: Final = 1 << 18  # pixels that are converted together
_WHOLE: Final = 1  # TIFF's Sample Format of values from 0


@dataclass(frozen=True, kw_only=True, slots=True)
class Raster:
    """A format that Pillow decodes; `name` is Pillow's name of it."""

    name: str
    media_types: tuple[str, ...]
    suffixes: tuple[str, ...]
    signatures: tuple[bytes, ...]

    @property
    def head_bytes(self) -> int:
        """The signature, and what shows that it stands in the preamble of a DICOM file."""
        return _DICOM[0] + len(_DICOM[1])

    def recognizes(self, head: bytes) -> bool:
        """Whether the file begins with the signature; a DICOM file may begin with any bytes."""
        return head.startswith(self.signatures) and not head.startswith(_DICOM[1], _DICOM[0])

    def read(self, file: BinaryIO, *, limits: Limits, only: int | None = None) -> DecodedFile:
        """Decode the pictures.

        Raises:
            Refusal: with code `too_many_pixels`, `too_small` or `too_many_frames` before anything
                is decompressed; or `unsupported_pixels`.
            DamagedError: the bytes of the file are not whole, though a decoder might show it.
        """
        try:
            with Image.open(file, formats=(self.name,)) as image:
                pictures = _pictures_in(image, file, limits=limits)
                limits.check_images([(one.width, one.height) for one in pictures])
                _check_whole(image, _content(file), pictures)
                images = tuple(_images(image, file, pictures, only=only))
        except Image.DecompressionBombError as error:
            raise limits.too_many_pixels() from error
        return DecodedFile(images=images, metadata=FileMetadata(media_type=self.media_types[0]))


JPEG: Final = Raster(
    name="JPEG",
    media_types=("image/jpeg",),
    suffixes=(".jpg", ".jpeg"),
    signatures=(b"\xff\xd8\xff",),
)
PNG: Final = Raster(
    name="PNG", media_types=("image/png",), suffixes=(".png",), signatures=(b"\x89PNG\r\n\x1a\n",)
)
GIF: Final = Raster(
    name="GIF", media_types=("image/gif",), suffixes=(".gif",), signatures=(b"GIF87a", b"GIF89a")
)
TIFF: Final = Raster(
    name="TIFF",
    media_types=("image/tiff",),
    suffixes=(".tif", ".tiff"),
    signatures=(b"II*\0", b"MM\0*"),
)


def _pictures_in(image: Image.Image, file: BinaryIO, *, limits: Limits) -> list[Declared]:
    """What a file holds; a smaller preview of another picture, as cameras add, is none.

    Raises `ValueError` for a file that holds nothing.
    """
    ask = {"GIF": gif_pictures, "TIFF": tiff_pictures}.get(image.format or "")
    if ask is not None:
        pictures = ask(file, at_most=limits.max_frames + _COUNTED)
        if not pictures:
            raise ValueError("a file without a picture")
        return pictures
    entries = getattr(image, "mpinfo", {}).get(_ENTRIES, ())
    count = int(getattr(image, "n_frames", 1))
    previews = {
        index
        for index, entry in enumerate(entries)
        if index and entry["Attribute"]["MPType"] in _PREVIEWS
    }
    limits.check_frames(count - len(previews))
    found = []
    for index in range(count):
        if index in previews:
            continue
        if entries and index:
            image.seek(index)  # each picture of an MPO has a size of its own
        found.append(Declared(index=index, width=image.width, height=image.height))
    return found


def _content(file: BinaryIO) -> bytes:
    file.seek(0)
    return file.read()


def _check_whole(image: Image.Image, content: bytes, pictures: Sequence[Declared]) -> None:
    """Raise `DamagedError` for a file that is cut or changed, as far as its format can tell."""
    if image.format == "PNG":
        png.check(content)
    elif image.format == "GIF":
        gif.check(content)
    elif image.format == "TIFF":
        tiff.check(content, pages={picture.index for picture in pictures})
    else:
        for picture in pictures:
            if picture.index:
                image.seek(picture.index)
            jpeg.check(memoryview(content)[getattr(image, "offset", 0) if picture.index else 0 :])


def _images(
    image: Image.Image, file: BinaryIO, pictures: Sequence[Declared], *, only: int | None
) -> Iterator[DecodedImage]:
    for number, picture in enumerate(pictures, 1):
        if only in (None, number):
            pixels = _decoded(image, file, picture, is_single=len(pictures) == 1)
            yield DecodedImage(
                pixels=pixels,
                bits_stored=8 * pixels.dtype.itemsize,
                photometric="MONOCHROME2" if pixels.ndim == 2 else "RGB",
                frame_number=number,
            )


def _decoded(
    image: Image.Image, file: BinaryIO, picture: Declared, *, is_single: bool
) -> npt.NDArray[Any]:
    if image.format == "TIFF":
        return _page(image, file, picture)
    if image.format == "PNG" and (content := _content_of_deep_color(file)) is not None:
        if not is_single:
            raise Refusal(
                "unsupported_pixels",
                "This PNG file holds several images with 16 bits a color.",
                "Export each image as a file of its own.",
            )
        png.check_pixels(content)
        return _oriented(_sixteen_bit_color(content), _orientation_of_png(content))
    image.seek(picture.index)
    orientation = image.getexif().get(_ORIENTATION, 1)
    image.load()
    return _oriented(_pixels(image), orientation)


def _orientation_of_png(content: bytes) -> int:
    """From its EXIF chunk, which may stand behind the pixels."""
    exif = Image.Exif()
    for name, body in png.chunks(content):
        if name == b"eXIf":
            exif.load(b"Exif\0\0" + bytes(body))
    return int(exif.get(_ORIENTATION, 1))


def _page(image: Image.Image, file: BinaryIO, page: Declared) -> npt.NDArray[Any]:
    """One page of a TIFF file; Pillow turns it upright by itself."""
    if page.kind != _WHOLE or page.bits > 16:
        raise Refusal(
            "unsupported_pixels",
            "This TIFF file holds negative numbers, fractions, or more than 16 bits a value.",
            "Export the image with values of 8 or 16 bits.",
        )
    if page.bits == 16 and page.samples > 1:
        return _oriented(_deep_color_page(file, page.index), page.orientation)
    image.seek(page.index)
    image.load()
    pixels = _pixels(image)
    is_gray = pixels.dtype == np.uint16 and page.samples == 1
    return np.uint16(65535) - pixels if page.is_inverted and is_gray else pixels


def _deep_color_page(file: BinaryIO, index: int) -> npt.NDArray[Any]:
    """A page of 16 bits in several channels, which Pillow does not read."""
    file.seek(0)
    content = np.frombuffer(file.read(), np.uint8)
    found, pages = cv2.imdecodemulti(content, cv2.IMREAD_UNCHANGED, range=(index, index + 1))
    if not found or len(pages) != 1:
        raise ValueError("OpenCV cannot read this 16-bit TIFF")
    return _channels_of_opencv(pages[0])


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
    return _channels_of_opencv(decoded)


def _channels_of_opencv(decoded: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """OpenCV's 16 bits of blue, green, red and alpha as gray or RGB on black."""
    pixels = decoded.astype(np.uint16, copy=False)
    if pixels.ndim == 2:
        return pixels
    return _color_in_place(pixels)


def _color_in_place(pixels: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """RGB on black, or gray, moved to the front of the memory of BGR or BGRA pixels.

    A picture of 50 megapixels with alpha has 400 MB, so that no second one is made of it.
    """
    height, width, channels = pixels.shape
    flat = np.ascontiguousarray(pixels).reshape(-1, channels)
    is_gray = True
    for start in range(0, len(flat), _AT_ONCE):
        part = flat[start : start + _AT_ONCE]
        if channels == 4 and part[:, 3].min() < 65535:
            part[:, :3] = part[:, :3].astype(np.uint32) * part[:, 3:] // 65535
        is_gray = is_gray and bool((part[:, :1] == part[:, :3]).all())
    kept = 1 if is_gray else 3
    made = flat.reshape(-1)[: kept * len(flat)]
    for start in range(0, len(flat), _AT_ONCE):
        part = flat[start : start + _AT_ONCE, kept - 1 :: -1]
        made[kept * start : kept * start + part.size] = part.copy().ravel()
    if is_gray:
        return made.reshape(height, width).copy()
    return made.reshape(height, width, 3)


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
