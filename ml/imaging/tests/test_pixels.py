import numpy as np
import pytest

from ml.imaging.pixels import PixelsError, check_pixels, to_8bit, to_gray, to_rgb


@pytest.mark.parametrize(
    ("array", "words"),
    [
        (np.zeros((4, 4), np.float32), "uint8 or uint16"),
        (np.zeros((4, 4), np.int16), "uint8 or uint16"),
        (np.zeros((4, 4, 4), np.uint8), r"\(H, W\)"),
        (np.zeros((4, 4, 1), np.uint8), r"\(H, W\)"),
        (np.zeros((4,), np.uint8), r"\(H, W\)"),
        (np.zeros((0, 4), np.uint8), "no pixels"),
        ([[1, 2]], "NumPy array"),
    ],
)
def test_what_is_not_an_image_is_refused_with_a_sentence(array, words):
    with pytest.raises(PixelsError, match=words):
        check_pixels(array)


def test_8_bits_stay_as_they_are():
    image = np.array([[3, 90]], np.uint8)

    assert to_8bit(image) is image


def test_16_bits_are_windowed_from_minimum_to_maximum():
    image = np.array([[1000, 1500, 2000]], np.uint16)

    np.testing.assert_array_equal(to_8bit(image), [[0, 128, 255]])


def test_the_whole_16_bit_range_fits():
    image = np.array([[0, 65535]], np.uint16)

    np.testing.assert_array_equal(to_8bit(image), [[0, 255]])


def test_a_constant_16_bit_image_becomes_black():
    assert not to_8bit(np.full((3, 3), 40000, np.uint16)).any()


def test_gray_and_rgb_lead_to_each_other():
    gray = np.arange(256, dtype=np.uint8).reshape(16, 16)

    np.testing.assert_array_equal(to_gray(to_rgb(gray)), gray)


def test_gray_weighs_the_channels_as_bt_601_does():
    image = np.array([[[255, 0, 0], [0, 255, 0], [0, 0, 255]]], np.uint8)

    np.testing.assert_allclose(to_gray(image), [[76, 150, 29]], atol=1)
