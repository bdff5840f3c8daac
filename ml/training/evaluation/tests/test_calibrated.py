"""Reliability before and after a calibration."""

import numpy as np
import pytest

from ml.metrics.calibration import Calibration
from ml.training.evaluation.bootstrap import Bootstrap
from ml.training.evaluation.calibrated import bins_of_equal_width, reliability


def judged(logits, truths, *, calibration=None, clusters=None):
    """Every slice answered, each a cluster of its own."""
    return reliability(
        logits,
        truths,
        calibration=calibration or Calibration(),
        bootstrap=Bootstrap(
            clusters or [str(index) for index in range(len(logits))], resamples=200
        ),
        among=np.ones(len(logits), dtype=bool),
    )


def test_bins_hold_what_falls_into_them_and_empty_ones_are_left_out():
    probabilities = np.array([0.05, 0.06, 0.95, 1.0])
    rows = bins_of_equal_width(probabilities, np.array([False, True, True, True]))
    assert [(row["n"], row["true"]) for row in rows] == [(2, 0.5), (2, 1.0)]
    assert rows[1]["promised"] == pytest.approx(0.975)
    assert rows[0]["low"] < 0.5 < rows[0]["high"]


def test_an_overconfident_network_is_mended_by_its_temperature():
    rng = np.random.default_rng(0)
    honest = rng.normal(0.0, 2.0, 4000)
    truths = rng.random(4000) < 1.0 / (1.0 + np.exp(-honest))
    found = judged(honest * 3.0, truths, calibration=Calibration(method="temperature", slope=1 / 3))
    assert found["after"]["ece"] < 0.02 < found["before"]["ece"]
    assert found["after"]["ece_equal_width"] < found["before"]["ece_equal_width"]
    assert found["after"]["brier"] < found["before"]["brier"]
    assert found["after"]["log_loss"] < found["before"]["log_loss"]


def test_four_known_answers_have_a_known_error():
    logits = np.log(np.array([0.2, 0.2, 0.8, 0.8]) / np.array([0.8, 0.8, 0.2, 0.2]))
    truths = np.array([False, False, True, False])
    found = judged(logits, truths)["after"]
    assert found["ece_equal_width"] == pytest.approx((2 * 0.2 + 2 * 0.3) / 4)
    assert found["brier"] == pytest.approx((3 * 0.04 + 0.64) / 4)


def test_every_error_has_an_interval_that_is_wider_for_near_duplicates():
    rng = np.random.default_rng(0)
    logits = rng.normal(0.0, 2.0, 200)
    truths = rng.random(200) < 1.0 / (1.0 + np.exp(-logits))
    apart = judged(logits, truths)["after"]
    copied = judged(
        np.tile(logits, 4), np.tile(truths, 4), clusters=[str(index % 200) for index in range(800)]
    )["after"]
    counted = judged(np.tile(logits, 4), np.tile(truths, 4))["after"]

    for name in ("ece", "ece_equal_width", "brier", "log_loss"):
        ends = {
            key: found["intervals"][name]
            for key, found in (("apart", apart), ("copied", copied), ("counted", counted))
        }
        wide = {key: end["high"] - end["low"] for key, end in ends.items()}
        assert ends["apart"]["low"] < ends["apart"]["high"]
        assert wide["counted"] < wide["copied"], name
