import io
import os
import struct
import zlib

import cv2
import numpy as np
import pytest
from PIL import Image

from ml.imaging import images
from ml.imaging.images import ImageFileError, decode_image_file, read_image_file
from ml.imaging.phantom import draw_phantom


def encoded(pixels: np.ndarray, file_format: str = "PNG", **options) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, file_format, **options)
    return buffer.getvalue()


def bomb() -> bytes:
    """A PNG that declares 60,000 x 60,000 pixels and holds none."""
    header = struct.pack(">IIBBBBB", 60_000, 60_000, 8, 0, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(b"")))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))
        for name, body in chunks
    )


def test_gray_keeps_its_pixels(tmp_path):
    pixels = draw_phantom(seed=1, size=100)[:80]
    (tmp_path / "a.png").write_bytes(encoded(pixels))

    assert np.array_equal(read_image_file(tmp_path / "a.png"), pixels)


def test_three_equal_channels_become_one():
    pixels = draw_phantom(seed=1, size=100)

    assert np.array_equal(decode_image_file(encoded(np.dstack([pixels] * 3))), pixels)


def test_sixteen_bits_stay_sixteen_bits():
    gray = (np.arange(80 * 100, dtype=np.uint16) * 7).reshape(80, 100)
    color = np.dstack([gray, gray // 2, gray // 3])

    assert np.array_equal(decode_image_file(encoded(gray)), gray)
    deep = cv2.imencode(".png", color[..., ::-1])[1].tobytes()
    assert np.array_equal(decode_image_file(deep), color)


def test_exif_orientation_is_applied():
    exif = Image.Exif()
    exif[0x0112] = 6
    pixels = draw_phantom(seed=1, size=100)[:80]

    assert np.array_equal(decode_image_file(encoded(pixels, exif=exif)), np.rot90(pixels, -1))


def test_what_is_transparent_is_black():
    pixels = np.full((70, 70, 4), 200, np.uint8)
    pixels[:, :, 3] = 255
    pixels[:, :35, 3] = 0

    decoded = decode_image_file(encoded(pixels))

    assert (decoded[:, :35] == 0).all()
    assert (decoded[:, 35:] == 200).all()


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "empty"),
        (b"words", "not a JPEG or PNG"),
        (b"GIF89a" + bytes(50), "not a JPEG or PNG"),
        (encoded(draw_phantom(seed=1, size=100))[:900], "truncated or damaged"),
        (encoded(draw_phantom(seed=1, size=100), "JPEG")[:900], "truncated or damaged"),
        (encoded(np.zeros((63, 90), np.uint8)), "At least 64 pixels"),
        (bomb(), "50 megapixels"),
    ],
)
def test_what_cannot_be_read_is_told_in_a_sentence(content, words):
    with pytest.raises(ImageFileError, match=words) as caught:
        decode_image_file(content)

    assert str(caught.value).endswith(".")


def test_names_that_are_no_image_file_are_told_apart(tmp_path, monkeypatch):
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "large.png").write_bytes(bytes(2000))
    monkeypatch.setattr(images, "MAX_BYTES", 1000)

    for name, words in {
        "none.png": "no such file",
        ".": "folder",
        "pipe": "not a regular file",
        "large.png": "larger than",
        "null\0character": "cannot be read",
        "n" * 300: "cannot be read",
    }.items():
        with pytest.raises(ImageFileError, match=words) as caught:
            read_image_file(tmp_path / name)
        assert str(caught.value).endswith(".")
