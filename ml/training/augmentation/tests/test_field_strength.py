import numpy as np

from ml.imaging.phantom import draw_phantom
from ml.training.augmentation.field_strength import as_at_7_tesla


def test_a_slice_is_shaded_and_in_part_cut_to_a_slab():
    image = draw_phantom(seed=2, size=200)
    changed = [as_at_7_tesla(image, np.random.default_rng(seed)) for seed in range(30)]

    assert all(one.dtype == np.uint8 and one.ndim == 2 for one in changed)
    assert all(min(one.shape) >= 100 for one in changed)
    whole = [one for one in changed if one.shape == image.shape]
    assert 15 <= len(whole) < 30
    assert all(np.abs(one.astype(int) - image).mean() > 2 for one in whole)
    assert any(np.median(one[:8, :8]) > 30 for one in whole)  # noise in the air


def test_a_seed_gives_the_same_slice():
    image = draw_phantom(seed=2, size=120)
    one, other = (as_at_7_tesla(image, np.random.default_rng(9)) for _ in range(2))

    assert np.array_equal(one, other)
