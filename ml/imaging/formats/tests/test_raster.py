"""JPEG and PNG files: their pixels, turned upright, with all their bits."""

import io

import cv2
import numpy as np
import pytest
from PIL import Image, ImageOps

from ml.imaging import formats
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
