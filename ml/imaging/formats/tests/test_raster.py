"""JPEG, PNG, GIF and TIFF files: their pixels, turned upright, with all their bits."""

import io
import struct
import tracemalloc
from dataclasses import replace

import cv2
import numpy as np
import pytest
from PIL import Image, ImageOps

from ml.imaging import formats
from ml.imaging.formats.strict import DamagedError, tiff
from ml.imaging.formats.tests import drawn_files
from ml.imaging.phantom import draw_phantom


def decoded(content: bytes) -> np.ndarray:
    return formats.read(content).image.pixels


def test_gray_keeps_its_pixels():
    pixels = draw_phantom(seed=1, size=100)[:80]

    image = formats.read(drawn_files.saved(pixels, "PNG")).image

    assert np.array_equal(image.pixels, pixels)
    assert (image.width, image.height, image.bits_stored) == (100, 80, 8)
    assert (image.photometric, image.frame_number) == ("MONOCHROME2", 1)


def test_three_equal_channels_become_one():
    pixels = draw_phantom(seed=1, size=100)

    assert np.array_equal(decoded(drawn_files.saved(np.dstack([pixels] * 3), "PNG")), pixels)


def test_sixteen_bits_stay_sixteen_bits():
    gray = (np.arange(80 * 100, dtype=np.uint16) * 7).reshape(80, 100)
    color = np.dstack([gray, gray // 2, gray // 3])

    image = formats.read(drawn_files.saved(gray, "PNG")).image
    assert np.array_equal(image.pixels, gray)
    assert image.bits_stored == 16
    deep = formats.read(cv2.imencode(".png", color[..., ::-1])[1].tobytes()).image
    assert np.array_equal(deep.pixels, color)
    assert (deep.photometric, deep.bits_stored) == ("RGB", 16)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_exif_orientation_is_applied_as_pillow_does(orientation):
    content = drawn_files.turned(orientation, "PNG", draw_phantom(seed=1, size=100)[:80])
    with Image.open(io.BytesIO(content)) as image:
        expected = np.asarray(ImageOps.exif_transpose(image))

    assert np.array_equal(decoded(content), expected)


def test_what_is_transparent_is_black():
    pixels = np.full((70, 70, 4), 200, np.uint8)
    pixels[:, :, 3] = 255
    pixels[:, :35, 3] = 0

    found = decoded(drawn_files.saved(pixels, "PNG"))

    assert (found[:, :35] == 0).all()
    assert (found[:, 35:] == 200).all()


@pytest.mark.parametrize("name", ["png with a resolution", "jpeg with a resolution"])
def test_a_resolution_for_printing_is_no_spacing_and_nothing_else_is_made_up(name):
    file = formats.read(drawn_files.readable()[name])

    assert file.image.spacing is None
    assert file.image.window is None
    metadata = file.metadata
    assert metadata.patient is metadata.modality is metadata.study_uid is None
    assert metadata.series_uid is metadata.instance_uid is None


LIMITS = formats.Limits(max_bytes=10**6, max_pixels=10**6, min_side=1, max_frames=8)


@pytest.mark.parametrize("kind", ["PNG", "GIF", "TIFF"])
def test_the_pictures_of_a_file_are_images_in_order_and_each_is_read_alone(kind):
    content = drawn_files.of_pictures(3, kind)
    images = formats.read(content, limits=LIMITS).images
    assert [image.frame_number for image in images] == [1, 2, 3]
    for number, image in enumerate(images):
        assert np.array_equal(image.pixels, drawn_files.gray() + np.uint8(40 * number))
        (alone,) = formats.read(content, limits=LIMITS, only=number + 1).images
        assert alone.frame_number == number + 1
        assert np.array_equal(alone.pixels, image.pixels)


@pytest.mark.parametrize(
    ("disposal", "after"),
    [(1, [40, 90, 90]), (2, [40, 0, 90]), (3, [40, 40, 90])],
    ids=["left", "cleared", "put back"],
)
def test_the_images_of_a_gif_are_put_together_as_a_viewer_shows_them(disposal, after):
    """The second is the right half; what is under the third's left half depends on disposal."""
    palette = bytes(value for gray in (0, 40, 90, 90) for value in (gray,) * 3)
    content = b"GIF89a" + struct.pack("<HHBBB", 8, 4, 0x81, 0, 0) + palette
    for left, width, value, own in ((0, 8, 1, 1), (4, 4, 2, disposal), (0, 4, 3, 1)):
        content += b"\x21\xf9\x04" + bytes([own << 2, 1, 0, 0]) + b"\0"
        content += b"\x2c" + struct.pack("<HHHHB", left, 0, width, 4, 0) + b"\x02"
        content += packed_codes([value] * (width * 4)) + b"\0"
    images = formats.read(content + b";", limits=LIMITS).images
    assert [int(image.pixels[0, 0]) for image in images] == [40, 40, 90]
    assert [int(image.pixels[0, 7]) for image in images] == [40, 90, after[1]]


def packed_codes(values):
    """GIF's compression without any: a clear code (4) before each two values, 3 bits a code."""
    codes = [code for at in range(0, len(values), 2) for code in (4, *values[at : at + 2])] + [5]
    bits = sum(code << (3 * at) for at, code in enumerate(codes))
    data = bits.to_bytes((3 * len(codes) + 7) // 8, "little")
    return bytes([len(data)]) + data


def test_the_pages_of_a_tiff_may_differ_and_smaller_copies_of_a_page_are_none():
    deep, color = drawn_files.deep_gray(), drawn_files.color()
    content = drawn_files.tiff(deep, deep[:70, :70], photometric=1)
    sizes = [image.pixels.shape for image in formats.read(content, limits=LIMITS).images]
    assert sizes == [deep.shape, deep[:70, :70].shape]
    buffer = io.BytesIO()
    Image.fromarray(color).save(
        buffer, "TIFF", save_all=True, append_images=[Image.fromarray(color[::2, ::2])]
    )
    with_copy = bytearray(buffer.getvalue())
    (second,) = struct.unpack("<I", with_copy[ifd_end(with_copy) : ifd_end(with_copy) + 4])
    count = struct.unpack("<H", with_copy[second : second + 2])[0]
    tags = range(second + 2, second + 2 + 12 * count, 12)
    resolution = next(at for at in tags if with_copy[at : at + 2] == b"\x15\x01")  # 277
    with_copy[resolution : resolution + 12] = struct.pack("<HHIHH", 254, 3, 1, 1, 0)
    (image,) = formats.read(bytes(with_copy), limits=LIMITS).images
    assert np.array_equal(image.pixels, color)


def ifd_end(content):
    (first,) = struct.unpack("<I", content[4:8])
    return first + 2 + 12 * struct.unpack("<H", content[first : first + 2])[0]


def test_pages_that_go_round_in_a_circle_are_a_damaged_file():
    content = bytearray(drawn_files.tiff(drawn_files.gray(), photometric=1))
    end = ifd_end(content)
    content[end : end + 4] = content[4:8]
    with pytest.raises(formats.Refusal) as caught:
        formats.read(bytes(content), limits=LIMITS)
    assert caught.value.code == "truncated"


def test_only_the_tags_of_a_tiff_that_a_page_needs_are_unpacked():
    content = tiff_with_tags(range(40_000, 40_900), values=250_000)
    tracemalloc.start()
    try:
        tiff.check(content, pages={0})
        assert tracemalloc.get_traced_memory()[1] < 3 * len(content)
    finally:
        tracemalloc.stop()


def test_tags_of_a_tiff_that_all_point_at_the_same_bytes_are_refused():
    content = tiff_with_tags((277, 278, 284, 322, 347), values=250_000)
    with pytest.raises(DamagedError, match="share"):
        tiff.check(content, pages={0})


def tiff_with_tags(tags, *, values):
    """A page of 8 x 8 pixels, with further tags that all have the same bytes as their value."""
    own = {256: 8, 257: 8, 258: 8, 259: 1, 262: 1, 273: 0, 279: 64}
    entries = [struct.pack("<HHII", tag, 4, 1, value) for tag, value in own.items()]
    place = 8 + 2 + 12 * (len(own) + len(tags)) + 4
    entries += [struct.pack("<HHII", tag, 1, values, place) for tag in tags]
    head = struct.pack("<2sHIH", b"II", 42, 8, len(entries))
    return head + b"".join(entries) + bytes(4) + b"\1" * values


@pytest.mark.parametrize("kind", ["PNG", "MPO", "GIF", "TIFF"])
def test_what_all_pictures_of_a_file_have_together_is_checked_before_one_is_decoded(kind):
    limits = replace(LIMITS, max_file_pixels=2 * drawn_files.WIDTH * drawn_files.HEIGHT)
    with pytest.raises(formats.Refusal, match="The 3 images") as caught:
        formats.read(drawn_files.of_pictures(3, kind)[:-300], limits=limits)
    assert caught.value.code == "too_many_pixels"
