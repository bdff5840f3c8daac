"""Bytes in, decoded images out, or a clear refusal for that one file.

Here are archives and the limits of the installation; what is inside a file is read by
`ml.imaging.formats`, where formats are added (docs/extending.md).
"""

import hashlib
import io
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import IO, Any, BinaryIO

from ml.imaging import formats
from ml.imaging.formats import (
    DecodedFile,
    DecodedImage,
    FileHeader,
    FileMetadata,
    ImageHeader,
    PatientIdentity,
    Refusal,
    StoredObject,
    Window,
)
from ml.imaging.formats.dicom import self_check, syntaxes
from ml.imaging.formats.dicom.data_set import same_data_set
from ml.imaging.formats.dicom.header_differences import HeaderDifference, header_differences
from ml.imaging.formats.dicom.identification import (
    Identification,
    read_identification,
    read_json_header,
)
from ml.imaging.formats.dicom.kinds import Kind as ObjectKind
from scans.ingest import archives
from scans.ingest.file_names import natural_key
from scans.ingest.limits import UploadLimits

__all__ = [
    "DecodedFile",
    "DecodedImage",
    "FileHeader",
    "FileMetadata",
    "HeaderDifference",
    "Identification",
    "ImageHeader",
    "ObjectKind",
    "PatientIdentity",
    "Refusal",
    "StoredObject",
    "SubmittedFile",
    "UploadLimits",
    "Window",
    "accepted_types",
    "cannot_read",
    "decode",
    "decode_frame",
    "format_names",
    "header_differences",
    "identification_of",
    "identify",
    "natural_key",
    "read",
    "read_header",
    "same_data_set",
    "suffix_of",
    "transfer_syntaxes",
    "unpack",
]


@dataclass(frozen=True)
class SubmittedFile:
    """One file of an upload: its bytes and their SHA-256 (hex), or why it is refused."""

    filename: str
    content: bytes | Refusal

    @property
    def sha256(self) -> str:
        """The digest of the bytes, empty where the file is refused."""
        return "" if isinstance(self.content, Refusal) else hashlib.sha256(self.content).hexdigest()


def accepted_types() -> str:
    """Return what a file dialog offers, as HTML's `accept` lists it. Nothing is refused by it."""
    suffixes = [suffix for known in formats.FORMATS for suffix in known.suffixes]
    media_types = [media_type for known in formats.FORMATS for media_type in known.media_types]
    return ",".join((*suffixes, *archives.SUFFIXES, *media_types, *archives.MEDIA_TYPES))


def format_names() -> str:
    """Return the names of the formats that are read: "JPEG and PNG"."""
    return formats.names(conjunction="and")


def cannot_read() -> tuple[str, ...]:
    """Which transfer syntaxes of DICOM this machine cannot decode, each with the reason.

    None, as it should be. Tried once a process, in some milliseconds.
    """
    return tuple(self_check.unreadable().values())


def transfer_syntaxes() -> dict[str, str]:
    """Return the transfer syntaxes of DICOM that are read: the UID of each, and its name."""
    return {str(uid): name for uid, name in syntaxes.NAMES.items()}


def unpack(
    filename: str, file: IO[bytes], size: int, limits: UploadLimits
) -> Iterator[SubmittedFile]:
    """Yield the files that one upload brings: itself, or what its ZIP archive holds."""
    head = file.read(archives.HEAD_BYTES)
    file.seek(0)
    try:
        if archives.recognizes(head):
            for entry in archives.entries(file, limits):
                yield SubmittedFile(f"{filename}/{entry.filename}", entry.content)
            return
        limits.file.check_bytes(size)
    except Refusal as refusal:
        yield SubmittedFile(filename, refusal)
        return
    yield SubmittedFile(filename, file.read())


def identification_of(content: bytes, limits: UploadLimits) -> Identification | None:
    """Return which DICOM object these bytes are; None of files of other formats.

    Raises `Refusal`.
    """
    known = formats.format_of(content)
    return identify(content, limits) if known is not None and known.name == "DICOM" else None


def suffix_of(content: bytes) -> str:
    """How names of files of this format end, by the first bytes: ".dcm"; "" where none is known."""
    known = formats.format_of(content)
    if known is None:
        return ""
    return ".nii.gz" if content[:2] == b"\x1f\x8b" else known.suffixes[0]


def decode(
    content: bytes, limits: UploadLimits, *, filename: str = "", only: int | None = None
) -> DecodedFile:
    """Decode one file, or only the image of that frame number, where the format can.

    Raises `Refusal`, whose remedies are those of an upload.

    By its name or its first bytes, what is no image may be what is left of a ZIP archive.
    """
    with _upload_remedies(filename, content), limits.budget.spending() as taken:
        decoded = formats.read(content, limits=limits.file, only=only, objects=True)
        taken.append(decoded)
        return decoded


def read(content: bytes, limits: UploadLimits, *, filename: str = "") -> FileHeader | DecodedFile:
    """Read what receiving needs: the header, where the pixels can wait, else the decoded images.

    Pixels that wait are decoded by a worker, so that those of JPEG, PNG, GIF and TIFF files, which
    say little before, are refused at once where they are damaged. Raises `Refusal` as `decode`.
    """
    with _upload_remedies(filename, content), limits.budget.spending() as taken:
        header = formats.read_header(content, limits=limits.file, objects=True)
        if header is not None:
            taken.append(header)
            return header
    return decode(content, limits, filename=filename)


@contextmanager
def _upload_remedies(filename: str, content: bytes) -> Iterator[None]:
    try:
        yield
    except Refusal as refusal:
        if refusal.code == "not_an_image" and archives.was_one(filename, content):
            raise archives.damaged() from refusal
        remedy = {
            f"Export the image as {formats.names()}.": (
                f"Upload the image as {formats.names()}, or several in a ZIP."
            ),
            f"Choose a {formats.names()} file.": (
                f"Upload {formats.names()} files, or a ZIP of them."
            ),
        }.get(refusal.remedy, refusal.remedy)
        raise Refusal(refusal.code, refusal.problem, remedy) from refusal


def identify(content: bytes, limits: UploadLimits) -> Identification:
    """Return which DICOM object these bytes are, in half a millisecond. Raises `Refusal`."""
    limits.file.check_bytes(len(content))
    return read_identification(io.BytesIO(content), limits=limits.file)


def read_header(file: BinaryIO, limits: UploadLimits) -> dict[str, Any]:
    """Return the header of a DICOM object as DICOM JSON. Raises `Refusal`."""
    return read_json_header(file, limits=limits.file)


def decode_frame(content: bytes, limits: UploadLimits, *, number: int) -> DecodedImage:
    """Decode the file and return its image of this frame number. Raises `Refusal`."""
    for image in decode(content, limits, only=number).images:
        if image.frame_number == number:
            return image
    raise Refusal("no_such_frame", f"The file holds no image {number}.", "Tell your administrator.")
