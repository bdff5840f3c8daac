import numpy as np

from ml.training.loop.evidence import weigh_anew
from ml.training.tests.data import small_config


def head(**more) -> dict[str, np.ndarray]:
    return {
        "bin/0": np.array([[2.0], [-4.0]], dtype=np.float32),
        "bin/1": np.array([1.0], dtype=np.float32),
        **more,
    }


def test_a_run_begins_with_the_weights_that_it_names_and_empty_slices_stay_where_they_were():
    config = small_config(evidence=True, evidence_start=1.0, dense_start=0.5)
    before = head(**{"evidence/0": np.array([0.4], dtype=np.float32)})

    after = weigh_anew(before, config=config)

    assert after["evidence/0"].tolist() == [1.0]
    np.testing.assert_allclose(after["bin/0"], [[1.0], [-2.0]])
    # 0.5 x 1, and 0.6 more of an evidence of -5 made good.
    np.testing.assert_allclose(after["bin/1"], [0.5 + 3.0], rtol=1e-6)


def test_a_network_that_does_not_read_the_decoder_is_left_alone():
    before = head()

    after = weigh_anew(before, config=small_config())

    assert after.keys() == before.keys()
    assert all(np.array_equal(after[name], before[name]) for name in before)
