import math

import pytest

from ml.training.data.lesions import distance_to_lesion

SQUARE = {"shape": "polygon", "x": [10, 20, 20, 10], "y": [10, 10, 20, 20]}
CIRCLE = {"shape": "circle", "cx": 100, "cy": 100, "r": 10}


def test_inside_an_outline_the_distance_is_0():
    assert distance_to_lesion((15, 15), [SQUARE]) == 0.0
    assert distance_to_lesion((95, 100), [SQUARE, CIRCLE]) == 0.0


def test_outside_it_is_the_way_to_the_nearest_outline():
    assert distance_to_lesion((25, 15), [SQUARE]) == pytest.approx(5.0)
    assert distance_to_lesion((120, 100), [SQUARE, CIRCLE]) == pytest.approx(10.0, abs=0.1)


def test_an_ellipse_turns_by_its_angle():
    ellipse = {"shape": "ellipse", "cx": 50, "cy": 50, "rx": 30, "ry": 5, "theta": math.pi / 2}

    assert distance_to_lesion((50, 75), [ellipse]) == 0.0
    assert distance_to_lesion((75, 50), [ellipse]) == pytest.approx(20.0, abs=0.1)


def test_no_outline_and_an_unknown_shape_are_refused():
    with pytest.raises(ValueError, match="no outline"):
        distance_to_lesion((1, 1), [])
    with pytest.raises(ValueError, match="'star'"):
        distance_to_lesion((1, 1), [{"shape": "star"}])
