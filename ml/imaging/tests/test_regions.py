import cv2
import numpy as np
import pytest

from ml.imaging.phantom import draw_phantom
from ml.imaging.preprocessing import Geometry, crop_square_area, resize_rgb_255
from ml.imaging.regions import Region, find_regions

SETTINGS = {"threshold": 0.5, "least_cells": 3}


def square(side: int) -> Geometry:
    """An image that is the network's input square itself, only larger."""
    return resize_rgb_255(np.zeros((side, side), np.uint8)).geometry


def blob(
    x: float, y: float, rx: float, ry: float, *, peak: float = 3.0, floor: float = -8.0
) -> np.ndarray:
    """Logits falling from `peak` to 0 on an ellipse; all in cells."""
    rows, columns = np.mgrid[:56, :56]
    away = ((columns - x) / rx) ** 2 + ((rows - y) / ry) ** 2
    return np.maximum(peak * (1 - away), floor).astype(np.float32)


def filled(region: Region, shape: tuple[int, int]) -> np.ndarray:
    mask = np.zeros(shape, np.uint8)
    cv2.fillPoly(mask, [np.array(region.polygon, np.int32)], 1)
    return mask.astype(bool)


def truth(shape, *, cx, cy, rx, ry) -> np.ndarray:
    rows, columns = np.mgrid[: shape[0], : shape[1]]
    return ((columns - cx) / rx) ** 2 + ((rows - cy) / ry) ** 2 <= 1


def overlap(a: np.ndarray, b: np.ndarray) -> float:
    return 2 * (a & b).sum() / (a.sum() + b.sum())


@pytest.mark.parametrize("side", [112, 224, 512, 1000])
def test_the_outline_follows_the_map_between_its_cells(side):
    cell = side / 56

    (region,) = find_regions(blob(20, 33, 5.3, 7.7), geometry=square(side), **SETTINGS)

    center = {"cx": 20.5 * cell - 0.5, "cy": 33.5 * cell - 0.5}
    expected = truth((side, side), rx=5.3 * cell, ry=7.7 * cell, **center)
    got = filled(region, (side, side))
    assert overlap(got, expected) > 0.96
    assert region.area_px == pytest.approx(got.sum(), rel=0.02)
    assert region.area_px == pytest.approx(expected.sum(), rel=0.06)
    assert 8 <= len(region.polygon) <= 80


def test_the_outline_lies_where_the_recipe_took_the_crop_from():
    image = np.zeros((300, 400), np.uint8)
    image[40:240, 150:350] = draw_phantom(seed=1, size=200)
    geometry = crop_square_area(image).geometry
    cell = geometry.canvas_width / 56

    (region,) = find_regions(blob(30, 25, 5, 5), geometry=geometry, **SETTINGS)

    cx = 30.5 * cell - 0.5 - geometry.pad_left + geometry.left
    cy = 25.5 * cell - 0.5 - geometry.pad_top + geometry.top
    expected = truth(image.shape, cx=cx, cy=cy, rx=5 * cell, ry=5 * cell)
    assert overlap(filled(region, image.shape), expected) > 0.95


def test_an_outline_never_leaves_the_image():
    for shape in ((90, 300), (300, 90), (64, 64)):
        image = np.full(shape, 200, np.uint8)
        geometry = crop_square_area(image).geometry
        everywhere = np.full((56, 56), 5.0, np.float32)

        (region,) = find_regions(everywhere, geometry=geometry, **SETTINGS)

        assert region.polygon
        assert all(0 <= x < shape[1] and 0 <= y < shape[0] for x, y in region.polygon)
        assert region.area_px == shape[0] * shape[1]


def test_a_region_that_lies_in_the_padding_alone_is_none():
    geometry = crop_square_area(np.full((60, 300), 200, np.uint8)).geometry

    assert find_regions(blob(28, 5, 3, 3), geometry=geometry, **SETTINGS) == ()


def test_regions_come_with_the_highest_score_first():
    both = np.maximum(blob(14, 14, 5, 5, peak=1.0), blob(40, 40, 5, 5, peak=6.0))

    first, second = find_regions(both, geometry=square(224), **SETTINGS)

    assert 1.0 >= first.score > second.score >= SETTINGS["threshold"]
    assert np.mean([x for x, _ in first.polygon]) > np.mean([x for x, _ in second.polygon])


def test_neighbors_get_outlines_of_their_own():
    both = np.maximum(blob(20, 28, 6.4, 6), blob(33, 28, 6.4, 6))
    both[:, 26] = -1.0

    one, other = find_regions(both, geometry=square(512), **SETTINGS)

    assert not (filled(one, (512, 512)) & filled(other, (512, 512))).any()


@pytest.mark.parametrize(("least", "count"), [(1, 2), (5, 2), (6, 1), (200, 0)])
def test_small_regions_are_dropped(least, count):
    logits = blob(15, 15, 6, 6)
    logits[40, 40] = logits[39, 40] = logits[41, 40] = logits[40, 39] = logits[40, 41] = 4.0
    settings = {"threshold": 0.5, "least_cells": least}

    assert len(find_regions(logits, geometry=square(224), **settings)) == count


def test_a_higher_threshold_outlines_less():
    areas = [
        find_regions(
            blob(28, 28, 9, 9),
            geometry=square(224),
            threshold=threshold,
            least_cells=2,
        )[0].area_px
        for threshold in (0.2, 0.5, 0.9)
    ]

    assert areas == sorted(areas, reverse=True)


@pytest.mark.parametrize("threshold", [0.0, 1.0])
def test_the_ends_of_the_scale_are_thresholds_too(threshold):
    settings = {"threshold": threshold, "least_cells": 1}

    found = find_regions(blob(28, 28, 6, 6), geometry=square(224), **settings)

    assert len(found) == (1 if threshold == 0.0 else 0)


def test_a_map_without_a_cell_above_the_threshold_has_no_region():
    nothing = np.full((56, 56), -4.0, np.float32)

    assert find_regions(nothing, geometry=square(224), **SETTINGS) == ()


def test_an_image_smaller_than_the_map_has_polygons_or_nothing():
    for side in (1, 2, 3, 20, 40):
        found = find_regions(blob(28, 28, 7, 7), geometry=square(side), **SETTINGS)

        assert all(len(region.polygon) >= 3 for region in found)
        assert all(0 <= v < side for region in found for point in region.polygon for v in point)
