"""File names as people see them, where the bytes of a name do not say in what encoding they are.

A name is shown right where that is certain enough, and else with the bytes that are not understood
written out as in an address, like `%83e%83X%83g.png`: a wrong letter would be a name that nobody
gave.
"""

import re
import struct
import unicodedata
import zipfile
import zlib
from typing import Final

_DIGITS: Final = re.compile(r"([0-9]+)")
_UTF8_FLAG: Final = 0x800  # APPNOTE 4.4.4, bit 11
_UNICODE_PATH: Final = 0x7075  # APPNOTE 4.6.9, Info-ZIP's extra field
# The code pages that DOS and Windows wrote names of European languages in. A byte that means one
# letter in all of them is that letter.
_CODE_PAGES: Final = ("cp437", "cp850", "cp852", "cp857", "cp865")
# Letters of another script among no Latin ones.
_ALONE: Final = re.compile(r"(?<![A-Za-z])[^\x00-\x7f]+(?![A-Za-z])")


def name_of_entry(member: zipfile.ZipInfo) -> str:
    """The name of a file in a ZIP archive, its folders separated by slashes.

    UTF-8 where the archive says so or the bytes are it, else the accented letters that every
    European code page of DOS agrees upon, and a written-out byte for every other one.
    """
    if member.flag_bits & _UTF8_FLAG:
        return member.filename.replace("\\", "/")
    try:
        raw = member.orig_filename.encode("cp437")  # as `zipfile` decoded it
    except UnicodeEncodeError:
        return member.filename.replace("\\", "/")
    stated = _stated_name(member.extra, raw)
    if stated is not None:
        return stated.replace("\\", "/")
    raw = raw.partition(b"\0")[0].replace(b"\\", b"/")
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        return _with_accents(raw)


def natural_key(name: str) -> tuple[object, ...]:
    """What to sort names by so that IM2 stands before IM10, folder by folder."""
    folded = unicodedata.normalize("NFC", name).casefold()
    folders = folded.split("/")
    return tuple(tuple(map(_part, _DIGITS.split(folder))) for folder in folders), name


def name_of_header(raw: bytes) -> str:
    """A header of a part of a request, which should be UTF-8 and may be ISO-8859-1."""
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        return "".join(chr(byte) if byte < 0x80 or byte >= 0xA0 else _escaped(byte) for byte in raw)


def _stated_name(extra: bytes, raw: bytes) -> str | None:
    """The name in Info-ZIP's Unicode Path, where it belongs to this name."""
    while len(extra) >= 4:
        kind, length = struct.unpack("<HH", extra[:4])
        field, extra = extra[4 : 4 + length], extra[4 + length :]
        if kind != _UNICODE_PATH or len(field) < 5 or field[0] != 1:
            continue
        if struct.unpack("<I", field[1:5])[0] == zlib.crc32(raw):
            try:
                return field[5:].decode("utf-8")
            except UnicodeDecodeError:
                return None
    return None


def _with_accents(raw: bytes) -> str:
    letters = [_letter(byte) for byte in raw]
    text = "".join(letter or "" for letter in letters)
    accented = sum(not letter.isascii() for letter in text)
    latin = sum(letter.isascii() and letter.isalpha() for letter in text.rpartition(".")[0])
    # An accent here and there is a European name; many, or bytes that are no such letter, are a
    # name in another script, of which these would be the wrong letters.
    if None in letters or 2 * accented > latin or _ALONE.search(text):
        return "".join(chr(byte) if byte < 0x80 else _escaped(byte) for byte in raw)
    return text


def _letter(byte: int) -> str | None:
    if byte < 0x80:
        return chr(byte)
    found = {bytes([byte]).decode(page, "replace") for page in _CODE_PAGES}
    letter = found.pop()
    return letter if not found and letter.isalpha() else None


def _part(text: str) -> tuple[int, str]:
    """Digits by their value, without making a number of thousands of them."""
    digits = text.lstrip("0") if _DIGITS.fullmatch(text) else ""
    return len(digits), digits or text


def _escaped(byte: int) -> str:
    return f"%{byte:02X}"
