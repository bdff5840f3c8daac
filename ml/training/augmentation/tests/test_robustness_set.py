"""Changes leave the size and the background alone, and do what they say."""

import numpy as np
import pytest

from ml.imaging.phantom import draw_phantom
from ml.training.augmentation import robustness_set
from ml.training.augmentation.operations import mirror, quarter_turns
from ml.training.augmentation.robustness_set import ROBUSTNESS


@pytest.mark.parametrize("change", ROBUSTNESS, ids=lambda change: change.name)
@pytest.mark.parametrize("channels", [1, 3])
def test_a_change_gives_an_image_of_that_size_and_always_the_same(change, channels):
    pixels = draw_phantom(seed=3, size=240)[:, :200]
    pixels = pixels if channels == 1 else np.repeat(pixels[..., None], 3, axis=2)
    before = pixels.copy()

    changed = change.apply(pixels)

    assert changed.dtype == np.uint8
    assert sorted(changed.shape) == sorted(pixels.shape)
    assert not np.array_equal(changed, pixels)
    assert np.array_equal(changed, change.apply(pixels))
    assert np.array_equal(pixels, before)


def test_names_are_used_once_and_both_levels_are_there():
    assert len({change.name for change in ROBUSTNESS}) == len(ROBUSTNESS)
    assert {change.level for change in ROBUSTNESS} == {"mild", "strong"}


def test_brightness_scales_and_stops_at_white():
    pixels = np.array([[0, 100, 250]], np.uint8)
    assert robustness_set.brightness(pixels, by=0.1).tolist() == [[0, 110, 255]]


def test_contrast_turns_about_the_mean_of_the_content_and_leaves_the_background():
    pixels = np.array([[0, 100, 200]], np.uint8)  # the content's mean is 150
    assert robustness_set.contrast(pixels, by=0.2).tolist() == [[0, 90, 210]]
    assert robustness_set.contrast(np.zeros((2, 2), np.uint8), by=0.2).max() == 0


def test_turns_and_mirrors_come_back():
    pixels = draw_phantom(seed=3, size=64)
    turned = pixels
    for _ in range(4):
        turned = quarter_turns(turned, turns=1)
    assert np.array_equal(turned, pixels)
    assert np.array_equal(mirror(mirror(pixels, axis=1), axis=1), pixels)


def test_noise_has_the_spread_it_is_given_and_is_gray():
    pixels = np.full((200, 200, 3), 128, np.uint8)
    noisy = robustness_set.noise(pixels, np.random.default_rng(1), sigma=6.0)
    assert float(noisy.std()) == pytest.approx(6.0, abs=0.3)
    assert (np.ptp(noisy, axis=2) == 0).all()
