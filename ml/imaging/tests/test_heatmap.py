import cv2
import numpy as np
import pytest

from ml.imaging.heatmap import heatmap_in_image_grid
from ml.imaging.preprocessing import Geometry, crop_square_area


def plain(height: int, width: int) -> Geometry:
    return Geometry(
        height=height,
        width=width,
        top=0,
        left=0,
        crop_height=height,
        crop_width=width,
        pad_top=0,
        pad_left=0,
        canvas_height=height,
        canvas_width=width,
    )


def one_hot(row: int, column: int, size: int = 14) -> np.ndarray:
    cam = np.zeros((size, size), np.float32)
    cam[row, column] = 0.03
    return cam


def test_a_hot_cell_lands_where_it_lies_in_the_image():
    heatmap, peak = heatmap_in_image_grid(one_hot(3, 10), geometry=plain(140, 280))

    assert heatmap.shape == (140, 280)
    assert heatmap.dtype == np.uint8
    assert heatmap.max() == 255
    assert peak == pytest.approx((10.5 * 20, 3.5 * 10), abs=1)


def test_a_hot_cell_lands_inside_the_crop_and_nothing_outside_it():
    geometry = Geometry(
        height=200,
        width=300,
        top=20,
        left=100,
        crop_height=140,
        crop_width=70,
        pad_top=0,
        pad_left=35,
        canvas_height=140,
        canvas_width=140,
    )

    heatmap, peak = heatmap_in_image_grid(one_hot(7, 7), geometry=geometry)

    assert peak == pytest.approx((100 + 75 - 35, 20 + 75), abs=1)
    outside = np.ones(heatmap.shape, bool)
    outside[20:160, 100:170] = False
    assert not heatmap[outside].any()
    assert heatmap[peak[1], peak[0]] == 255


def test_heat_in_the_padding_alone_leaves_the_image_cold_and_without_a_peak():
    image = np.zeros((100, 300), np.uint8)
    image[20:80] = 100
    geometry = crop_square_area(image).geometry

    heatmap, peak = heatmap_in_image_grid(one_hot(0, 5), geometry=geometry)

    assert not heatmap.any()
    assert peak is None


def test_a_map_without_heat_has_no_peak():
    heatmap, peak = heatmap_in_image_grid(np.zeros((14, 14), np.float32), geometry=plain(20, 30))

    assert heatmap.shape == (20, 30)
    assert not heatmap.any()
    assert peak is None


def test_a_strip_is_served_without_a_canvas_that_fills_the_memory():
    cam = np.random.default_rng(0).random((14, 14)).astype(np.float32)
    heatmap, peak = heatmap_in_image_grid(cam, geometry=strip(height=64, length=100_000))
    assert heatmap.shape == (64, 100_000)
    assert heatmap[peak[1], peak[0]] == heatmap.max() == 255

    short = strip(height=64, length=900)
    whole = cv2.resize(cam, (900, 900), interpolation=cv2.INTER_LINEAR)[418:482]
    heatmap, _ = heatmap_in_image_grid(cam, geometry=short)
    np.testing.assert_allclose(heatmap, whole / whole.max() * 255, atol=0.6)


def strip(*, height: int, length: int) -> Geometry:
    return Geometry(
        height=height,
        width=length,
        top=0,
        left=0,
        crop_height=height,
        crop_width=length,
        pad_top=(length - height) // 2,
        pad_left=0,
        canvas_height=length,
        canvas_width=length,
    )


def test_interpolation_agrees_with_opencv():
    cam = np.random.default_rng(2).random((14, 14), dtype=np.float32)

    heatmap, _ = heatmap_in_image_grid(cam, geometry=plain(333, 517))

    reference = cv2.resize(cam, (517, 333), interpolation=cv2.INTER_LINEAR)
    np.testing.assert_allclose(heatmap, reference / reference.max() * 255, atol=1.0)


@pytest.mark.parametrize("shape", [(1, 1), (3, 200), (5, 5)])
def test_images_smaller_than_the_map_are_served_too(shape):
    heatmap, peak = heatmap_in_image_grid(np.ones((14, 14), np.float32), geometry=plain(*shape))

    assert heatmap.shape == shape
    assert peak is not None
