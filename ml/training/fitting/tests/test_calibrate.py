import numpy as np
import pytest

from ml.metrics.calibration import Calibration
from ml.training.fitting.calibrate import MOST_SLOPE, Elsewhere, fit, weigh


def split(*, n=400, gain=1.0, shift=0.0, tumors=0.7, seed=0):
    """Logits whose truth is drawn from them, then stretched and shifted."""
    rng = np.random.default_rng(seed)
    honest = rng.normal(np.log(tumors / (1 - tumors)), 3.0, n)
    truths = rng.random(n) < 1 / (1 + np.exp(-honest))
    sources = np.where(truths & (rng.random(n) < 0.2), "br35h", "four-class")
    return honest * gain + shift, truths, list(sources), [str(i // 2) for i in range(n)]


def fitted(logits, truths, sources, clusters):
    return fit(logits, truths, sources=sources, clusters=clusters)


def test_too_sure_a_network_is_made_less_sure():
    found = fitted(*split(gain=4.0, tumors=0.5))

    assert found.calibration.slope == pytest.approx(0.25, abs=0.06)


def test_a_shifted_network_is_shifted_back():
    found = fitted(*split(shift=3.0, tumors=0.5))

    assert found.calibration.method == "platt"
    assert found.calibration.intercept < -1.5


def test_a_network_is_made_surer_where_held_out_slices_say_so():
    found = fitted(*split(gain=0.6, tumors=0.5))

    assert found.calibration.slope == pytest.approx(1 / 0.6, abs=0.25)
    assert found.calibration.slope <= MOST_SLOPE


def test_a_handful_of_slices_does_not_make_a_network_surer_than_it_is():
    found = fitted(*split(n=30, gain=0.9, tumors=0.5))

    assert found.calibration.slope <= 1.0


def test_without_an_error_no_probability_is_surer_than_the_count_allows():
    truths = np.arange(240) >= 120
    logits = np.where(truths, 9.0, -9.0)
    found = fitted(logits, truths, ["four-class"] * 240, [str(i) for i in range(240)])

    promised = found.calibration.probabilities(np.array([-50.0, 50.0]))
    assert promised[0] >= 1 / 122
    assert promised[1] <= 1 - 1 / 122
    assert 0.3 < found.threshold < 0.7
    assert (found.operating.sensitivity, found.operating.specificity) == (1.0, 1.0)
    assert (found.operating.tumor, found.operating.no_tumor) == (120, 120)


def test_the_operating_point_is_what_the_threshold_does():
    logits, truths, sources, clusters = split()
    found = fitted(logits, truths, sources, clusters)

    called = found.calibration.probabilities(logits) >= found.threshold
    assert found.operating.sensitivity == pytest.approx(called[truths].mean(), abs=1e-4)
    assert found.operating.specificity == pytest.approx((~called[~truths]).mean(), abs=1e-4)


def test_the_same_slices_give_the_same_numbers():
    assert fitted(*split()) == fitted(*split())


def test_both_kinds_weigh_the_same():
    truths = np.array([True] * 90 + [False] * 30)

    weights = weigh(truths)

    assert weights[truths].sum() == pytest.approx(weights[~truths].sum())
    assert weights.mean() == pytest.approx(1.0)


def test_it_needs_both_kinds_and_one_of_each_for_every_slice():
    with pytest.raises(ValueError, match="both kinds"):
        fit(np.zeros(3), np.ones(3, bool), sources=["a"] * 3, clusters=["1"] * 3)
    with pytest.raises(ValueError, match="one length"):
        fit(np.zeros(3), np.array([True, False]), sources=["a"] * 3, clusters=["1"] * 3)


def test_the_doubt_keeps_the_order_of_images():
    calibration = Calibration(method="platt", slope=0.7, intercept=-1.0, doubt=0.01)
    logits = np.linspace(-12, 12, 50)

    promised = calibration.probabilities(logits)

    assert (np.diff(promised) > 0).all()
    assert promised[3] == pytest.approx(calibration.probability(float(logits[3])))
    assert calibration.logit(calibration.probability(1.7)) == pytest.approx(1.7)


def test_where_left_out_sources_are_among_them_the_threshold_leaves_the_share_asked_for():
    rng = np.random.default_rng(3)
    truths = np.repeat([True, False, False], 400)
    logits = np.where(truths, 2.0, -2.0) + rng.normal(0.0, 1.0, len(truths))
    sources = ["tumors"] * 400 + ["first"] * 400 + ["second"] * 400
    clusters = [str(index) for index in range(len(truths))]
    elsewhere = Elsewhere(dataset="val and validate", specificity=0.9)

    found = fit(logits, truths, sources=sources, clusters=clusters, elsewhere=elsewhere)

    assert found.operating.specificity == pytest.approx(0.9, abs=0.005)
    assert found.operating.dataset == "val and validate"
    # A third of the slices are tumors, and that is what the probabilities say on average.
    promised = found.calibration.probabilities(logits)
    assert promised.mean() == pytest.approx(1 / 3, abs=0.01)


def test_a_large_source_does_not_set_the_threshold_alone():
    truths = np.array([True] * 50 + [False] * 900 + [False] * 100)
    logits = np.concatenate([np.full(50, 5.0), np.full(900, -5.0), np.linspace(-5.0, 4.0, 100)])
    sources = ["tumors"] * 50 + ["easy"] * 900 + ["hard"] * 100
    clusters = [str(index) for index in range(len(truths))]
    elsewhere = Elsewhere(dataset="both", specificity=0.95)

    found = fit(logits, truths, sources=sources, clusters=clusters, elsewhere=elsewhere)

    called = found.calibration.probabilities(logits) >= found.threshold
    hard = called[950:].mean()
    assert hard < 0.22  # by slices alone half of the hard source would be called tumors
