import io
import struct
import zlib

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from neuroscan_site.tests.matrix import examples
from scans import ingest
from scans.ingest import Limits, Refusal
from scans.tests.core import pictures

LIMITS = Limits(
    max_bytes=4 * 1024**2,
    max_pixels=1_000_000,
    min_side=64,
    max_archive_bytes=8 * 1024**2,
    max_archive_entries=50,
)


def code_of(content: bytes) -> str:
    with pytest.raises(Refusal) as caught:
        ingest.decode(content, LIMITS)
    assert caught.value.detail.endswith(".")
    return caught.value.code


def png_header_only(width: int, height: int) -> bytes:
    """A PNG that declares a size and holds no pixels, as a decompression bomb begins."""
    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(b"")))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))
        for name, body in chunks
    )


def test_a_grayscale_png_keeps_its_pixels():
    pixels = pictures.slice_pixels()
    decoded = ingest.decode(pictures.encoded(pixels), LIMITS)
    np.testing.assert_array_equal(decoded.pixels, pixels)
    assert (decoded.width, decoded.height, decoded.bits_stored) == (160, 128, 8)
    assert decoded.media_type == "image/png"


def test_a_gray_jpeg_stored_in_color_becomes_one_channel():
    color = np.repeat(pictures.slice_pixels()[..., None], 3, axis=2)
    decoded = ingest.decode(pictures.encoded(color, "JPEG", quality=90), LIMITS)
    assert decoded.pixels.ndim == 2
    assert decoded.media_type == "image/jpeg"


def test_sixteen_bit_gray_keeps_all_its_bits():
    pixels = (np.arange(100 * 80, dtype=np.uint16) * 7).reshape(80, 100)
    decoded = ingest.decode(pictures.encoded(pixels), LIMITS)
    np.testing.assert_array_equal(decoded.pixels, pixels)
    assert decoded.bits_stored == 16


def test_sixteen_bit_color_keeps_all_its_bits_and_its_channel_order():
    pixels = np.zeros((80, 100, 3), np.uint16)
    pixels[..., 0] = 60_000  # red
    pixels[:, 50:, 1] = 257
    _, encoded = cv2.imencode(".png", pixels[..., ::-1])
    decoded = ingest.decode(encoded.tobytes(), LIMITS)
    np.testing.assert_array_equal(decoded.pixels, pixels)


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA"])
def test_every_png_mode_is_read(mode):
    buffer = io.BytesIO()
    Image.fromarray(pictures.slice_pixels()).convert(mode).save(buffer, "PNG")
    decoded = ingest.decode(buffer.getvalue(), LIMITS)
    assert decoded.pixels.shape[:2] == (128, 160)
    assert decoded.pixels.dtype == np.uint8


def test_a_cmyk_jpeg_is_read():
    buffer = io.BytesIO()
    Image.fromarray(pictures.slice_pixels()).convert("CMYK").save(buffer, "JPEG")
    assert ingest.decode(buffer.getvalue(), LIMITS).pixels.shape[:2] == (128, 160)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_exif_orientation_is_honored_as_pillow_does(orientation):
    exif = Image.Exif()
    exif[0x0112] = orientation
    content = pictures.encoded(pictures.slice_pixels(seed=3), exif=exif)
    from PIL import ImageOps

    with Image.open(io.BytesIO(content)) as image:
        expected = np.asarray(ImageOps.exif_transpose(image))
    np.testing.assert_array_equal(ingest.decode(content, LIMITS).pixels, expected)


def variants() -> dict[str, bytes]:
    """One file of each way in which a raster image comes."""
    gray = pictures.slice_pixels(seed=5)
    deep = (np.arange(100 * 80, dtype=np.uint16) * 7).reshape(80, 100)
    clear = np.dstack([gray, gray // 2, gray // 3, gray])
    found = {
        "deep gray": pictures.encoded(deep),
        "deep color": cv2.imencode(".png", np.dstack([deep, deep // 2, deep // 3]))[1].tobytes(),
        "deep clear": cv2.imencode(".png", np.dstack([deep] * 4))[1].tobytes(),
        "clear": pictures.encoded(clear),
        "jpeg": pictures.encoded(clear[..., :3].copy(), "JPEG", quality=80),
    }
    for mode in ("1", "L", "LA", "P", "RGB", "RGBA"):
        buffer = io.BytesIO()
        Image.fromarray(gray).convert(mode).save(buffer, "PNG")
        found[mode] = buffer.getvalue()
    for orientation in range(1, 9):
        exif = Image.Exif()
        exif[0x0112] = orientation
        found[f"orientation {orientation}"] = pictures.encoded(gray, exif=exif)
    return found


@pytest.mark.parametrize(("name", "content"), variants().items(), ids=variants())
def test_the_command_line_reads_the_same_pixels(name, content):
    """`ml` may not look in here and has a reader of its own; a result must not depend on which."""
    from ml.imaging.images import decode_image_file

    ours, theirs = ingest.decode(content, LIMITS).pixels, decode_image_file(content)
    assert ours.dtype == theirs.dtype
    np.testing.assert_array_equal(ours, theirs)


def test_the_command_line_has_the_same_limits(settings):
    from ml.imaging import images

    assert images.MAX_BYTES == settings.UPLOAD_MAX_FILE_BYTES
    assert images.MAX_PIXELS == settings.UPLOAD_MAX_PIXELS
    assert images.MIN_SIDE == settings.UPLOAD_MIN_SIDE


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "empty"),
        (b"these are words, not pixels", "not_an_image"),
        (b"\x00" * 500, "not_an_image"),
        (b"GIF89a" + b"\x00" * 50, "unsupported_format"),
        (b"RIFF\x00\x00\x00\x00WEBPVP8 " + b"\x00" * 50, "unsupported_format"),
        (b"\x00" * 128 + b"DICM" + b"\x00" * 50, "unsupported_format"),
        (pictures.png()[:-200], "truncated"),
        (pictures.jpeg()[:600], "truncated"),
        (b"\x89PNG\r\n\x1a\n", "truncated"),
        (b"\xff\xd8\xff\xe0" + b"\x00" * 40, "truncated"),
        (pictures.png(width=63, height=200), "too_small"),
        (pictures.png(width=200, height=63), "too_small"),
        (pictures.png(width=1001, height=1000), "too_many_pixels"),
        (png_header_only(60_000, 60_000), "too_many_pixels"),
    ],
)
def test_what_cannot_be_read_is_refused_with_its_reason(content, code):
    assert code_of(content) == code


def test_a_png_with_a_flipped_bit_in_its_pixels_is_refused():
    content = bytearray(pictures.png())
    content[len(content) // 2] ^= 0xFF
    assert code_of(bytes(content)) == "truncated"


@settings(max_examples=examples(150, many=1500))
@given(data=st.data())
def test_no_damage_to_a_file_does_worse_than_a_refusal(data):
    content = bytearray(data.draw(st.sampled_from([pictures.png(), pictures.jpeg()])))
    for _ in range(data.draw(st.integers(1, 8))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    cut = data.draw(st.integers(0, len(content)))
    try:
        decoded = ingest.decode(bytes(content[:cut]), LIMITS)
    except Refusal:
        return
    assert min(decoded.pixels.shape[:2]) >= 64
