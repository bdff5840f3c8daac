"""ZIP archives: each entry read under limits, as if it had been uploaded by itself."""

import stat
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import IO

from ml.imaging.formats import Refusal
from scans.ingest.file_names import name_of_entry, natural_key
from scans.ingest.limits import UploadLimits
from scans.ingest.zip_directory import DamagedDirectoryError, entries_in

ZIP = (b"PK\x03\x04", b"PK\x05\x06")
SUFFIXES = (".zip",)
MEDIA_TYPES = ("application/zip",)
HEAD_BYTES = 4  # how much of a file `recognizes` looks at
# Other methods expand a few bytes to gigabytes at once, before what comes out can be counted.
_METHODS = {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}
_NAME_BYTES = 1000  # of an entry, its folders too
_BESIDE = 4  # entries that may stand for each file: its folder, and a Mac's copy of both
_PIECE = 1 << 16
_AES = 99  # compression method that marks WinZip's AES encryption
# What a document that is a ZIP archive underneath holds, and what people call it.
_DOCUMENTS = {
    "word/document.xml": "a Word document",
    "xl/workbook.xml": "an Excel workbook",
    "ppt/presentation.xml": "a PowerPoint presentation",
    "META-INF/manifest.xml": "an OpenDocument file",
}
_LITTER = {".DS_Store", "Thumbs.db", "desktop.ini"}


@dataclass(frozen=True)
class Entry:
    """One file of an archive: its bytes, or why it is refused."""

    filename: str
    content: bytes | Refusal


def recognizes(head: bytes) -> bool:
    """Return whether a file that begins with these bytes is a ZIP archive."""
    return head.startswith(ZIP)


def was_one(filename: str, content: bytes) -> bool:
    """Return whether what is no archive is called one, or begins with a part of one."""
    is_part = content[:2] == b"PK" and content[2:3] < b"\x09"
    return is_part or filename.lower().endswith(SUFFIXES)


def damaged() -> Refusal:
    """Return the refusal of an archive that cannot be opened."""
    return Refusal(
        "truncated", "The ZIP archive is truncated or damaged.", "Make or copy it again."
    )


def entries(file: IO[bytes], limits: UploadLimits) -> Iterator[Entry]:
    """Yield the files of the archive by name, IM2 before IM10, never more than one in memory.

    Raises `Refusal` with code `truncated`, `empty`, `zip_too_large` or `unsupported_format` (a
    document that is a ZIP underneath) for the archive as a whole.
    """
    try:
        allowed = _BESIDE * limits.max_archive_entries + 100
        if entries_in(file, at_most=allowed) > allowed:
            raise _too_large(limits)
        archive = zipfile.ZipFile(file)
    except DamagedDirectoryError as error:
        raise damaged() from error
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError) as error:
        raise damaged() from error
    with archive:
        _refuse_document(archive)
        members = [member for member in archive.infolist() if not _is_litter(member)]
        members.sort(key=lambda member: natural_key(_display_name(member)))
        if not members:
            raise Refusal(
                "empty", "The ZIP archive holds no files.", "Add the images and try again."
            )
        expanded = sum(member.file_size for member in members)
        if expanded > limits.max_archive_bytes or len(members) > limits.max_archive_entries:
            raise _too_large(limits)
        left = limits.max_archive_bytes
        for member in members:
            name = _display_name(member)
            try:
                content = _read(archive, member, limits, left)
            except Refusal as refusal:
                yield Entry(name, refusal)
                continue
            left -= len(content)
            yield Entry(name, content)


def _refuse_document(archive: zipfile.ZipFile) -> None:
    names = set(archive.namelist())
    for name, what in _DOCUMENTS.items():
        if name in names and names & {"[Content_Types].xml", "mimetype"}:
            raise Refusal(
                "unsupported_format",
                f"This is {what}.",
                "Save the images in it as files of their own, and upload those.",
            )


def _read(
    archive: zipfile.ZipFile, member: zipfile.ZipInfo, limits: UploadLimits, left: int
) -> bytes:
    if _is_unsafe(member):
        raise Refusal(
            "zip_unsafe_path",
            "The name of this file points outside the ZIP archive, so it was not opened.",
            "Make the archive again from a plain folder.",
        )
    if len(member.orig_filename) > _NAME_BYTES:
        raise Refusal(
            "zip_long_name",
            f"The name of this file has more than {_NAME_BYTES} letters.",
            "Make the archive again with shorter names.",
        )
    if member.flag_bits & 0x1 or member.compress_type == _AES:
        raise Refusal(
            "zip_encrypted",
            "The file is encrypted.",
            "Make the ZIP archive again without a password.",
        )
    limits.file.check_bytes(member.file_size)
    if member.compress_type not in _METHODS:
        raise Refusal(
            "zip_method",
            "The file is compressed in a way that is not read.",
            'Make the ZIP archive again in the usual way ("Deflate").',
        )
    content = _expanded(archive, member, limits, left)
    if recognizes(content[:HEAD_BYTES]):
        raise Refusal(
            "zip_nested",
            "This is a ZIP archive inside a ZIP archive.",
            "Unpack it and upload it by itself.",
        )
    return content


def _expanded(
    archive: zipfile.ZipFile, member: zipfile.ZipInfo, limits: UploadLimits, left: int
) -> bytes:
    """The bytes of an entry, piece by piece, never more than it declares and than are left."""
    most, content = min(member.file_size, left), bytearray()
    try:
        with archive.open(member) as stream:
            while len(content) <= most and (piece := stream.read(_PIECE)):
                content += piece
    except Exception as error:  # `zipfile` fails on hostile bytes in ways it does not document
        raise Refusal(
            "truncated", "The file is damaged inside the ZIP archive.", "Make the archive again."
        ) from error
    if len(content) > most:
        raise _too_large(limits)
    if len(content) < member.file_size:
        raise Refusal(
            "truncated", "The file is damaged inside the ZIP archive.", "Make the archive again."
        )
    return bytes(content)


def _is_litter(member: zipfile.ZipInfo) -> bool:
    path = PurePosixPath(member.filename)
    return member.is_dir() or "__MACOSX" in path.parts or path.name in _LITTER


def _is_unsafe(member: zipfile.ZipInfo) -> bool:
    name = member.filename.replace("\\", "/")
    path = PurePosixPath(name)
    is_link = stat.S_ISLNK(member.external_attr >> 16)
    has_drive = len(name) > 1 and name[1] == ":"
    return path.is_absolute() or ".." in path.parts or has_drive or is_link


def _display_name(member: zipfile.ZipInfo) -> str:
    """The path inside the archive, for the person; never used as a path."""
    name = name_of_entry(member)
    printable = "".join(letter for letter in name[:_NAME_BYTES] if letter.isprintable())
    return printable or "unnamed"


def _too_large(limits: UploadLimits) -> Refusal:
    return Refusal(
        "zip_too_large",
        f"The ZIP archive expands to more than {limits.max_archive_bytes // 1024**2} MB or "
        f"{limits.max_archive_entries} files.",
        "Split it into smaller ones.",
    )
