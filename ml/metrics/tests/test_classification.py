import numpy as np
import pytest

from ml.metrics.classification import auc, expected_calibration_error


def test_auc_counts_how_often_a_positive_ranks_above_a_negative():
    scores = np.array([0.1, 0.4, 0.35, 0.8])
    truths = np.array([False, False, True, True])

    assert auc(scores, truths) == pytest.approx(0.75)


def test_ties_count_half():
    assert auc(np.array([0.5, 0.5, 0.5]), np.array([True, False, True])) == 0.5


def test_auc_agrees_with_counting_all_pairs():
    rng = np.random.default_rng(0)
    scores, truths = rng.integers(0, 20, 300) / 20, rng.random(300) < 0.3
    pairs = scores[truths][:, None] - scores[~truths][None]

    assert auc(scores, truths) == pytest.approx(((pairs > 0) + 0.5 * (pairs == 0)).mean())


def test_auc_needs_both_classes():
    with pytest.raises(ValueError, match="both classes"):
        auc(np.array([0.1]), np.array([True]))


def test_calibration_error_is_0_for_an_honest_model_and_large_for_a_boastful_one():
    rng = np.random.default_rng(0)
    probabilities = rng.random(20000)
    truths = rng.random(20000) < probabilities

    assert expected_calibration_error(probabilities, truths) < 0.02
    assert expected_calibration_error(np.ones(100), np.arange(100) % 2 == 0) == pytest.approx(0.5)
