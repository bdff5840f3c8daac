import math

import pytest

from ml.metrics.calibration import Calibration, logit_of, sigmoid


def test_identity_is_the_plain_sigmoid():
    assert Calibration().probability(0.0) == 0.5
    assert Calibration().probability(2.0) == pytest.approx(1 / (1 + math.exp(-2)))


def test_the_sigmoid_survives_extreme_logits():
    assert sigmoid(-2000.0) == 0.0
    assert sigmoid(2000.0) == 1.0


@pytest.mark.parametrize("probability", [0.001, 0.3, 0.5, 0.999])
def test_the_logit_undoes_the_sigmoid(probability):
    assert sigmoid(logit_of(probability)) == pytest.approx(probability)


@pytest.mark.parametrize("probability", [0.0, 1.0])
def test_certainty_has_a_finite_logit(probability):
    assert math.isfinite(logit_of(probability))


def test_a_temperature_above_1_makes_the_model_less_sure_without_changing_sides():
    cooled = Calibration(method="temperature", slope=1 / 3)

    assert 0.5 < cooled.probability(2.0) < Calibration().probability(2.0)
    assert cooled.probability(0.0) == 0.5


@pytest.mark.parametrize(
    "calibration",
    [
        Calibration(),
        Calibration(method="temperature", slope=0.5),
        Calibration(method="platt", slope=0.7, intercept=-1.2),
    ],
)
def test_a_calibration_survives_its_json(calibration):
    again = Calibration.from_json(calibration.to_json())

    assert again.method == calibration.method
    assert again.probability(1.3) == pytest.approx(calibration.probability(1.3))


@pytest.mark.parametrize(
    "value",
    [
        {},
        {"method": "isotonic"},
        {"method": "temperature"},
        {"method": "temperature", "temperature": 0},
        {"method": "temperature", "temperature": "2"},
        {"method": "platt", "slope": -1.0, "intercept": 0.0},
        {"method": "platt", "slope": 1.0, "intercept": float("inf")},
        {"method": "platt", "slope": True, "intercept": 0.0},
    ],
)
def test_a_wrong_description_is_refused(value):
    with pytest.raises(ValueError, match="calibration"):
        Calibration.from_json(value)


@pytest.mark.parametrize(
    "wrong",
    [
        {"method": "identity", "slope": 2.0},
        {"method": "temperature", "slope": 2.0, "intercept": 1.0},
        {"method": "odd"},
    ],
)
def test_parameters_must_fit_the_method(wrong):
    with pytest.raises(ValueError, match="calibration"):
        Calibration(**wrong)
