import numpy as np

from ml.imaging.phantom import draw_phantom
from ml.training.gate_negatives.head_ct import head_ct


def test_the_skull_is_bright_and_what_is_in_it_nearly_flat():
    for seed in range(12):
        drawn = head_ct(draw_phantom(seed=seed, size=200), np.random.default_rng(seed))
        grays = drawn[drawn > 8].astype(float)

        assert drawn.dtype == np.uint8
        assert max(drawn.shape) == 256
        assert np.percentile(grays, 97) > 1.3 * np.median(grays)


def test_a_slice_without_a_head_gives_a_ct_too_and_a_seed_the_same():
    blank = np.zeros((90, 120), np.uint8)
    first, again = (head_ct(blank, np.random.default_rng(4)) for _ in range(2))

    assert np.array_equal(first, again)
    assert np.ptp(first) > 50
