"""multipart/related bodies (RFC 2387), read as a stream: one part at a time, none of it twice.

A part of a few megabytes stays in memory, a larger one goes to a temporary file; what is longer
than the limit is read past and not kept.
"""

import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import IO, cast

CHUNK_BYTES = 128 * 1024
_IN_MEMORY_BYTES = 4 * 1024**2
_LONGEST_HEADERS = 16 * 1024
_LONGEST_BOUNDARY = 250  # RFC 2046 allows 70, and Orthanc writes 73
_LONGEST_PADDING = 1024

Read = Callable[[int], bytes]


class MultipartError(ValueError):
    """The body is not what its headers say; `str()` is a sentence for the client."""


class BodyTooLargeError(Exception):
    """The body is longer than it may be."""


@dataclass
class Part:
    """One part: its bytes from the first on, or, where it is too large, nothing of it."""

    file: IO[bytes]
    is_too_large: bool = False


def limited(read: Read, *, limit: int) -> Read:
    """Return a `read` that raises `BodyTooLargeError` once more than `limit` bytes have come."""
    left = limit

    def reading(size: int) -> bytes:
        nonlocal left
        chunk = read(size)
        left -= len(chunk)
        if left < 0:
            raise BodyTooLargeError
        return chunk

    return reading


def single_part(read: Read, *, max_bytes: int) -> Iterator[Part]:
    """Yield a body that is one object as its only part."""
    with _spool() as file:
        size = 0
        while chunk := read(CHUNK_BYTES):
            size += len(chunk)
            if size <= max_bytes:
                file.write(chunk)
        yield _finished(file, size, max_bytes)


def parts(read: Read, *, boundary: bytes, max_bytes: int) -> Iterator[Part]:
    """Yield the parts of a body; each is gone once the next is asked for.

    Raises `MultipartError` for a body that is no multipart, or ends before its last boundary: the
    parts before that were yielded.
    """
    if not 1 <= len(boundary) <= _LONGEST_BOUNDARY:
        raise MultipartError("The boundary in `Content-Type` must have 1 to 250 characters.")
    return _Body(read, boundary).parts(max_bytes)


class _Kept:
    """Writes what follows the line break after the headers, as far as it may be kept."""

    def __init__(self, file: IO[bytes], max_bytes: int) -> None:
        self._file, self._max_bytes = file, max_bytes
        self._to_skip = len(b"\r\n")
        self.size = 0

    def write(self, content: bytes) -> None:
        if self._to_skip:
            skipped = min(self._to_skip, len(content))
            content, self._to_skip = content[skipped:], self._to_skip - skipped
        self.size += len(content)
        if self.size <= self._max_bytes:
            self._file.write(content)


class _Body:
    def __init__(self, read: Read, boundary: bytes) -> None:
        self._read = read
        self._delimiter = b"\r\n--" + boundary
        # The first boundary may stand at the very beginning, without a line before it.
        self._buffer = bytearray(b"\r\n")

    def parts(self, max_bytes: int) -> Iterator[Part]:
        self._to_delimiter(lambda _: None)  # what stands before the first means nothing
        while not self._is_last():
            self._skip_headers()
            with _spool() as file:
                kept = _Kept(file, max_bytes)
                self._to_delimiter(kept.write)
                yield _finished(file, kept.size, max_bytes)

    def _fill(self) -> None:
        chunk = self._read(CHUNK_BYTES)
        if not chunk:
            raise MultipartError(
                "The body ends before its last boundary: it is no multipart body with this "
                "boundary, or the connection broke. Send it again; what came is not lost."
            )
        self._buffer += chunk

    def _to_delimiter(self, keep: Callable[[bytes], None]) -> None:
        """Hand on what stands before the next delimiter, and drop that."""
        delimiter, buffer = self._delimiter, self._buffer
        while (at := buffer.find(delimiter)) < 0:
            # Its first bytes may be the last ones that have come.
            sure = len(buffer) - len(delimiter) + 1
            if sure > 0:
                keep(bytes(buffer[:sure]))
                del buffer[:sure]
            self._fill()
        keep(bytes(buffer[:at]))
        del buffer[: at + len(delimiter)]

    def _is_last(self) -> bool:
        """Whether the delimiter closed the body; else move to the line after it."""
        while len(self._buffer) < 2:
            self._fill()
        if self._buffer[:2] == b"--":
            while self._read(CHUNK_BYTES):
                pass  # what stands behind it means nothing
            return True
        while (end := self._buffer.find(b"\r\n")) < 0:
            if len(self._buffer) > _LONGEST_PADDING:
                raise MultipartError("A boundary must end its line.")
            self._fill()
        if self._buffer[:end].strip(b" \t"):
            raise MultipartError("A boundary must stand alone on its line.")
        del self._buffer[:end]  # and not the line break: headers may be missing
        return False

    def _skip_headers(self) -> None:
        """Read past the headers. What an object is stands in its bytes."""
        while (end := self._buffer.find(b"\r\n\r\n")) < 0:
            if len(self._buffer) > _LONGEST_HEADERS:
                raise MultipartError("The headers of a part are too long.")
            self._fill()
        if end > _LONGEST_HEADERS:
            raise MultipartError("The headers of a part are too long.")
        # The second line break may begin the delimiter already: then the part is empty.
        del self._buffer[: end + 2]


def _spool() -> IO[bytes]:
    file = tempfile.SpooledTemporaryFile(max_size=_IN_MEMORY_BYTES)  # noqa: SIM115
    return cast(IO[bytes], file)


def _finished(file: IO[bytes], size: int, max_bytes: int) -> Part:
    is_too_large = size > max_bytes
    if is_too_large:
        file.truncate(0)
    file.seek(0)
    return Part(file, is_too_large)
