"""File names that a client sends in ISO-8859-1 arrive, as those in UTF-8 do.

Django drops a part of a form whose headers are not UTF-8, and with it the file: the answer would
be that no file was sent. A client in an older terminal sends such headers.
"""

from typing import Any

from django.http import multipartparser

from scans.ingest.file_names import name_of_header

_parse = multipartparser.parse_boundary_stream  # type: ignore[attr-defined]


def accept_latin_1() -> None:
    """Have Django's parser of forms read these headers; it has no setting for them."""
    multipartparser.parse_boundary_stream = _parse_any_encoding  # type: ignore[attr-defined]


def _parse_any_encoding(stream: Any, max_header_size: int) -> Any:
    chunk = stream.read(1024)
    header, end, rest = chunk.partition(b"\r\n\r\n")
    if end and not header.isascii():
        chunk = name_of_header(header).encode() + end + rest
    stream.unget(chunk)
    return _parse(stream, max_header_size)
