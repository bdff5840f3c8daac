import numpy as np

from ml.gate.map_descriptors import EACH, describe_maps


def test_each_map_gives_its_mean_its_spread_and_its_highest_value():
    maps = np.zeros((2, 2, 3), np.float32)
    maps[:, :, 1] = 4.0
    maps[0, 0, 2] = 16.0

    mean, spread, highest = describe_maps(maps).reshape(EACH, 3)

    assert np.allclose(mean**2, [0.0, 4.0, 4.0])
    assert np.allclose(spread**2, [0.0, 0.0, np.sqrt(48.0)])
    assert np.allclose(highest**2, [0.0, 4.0, 16.0])


def test_where_something_lies_does_not_matter_to_it():
    maps = np.random.default_rng(0).random((14, 14, 5), dtype=np.float32)

    assert np.allclose(describe_maps(maps), describe_maps(maps[::-1, ::-1]), atol=1e-5)
