"""The changes of the set "display": what each does to the gray levels of a slice."""

import numpy as np
import pytest

from ml.imaging.phantom import draw_phantom
from ml.training.augmentation.display_set import DISPLAY, window

BY_NAME = {change.name: change for change in DISPLAY}


@pytest.fixture(scope="module")
def slice_():
    return draw_phantom(seed=3, size=200)


@pytest.mark.parametrize("change", DISPLAY, ids=lambda change: change.name)
def test_an_image_keeps_its_form_and_is_always_changed_alike(slice_, change):
    for pixels in (slice_, np.stack([slice_] * 3, axis=-1)):
        first, second = change.apply(pixels), change.apply(pixels)
        assert first.shape == pixels.shape
        assert first.dtype == np.uint8
        assert (first == second).all()
        assert (first != pixels).any()


def test_a_window_shows_what_lies_within_it(slice_):
    levels = np.arange(256, dtype=np.uint8)[None].repeat(2, axis=0)
    narrow = window(levels, black=0.1, white=0.6)
    assert narrow[0, 25] == 0
    assert narrow[0, 153] == narrow[0, 255] == 255
    wide = window(levels, black=-0.15, white=1.35)
    assert 20 < wide.min() < wide.max() < 220


def test_a_photograph_has_dark_corners_and_no_black(slice_):
    white = np.full((256, 256), 255, np.uint8)
    photo = BY_NAME["phone-photo"].apply(white)
    assert photo[128, 128] > 240
    assert photo[30:40, 30:40].mean() < 0.9 * photo[120:136, 120:136].mean()
    assert BY_NAME["phone-photo"].apply(np.zeros_like(white)).mean() > 5
