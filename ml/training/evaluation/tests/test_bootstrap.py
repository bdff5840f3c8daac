"""Figures whose values are known by hand, and intervals that know about near-duplicates."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ml.metrics import classification as metrics
from ml.metrics.intervals import wilson_interval
from ml.training.evaluation import measures
from ml.training.evaluation.bootstrap import Bootstrap

SCORES = np.array([0.1, 0.4, 0.35, 0.8])
TRUTHS = np.array([False, False, True, True])


def value(measure, *, n=4, weights=None):
    return float(measure(np.ones((1, n)) if weights is None else np.array([weights]))[0])


def test_an_auc_counts_pairs_and_weights_count_as_copies():
    assert value(measures.auc(SCORES, TRUTHS)) == 0.75
    copied = measures.auc(np.append(SCORES, 0.35), np.append(TRUTHS, True))
    weighted = measures.auc(SCORES, TRUTHS)
    assert value(copied, n=5) == value(weighted, weights=[1.0, 1.0, 2.0, 1.0])


def test_average_precision_is_that_of_a_worked_example():
    # From the top: 0.8 is found (1 of 1), 0.4 is an alarm, 0.35 is found (2 of 3).
    assert value(measures.average_precision(SCORES, TRUTHS)) == pytest.approx(0.5 + 0.5 * 2 / 3)


def test_sensitivity_is_that_at_the_lowest_threshold_with_the_specificity():
    scores = np.array([0.1] * 19 + [0.6] + [0.5, 0.7])
    truths = np.array([False] * 20 + [True, True])

    def found(specificity):
        return value(measures.sensitivity_at(scores, truths, specificity=specificity), n=22)

    assert found(0.95) == 1.0  # above 0.1: one alarm of 20, and both are found
    assert found(0.96) == 0.5  # above 0.6 only the one at 0.7


def test_precision_and_f1_count_what_they_say():
    called = np.array([True, True, True, False])
    truths = np.array([True, True, False, True])
    assert value(measures.precision(called, truths)) == pytest.approx(2 / 3)
    assert value(measures.f1(called, truths)) == pytest.approx(2 / 3)


def test_a_median_is_one_of_the_values():
    median = measures.median(np.array([5.0, 1.0, 3.0, 9.0]))
    assert value(median) == 3.0
    assert value(median, weights=[0.0, 0.0, 0.0, 2.0]) == 9.0


def test_without_both_classes_a_figure_is_not_defined():
    none = np.zeros(4, dtype=bool)
    bootstrap = Bootstrap(["a", "b", "c", "d"])
    estimate = bootstrap.estimate(measures.auc(SCORES, none))
    assert (estimate.value, estimate.low, estimate.n) == (None, None, 4)
    empty = bootstrap.share(none, among=none)
    assert (empty.value, empty.n, empty.clusters) == (None, 0, 0)


def test_near_duplicates_widen_the_interval_as_if_they_were_one_image():
    rng = np.random.default_rng(0)
    hits = rng.random(60) < 0.7
    alone = Bootstrap([str(index) for index in range(60)]).share(hits)
    copied = Bootstrap([str(index) for index in range(60)] * 10).share(np.tile(hits, 10))
    as_if_alone = Bootstrap([str(index) for index in range(600)]).share(np.tile(hits, 10))

    assert copied.value == alone.value
    assert copied.high - copied.low == pytest.approx(alone.high - alone.low, abs=0.02)
    assert as_if_alone.high - as_if_alone.low < 0.5 * (copied.high - copied.low)


def test_where_every_resample_agrees_few_groups_still_give_a_wide_interval():
    everyone = np.ones(30, dtype=bool)
    estimate = Bootstrap([str(index % 10) for index in range(30)]).share(everyone)

    assert (estimate.value, estimate.n, estimate.clusters) == (1.0, 30, 10)
    assert (estimate.low, estimate.high) == wilson_interval(10, n=10)


def test_the_interval_of_a_share_agrees_with_wilson_where_clusters_are_single():
    hits = np.arange(400) < 300
    estimate = Bootstrap([str(index) for index in range(400)]).share(hits)
    low, high = wilson_interval(300, n=400)
    assert estimate.low == pytest.approx(low, abs=0.012)
    assert estimate.high == pytest.approx(high, abs=0.012)


@given(
    st.lists(st.tuples(st.integers(0, 9), st.booleans()), min_size=2, max_size=40).filter(
        lambda pairs: len({truth for _, truth in pairs}) == 2
    )
)
def test_weights_of_one_give_the_plain_figure(pairs):
    scores = np.array([score / 9 for score, _ in pairs])
    truths = np.array([truth for _, truth in pairs])
    found = value(measures.auc(scores, truths), n=len(pairs))
    assert found == pytest.approx(metrics.auc(scores, truths))
    assert value(measures.auc(-scores, truths), n=len(pairs)) == pytest.approx(1.0 - found)


@given(
    st.lists(st.tuples(st.integers(0, 9), st.booleans()), min_size=2, max_size=40).filter(
        lambda pairs: len({truth for _, truth in pairs}) == 2
    )
)
def test_curves_run_from_corner_to_corner_and_hold_the_area(pairs):
    scores = np.array([score / 9 for score, _ in pairs])
    truths = np.array([truth for _, truth in pairs])
    curve = np.array(measures.roc_curve(scores, truths))
    assert curve[0].tolist() == [0.0, 0.0]
    assert curve[-1].tolist() == [1.0, 1.0]
    assert (np.diff(curve, axis=0) >= 0).all()
    area = float(np.trapezoid(curve[:, 1], curve[:, 0]))
    assert area == pytest.approx(metrics.auc(scores, truths), abs=1e-3)
    recalls = [recall for recall, _ in measures.pr_curve(scores, truths)]
    assert recalls[-1] == 1.0
    assert recalls == sorted(recalls)
