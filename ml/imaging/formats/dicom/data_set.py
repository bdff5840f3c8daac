"""The data set of a DICOM file apart from what stands before it, which each receiver writes anew.

A DICOM file is a preamble, the file meta information (group 0002, explicit VR little endian) and
the data set (PS3.10, 7.1). Over a network the data set alone is sent, so of one object that comes
through two doors only that is the same.
"""

import struct

_PREAMBLE, _PREFIX = 128, b"DICM"
_GROUP = b"\x02\x00"
_TRANSFER_SYNTAX = b"\x02\x00\x10\x00"
_LONG = {b"OB", b"OD", b"OF", b"OL", b"OV", b"OW", b"SQ", b"SV", b"UC", b"UN", b"UR", b"UT", b"UV"}


def same_data_set(one: bytes, other: bytes) -> bool:
    """Whether two files have the same data set, byte for byte, in the same transfer syntax.

    Of a file that states no transfer syntax, the bytes alone decide.
    """
    syntax, data_set = _parts(one)
    other_syntax, other_data_set = _parts(other)
    if syntax and other_syntax and syntax != other_syntax:
        return False
    return data_set == other_data_set


def _parts(content: bytes) -> tuple[bytes, memoryview]:
    """The transfer syntax that the file meta states, and the bytes behind the file meta."""
    start = _PREAMBLE + len(_PREFIX)
    at = start if content[_PREAMBLE:start] == _PREFIX else 0
    syntax = b""
    while content[at : at + 2] == _GROUP and at + 8 <= len(content):
        tag, vr = content[at : at + 4], content[at + 4 : at + 6]
        if not (vr.isalpha() and vr.isupper()):  # implicit VR, which some writers leave there
            (length,), value = struct.unpack_from("<I", content, at + 4), at + 8
        elif vr not in _LONG:
            (length,), value = struct.unpack_from("<H", content, at + 6), at + 8
        elif at + 12 <= len(content):
            (length,), value = struct.unpack_from("<I", content, at + 8), at + 12
        else:
            break
        if tag == _TRANSFER_SYNTAX:
            syntax = content[value : value + length].rstrip(b"\0 ")
        at = value + length
    return syntax, memoryview(content)[min(at, len(content)) :]
