"""multipart/related bodies as a stream: whatever the network's chunks, the same parts."""

import io
import itertools
import tracemalloc

import pytest

from scans.dicomweb.multipart import BodyTooLargeError, MultipartError, limited, parts

BODIES = [b"one", b"\r\n--not the boundary\r\n", b"", b"\r\n", b"x" * 300_000 + b"\r\n--bound"]


def body_of(contents, *, boundary=b"boundary", preamble=b"", end=b"--\r\n"):
    made = preamble
    for number, content in enumerate(contents):
        made += b"--" + boundary + b"\r\n"
        if number % 2:  # headers are not needed
            made += b"Content-Type: application/dicom\r\nContent-Location: /x\r\n"
        made += b"\r\n" + content + b"\r\n"
    return made + b"--" + boundary + end


def read_by(size, body):
    stream = io.BytesIO(body)
    return lambda _: stream.read(size)


def contents(read, **more):
    found = parts(read, **{"boundary": b"boundary", "max_bytes": 10**7} | more)
    return [None if part.is_too_large else part.file.read() for part in found]


@pytest.mark.parametrize("size", [1, 2, 7, 4096, 10**6])
def test_the_parts_are_the_same_however_the_bytes_come(size):
    small = [one if size > 100 else one[:50] for one in BODIES]
    assert contents(read_by(size, body_of(small))) == small


def test_what_stands_before_and_behind_means_nothing():
    body = body_of([b"one"], preamble=b"This is a preamble.\r\n", end=b"--\r\nepilogue")
    assert contents(read_by(10, body)) == [b"one"]


def test_a_part_that_is_too_large_is_read_past():
    body = body_of([b"1234", b"12345", b"1"])
    assert contents(read_by(9, body), max_bytes=4) == [b"1234", None, b"1"]


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"no boundary at all",
        body_of([b"one"])[:-6],
        b"--boundary\r\nContent-Type: application/dicom",
        b"--boundary and more\r\n\r\none\r\n--boundary--",
        b"--boundary\r\n" + b"X: y\r\n" * 10_000 + b"\r\n\r\n--boundary--",
        b"--boundary" + b" " * 5000 + b"\r\n\r\n\r\n--boundary--",
    ],
)
def test_what_is_no_multipart_body_is_said(body):
    with pytest.raises(MultipartError):
        contents(read_by(1000, body))


def test_the_parts_before_a_break_have_come():
    found = parts(read_by(5, body_of([b"one", b"two"])[:-20]), boundary=b"boundary", max_bytes=99)
    assert next(found).file.read() == b"one"
    with pytest.raises(MultipartError):
        next(found)


def test_a_body_ends_where_it_is_too_long():
    with pytest.raises(BodyTooLargeError):
        contents(limited(read_by(10, body_of([b"x" * 1000])), limit=500))


@pytest.mark.parametrize("boundary", [b"", b"b" * 251])
def test_a_boundary_has_1_to_250_characters(boundary):
    with pytest.raises(MultipartError):
        contents(read_by(9, b""), boundary=boundary)


def test_memory_does_not_grow_with_the_body():
    """As much as one part may stay in memory, and the chunks of the network; nothing else."""
    part = b"--boundary\r\n\r\n" + b"x" * 1024**2 + b"\r\n"
    chunks = itertools.chain(itertools.repeat(part, 150), [b"--boundary--"])
    tracemalloc.start()
    count = sum(
        1 for _ in parts(lambda _: next(chunks, b""), boundary=b"boundary", max_bytes=10**7)
    )
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert count == 150
    assert peak < 20 * 1024**2
