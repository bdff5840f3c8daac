"""Pointing, energy, overlap and sizes, on squares whose answers are known."""

import numpy as np
import pytest

from ml.imaging.regions import Region
from ml.predictor import Prediction
from ml.training.evaluation.localization import (
    dice,
    energy_inside,
    innermost,
    localized,
    region_mask,
    size_of,
)

OUTLINE = {"shape": "polygon", "x": [20, 39, 39, 20], "y": [20, 20, 39, 39]}  # 20 x 20 of 100 x 100


def square(left, top, side, *, score=0.8):
    right, bottom = left + side - 1, top + side - 1
    polygon = ((left, top), (right, top), (right, bottom), (left, bottom))
    return Region(polygon=polygon, score=score, area_px=float(side**2))


def said(*, peak=(30, 30), regions=(), heat=None):
    heatmap = np.zeros((100, 100), np.uint8) if heat is None else heat
    return Prediction(
        probability=0.9,
        label="tumor",
        confidence=0.9,
        threshold=0.5,
        heatmap=heatmap,
        heatmap_peak=peak,
        engine="x",
        model_ms=1.0,
        regions=regions,
        distance=None,
    )


def facts(prediction):
    return localized(prediction, [OUTLINE], height=100, width=100)


@pytest.mark.parametrize(
    ("peak", "on"), [((30, 30), True), ((44, 30), True), ((46, 30), False), (None, False)]
)
def test_a_peak_is_on_the_lesion_up_to_a_twentieth_of_the_width_beside_it(peak, on):
    assert facts(said(peak=peak))["peak_on"] is on


def test_the_middle_of_the_image_is_judged_like_a_peak():
    found = facts(said())
    assert found["middle_on"] is False  # (50, 50) is 15 pixels away
    assert found["area"] == pytest.approx(0.04)
    assert found["size"] == "large"


def test_energy_is_the_share_of_the_heat_inside():
    heat = np.zeros((100, 100), np.uint8)
    heat[30, 30], heat[80, 80] = 100, 200
    assert facts(said(heat=heat))["energy"] == pytest.approx(1 / 3)
    assert energy_inside(np.zeros((4, 4), np.uint8), np.ones((4, 4), bool)) == 0.0


def test_regions_are_judged_by_overlap_by_their_best_one_and_by_whether_they_meet_the_lesion():
    half = facts(said(regions=(square(30, 20, 20),)))  # half of it on the lesion
    assert half["dice"] == pytest.approx(0.5)
    assert half["touched"] is True
    assert half["regions"] == 1
    best_is_off = facts(said(regions=(square(70, 70, 20, score=0.9), square(20, 20, 20))))
    assert best_is_off["region_on"] is False
    assert best_is_off["touched"] is True
    none = facts(said())
    assert (none["dice"], none["touched"], none["region_on"]) == (0.0, False, False)


def test_the_innermost_point_lies_inside_also_where_the_middle_does_not():
    ell = Region(
        polygon=((0, 0), (9, 0), (9, 39), (39, 39), (39, 49), (0, 49)), score=0.5, area_px=1.0
    )
    mask = region_mask([ell], height=50, width=50)
    x, y = innermost(ell, height=50, width=50)
    assert mask[y, x]
    assert not mask[20, 20]  # about its center of mass


def test_dice_of_two_empty_masks_is_1():
    empty = np.zeros((3, 3), bool)
    assert dice(empty, empty) == 1.0
    assert dice(empty, ~empty) == 0.0


@pytest.mark.parametrize(
    ("area", "size"), [(0.002, "small"), (0.01, "medium"), (0.0249, "medium"), (0.2, "large")]
)
def test_lesions_have_three_sizes(area, size):
    assert size_of(area) == size
