import numpy as np
import pytest

from ml.imaging.phantom import draw_phantom
from ml.training.augmentation.gate_set import GATE, change_some


@pytest.mark.parametrize("perturbation", GATE, ids=lambda perturbation: perturbation.name)
def test_a_changed_slice_is_still_an_image(perturbation):
    image = draw_phantom(seed=1, size=220)[:200]

    changed = perturbation.apply(image, np.random.default_rng(0))

    assert changed.dtype == np.uint8
    assert changed.ndim == 2
    assert changed.flags.c_contiguous
    assert min(changed.shape) >= 80
    assert not np.array_equal(changed, image)


def test_several_changes_come_from_the_seed():
    image = draw_phantom(seed=1, size=220)
    first, again = (change_some(image, np.random.default_rng(8)) for _ in range(2))

    assert np.array_equal(first, again)
    assert np.array_equal(image, draw_phantom(seed=1, size=220))
