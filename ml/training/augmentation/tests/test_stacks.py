"""What is done to one slice of a stack is done to its neighbors alike."""

import numpy as np
import pytest

from ml.imaging.phantom import draw_phantom
from ml.training.augmentation.stacks import FEWEST, LESIONS, MOST, erase, plant_through
from ml.training.augmentation.tests.test_planting import head_with_lesion, lesion

SLICES = 22


def stack() -> list[np.ndarray]:
    return [draw_phantom(seed=1, size=256, lesion=False) for _ in range(SLICES)]


def test_a_lesion_is_painted_over_alike_in_every_slice_that_shows_it_and_nowhere_else():
    image, mask = head_with_lesion()
    clean = np.zeros_like(mask)
    images = [image] * 6
    masks = [clean, mask, mask, mask, clean, clean]

    erased = erase(images, masks, seed=5)

    assert sorted(erased) == [1, 2, 3]
    assert (erased[1] == erased[2]).all()
    assert (erased[2] == erased[3]).all()
    assert np.abs(erased[1][mask > 0].astype(float) - 200.0).mean() > 40.0
    far = np.ones_like(mask)
    far[85:180, 45:130] = 0
    assert (erased[1][far > 0] == image[far > 0]).all()
    assert (image[mask > 0] > 150).all()


@pytest.mark.parametrize("seed", range(4))
def test_a_planted_lesion_reaches_through_neighbors_at_one_place_and_tapers(seed):
    images = stack()

    planted = plant_through(
        images, lesion(), spacing_mm=5.0, sequence="FLAIR", stripped=False, seed=seed
    )

    assert planted is not None
    places = sorted(planted.images)
    sizes = [int(planted.masks[place].sum()) for place in places]
    middles = [np.argwhere(planted.masks[place]).mean(axis=0) for place in places]
    assert FEWEST <= len(places) <= MOST
    assert places == list(range(places[0], places[-1] + 1))
    assert np.abs(np.diff(middles, axis=0)).max() < 8.0
    largest = int(np.argmax(sizes))
    assert sizes[: largest + 1] == sorted(sizes[: largest + 1])
    assert max(sizes) <= 1.05 * LESIONS.share[1] * 256 * 256
    for place in places:
        assert (planted.images[place] != images[place]).any()


def test_the_same_seed_plants_the_same():
    first, second = (
        plant_through(stack(), lesion(), spacing_mm=5.0, sequence="T1", stripped=False, seed=3)
        for _ in range(2)
    )

    assert first is not None
    assert second is not None
    assert list(first.images) == list(second.images)
    assert all((first.images[at] == second.images[at]).all() for at in first.images)
