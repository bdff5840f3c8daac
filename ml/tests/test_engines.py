import sys

import numpy as np
import pytest

from ml.engines import ENGINES, EngineError, open_engine


@pytest.fixture(scope="module")
def engine(weights):
    return open_engine("auto", weights=weights)


@pytest.fixture(scope="module")
def batch() -> np.ndarray:
    return np.random.default_rng(0).random((2, 224, 224, 3), dtype=np.float32)


def test_auto_takes_the_best_engine_installed(engine):
    assert engine.name == next(iter(ENGINES)) == "tensorflow"


def test_one_pass_yields_everything_in_the_promised_shapes(engine, batch):
    output = engine.forward(batch)

    assert output.logits.shape == (2,)
    assert output.maps.shape == (2, 14, 14, 512)
    assert output.hidden.shape == (2, 256)
    assert {a.dtype for a in (output.logits, output.maps, output.hidden)} == {np.dtype("float32")}
    assert output.maps.min() >= 0.0
    assert output.hidden.min() >= 0.0


def test_the_logit_is_the_network_s_probability_before_the_sigmoid(engine, network, batch):
    probability = network(batch, training=False).numpy()[:, 0]

    np.testing.assert_allclose(
        1 / (1 + np.exp(-engine.forward(batch).logits)), probability, atol=1e-5
    )


def test_an_unknown_engine_is_refused_with_those_there_are(weights):
    with pytest.raises(EngineError, match="choose one of: auto, tensorflow"):
        open_engine("abacus", weights=weights)


def test_a_missing_framework_is_told_in_a_sentence(weights, monkeypatch):
    monkeypatch.delitem(sys.modules, "ml.engines.tensorflow", raising=False)
    monkeypatch.setitem(sys.modules, "tensorflow", None)

    with pytest.raises(EngineError, match=r"install requirements\.txt"):
        open_engine("auto", weights=weights)
