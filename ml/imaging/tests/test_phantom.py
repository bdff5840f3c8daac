import numpy as np
import pytest

from ml.imaging.phantom import draw_phantom


def test_the_same_seed_draws_the_same_slice():
    np.testing.assert_array_equal(draw_phantom(seed=4), draw_phantom(seed=4))
    assert (draw_phantom(seed=4) != draw_phantom(seed=5)).any()


@pytest.mark.parametrize("size", [32, 224, 600])
def test_a_head_lies_on_black(size):
    image = draw_phantom(seed=0, size=size)

    assert image.shape == (size, size)
    assert image[:2].max() < 30
    assert image[size // 3 : 2 * size // 3].mean() > 40


def test_only_a_lesion_differs_between_the_two_kinds():
    difference = np.abs(draw_phantom(seed=7).astype(int) - draw_phantom(seed=7, lesion=False))

    assert difference.max() > 60
    assert (difference > 0).mean() < 0.1
