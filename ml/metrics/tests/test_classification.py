import numpy as np
import pytest

from ml.metrics.classification import auc, auc_interval, expected_calibration_error, wilson_interval


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


def test_few_images_give_a_wide_interval_even_at_a_perfect_auc():
    low, high = auc_interval(1.0, positives=14, negatives=122)

    assert 0.7 < low < 0.97
    assert high == pytest.approx(1.0, abs=1e-6)
    assert auc_interval(1.0, positives=1400, negatives=12200)[0] > low


def test_an_auc_interval_holds_its_value():
    low, high = auc_interval(0.9, positives=60, negatives=100)

    assert 0.8 < low < 0.9 < high < 0.96


def test_wilson_gives_the_published_interval():
    # Newcombe 1998, table I: 81 of 263 by Wilson's method.
    assert wilson_interval(81, n=263) == pytest.approx((0.2553, 0.3662), abs=1e-4)
    assert wilson_interval(0, n=0) == (0.0, 1.0)


def test_calibration_error_is_0_for_an_honest_model_and_large_for_a_boastful_one():
    rng = np.random.default_rng(0)
    probabilities = rng.random(20000)
    truths = rng.random(20000) < probabilities

    assert expected_calibration_error(probabilities, truths) < 0.02
    assert expected_calibration_error(np.ones(100), np.arange(100) % 2 == 0) == pytest.approx(0.5)
