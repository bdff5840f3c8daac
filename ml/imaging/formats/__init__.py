"""Image files to pixels and metadata: the only place that decodes.

A format is a plug-in: an object with the attributes and methods of `Format`, listed in `FORMATS`.
How to add one: docs/extending.md.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, Final

from ml.imaging.formats import raster, unread
from ml.imaging.formats.contract import (
    DecodedFile,
    DecodedImage,
    FileHeader,
    FileMetadata,
    Format,
    FormatWithHeader,
    ImageHeader,
    Limits,
    PatientIdentity,
    Refusal,
    StoredObject,
    Window,
)
from ml.imaging.formats.dicom import DICOM
from ml.imaging.formats.geometry import ImagePlane, Spacing
from ml.imaging.formats.nifti import NIFTI
from ml.imaging.pixels import check_pixels

__all__ = [
    "DEFAULT_LIMITS",
    "FORMATS",
    "DecodedFile",
    "DecodedImage",
    "FileHeader",
    "FileMetadata",
    "Format",
    "FormatWithHeader",
    "ImageHeader",
    "ImagePlane",
    "Limits",
    "PatientIdentity",
    "Refusal",
    "Spacing",
    "StoredObject",
    "Window",
    "format_of",
    "names",
    "read",
    "read_header",
    "read_path",
    "suffixes",
]

# Asked in this order whether a file is theirs.
FORMATS: tuple[Format, ...] = (
    raster.JPEG,
    raster.PNG,
    raster.GIF,
    raster.TIFF,
    DICOM,
    NIFTI,
)
_HEAD_BYTES: Final = max(unread.HEAD_BYTES, *(known.head_bytes for known in FORMATS))
# The application's defaults (docs/configuration.md); a test of the application compares them.
DEFAULT_LIMITS: Final = Limits(max_bytes=64 * 1024**2, max_pixels=50_000_000, min_side=64)


def read(
    content: bytes | BinaryIO,
    *,
    limits: Limits = DEFAULT_LIMITS,
    only: int | None = None,
    objects: bool = False,
) -> DecodedFile:
    """Decode an image file.

    Args:
        content: the bytes of the file, or the file: open, binary and seekable. How many bytes it
            has is not checked; `Limits.check_bytes` does, before they are read.
        limits: what is refused before it is decoded.
        only: the frame number of the one image that is asked for; a format that cannot decode one
            alone gives all of them.
        objects: take DICOM objects that are no image too: they say what they are.

    Raises:
        Refusal: with code `empty`, `not_an_image`, `unsupported_format` (known and not read),
            `too_many_pixels`, `too_small`, `too_many_frames`, `truncated`, or one of the format.
    """
    file = io.BytesIO(content) if isinstance(content, bytes) else content
    return _read_as(_format_of(file), file, limits=limits, only=only, objects=objects)


def read_header(
    content: bytes | BinaryIO, *, limits: Limits = DEFAULT_LIMITS, objects: bool = False
) -> FileHeader | None:
    """Read what an image file says of its images, without decoding one.

    None for a file of a format whose pixels are decoded at once (JPEG, PNG, GIF, TIFF): `read`
    them. Of the others the pixels can be decoded later; that may still refuse them.

    Args, Raises: as `read`.
    """
    file = io.BytesIO(content) if isinstance(content, bytes) else content
    known = _format_of(file)
    if not isinstance(known, FormatWithHeader):
        return None
    file.seek(0)
    with _refusing_damage():
        header = known.read_header(file, limits=limits)
    _check_objects(known, header.metadata, len(header.images), objects=objects)
    limits.check_frames(len(header.images))
    return header


def format_of(content: bytes) -> Format | None:
    """The format that these bytes are read as; None where no format takes them."""
    return next((known for known in FORMATS if known.recognizes(content[:_HEAD_BYTES])), None)


def read_path(path: Path, *, limits: Limits = DEFAULT_LIMITS) -> DecodedFile:
    """Decode the image file of this name.

    Raises:
        Refusal: as `read` does; or with code `no_file` (there is none, or it is no regular file
            that can be read) or `too_large`.
    """
    return read(_content(path, limits=limits), limits=limits)


def names(*, conjunction: str = "or") -> str:
    """Return the names of the formats that are read, for a sentence: "JPEG or PNG"."""
    *others, last = (known.name for known in FORMATS)
    return f"{', '.join(others)} {conjunction} {last}" if others else last


def suffixes() -> frozenset[str]:
    """Return how the names of files that are read usually end: lower case, with the dot."""
    return frozenset(suffix for known in FORMATS for suffix in known.suffixes)


def _refusal_of(found: unread.Unread) -> Refusal:
    problem = f"This is {found.name}."
    remedy = {
        unread.Kind.VOLUME: f"Export its slices as {names()} files.",
        unread.Kind.ARCHIVE: f"Unpack it, then choose the {names()} files in it.",
        unread.Kind.DOCUMENT: f"Save the images in it as {names()} files, and choose those.",
        unread.Kind.VIDEO: f"Save the images that matter as {names()} files, and choose those.",
    }.get(found.kind, f"Export the image as {names()}.")
    return Refusal("unsupported_format", problem, remedy)


def _content(path: Path, *, limits: Limits) -> bytes:
    try:
        if path.is_dir():
            raise Refusal("no_file", "This is a folder.", "Name the images in it.")
        if path.exists() and not path.is_file():
            raise Refusal("no_file", "This is not a regular file.", f"Name a {names()} image.")
        limits.check_bytes(path.stat().st_size)
        return path.read_bytes()
    except FileNotFoundError:
        raise Refusal("no_file", "There is no such file.") from None
    except (OSError, ValueError) as error:  # ValueError: a null character in the name
        reason = getattr(error, "strerror", None) or str(error)
        raise Refusal("no_file", f"The file cannot be read: {reason}.") from None


def _format_of(file: BinaryIO) -> Format:
    """The format that the file is of, by its first bytes. Raises `Refusal`."""
    file.seek(0)
    head = file.read(_HEAD_BYTES)
    if not head:
        raise Refusal("empty", "The file is empty.", "Export or copy it again.")
    for known in FORMATS:
        if known.recognizes(head):
            return known
    known_unread = unread.unread_format_of(head)
    if known_unread is not None:
        raise _refusal_of(known_unread)
    raise Refusal("not_an_image", "This is not an image.", f"Choose a {names()} file.")


def _read_as(
    known: Format, file: BinaryIO, *, limits: Limits, only: int | None, objects: bool
) -> DecodedFile:
    file.seek(0)
    with _refusing_damage():
        decoded = known.read(file, limits=limits, only=only)
    _check_objects(known, decoded.metadata, len(decoded.images), objects=objects)
    limits.check_frames(len(decoded.images))
    for image in decoded.images:
        check_pixels(image.pixels)
    return decoded


@contextmanager
def _refusing_damage() -> Iterator[None]:
    """Hostile bytes make a decoder fail in ways that it does not document."""
    try:
        yield
    except Refusal:
        raise
    except MemoryError as error:
        raise Refusal(
            "too_much_memory",
            "The image needs more memory than may be used for one file.",
            "Export it as several files, or uncompressed.",
        ) from error
    except Exception as error:
        raise Refusal(
            "truncated", "The image is truncated or damaged.", "Export or copy it again."
        ) from error


def _check_objects(known: Format, metadata: FileMetadata, images: int, *, objects: bool) -> None:
    """Refuse an object without images where none is wanted."""
    if images:
        return
    found = metadata.stored_object
    if found is None or found.has_images:
        raise ValueError(f"{known.name} returned a file without images.")
    if not objects:
        raise Refusal(
            "not_an_image",
            f"This {known.name} file is no image: {found.kind}.",
            "Choose the files of the images.",
        )
