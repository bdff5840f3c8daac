import numpy as np
import pytest

from ml.training.gate_negatives import FITTED, draw

pytestmark = pytest.mark.long


@pytest.mark.parametrize("name", FITTED)
def test_a_seed_draws_the_same_pictures_and_another_seed_others(name):
    family = {name: FITTED[name]}
    first, again, other = (
        [image for _, image in draw(family, each=2, seed=seed)] for seed in (3, 3, 4)
    )

    assert all(np.array_equal(a, b) for a, b in zip(first, again, strict=True))
    assert not all(np.array_equal(a, b) for a, b in zip(first, other, strict=True))
    for image in first:
        assert image.dtype == np.uint8
        assert image.ndim == 2
        assert min(image.shape) >= 90
        assert np.ptp(image) > 20
