import pytest

from ml.metrics.intervals import auc_interval, wilson_interval


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


@pytest.mark.parametrize("n", [1, 3, 10, 1000])
def test_wilsons_interval_holds_a_proportion_of_0_and_of_1(n):
    assert wilson_interval(0, n=n)[0] == 0.0
    assert wilson_interval(n, n=n)[1] == 1.0
