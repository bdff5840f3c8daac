"""The pace of training, measured on a network that takes moments."""

import pytest

from ml.training.data.sampling import Sampling
from ml.training.loop.config import Phase
from ml.training.loop.pace import faster, measure_pace, plan
from ml.training.tests.data import small_config

pytestmark = pytest.mark.long


def test_a_pace_is_measured_in_steps_as_the_run_will_do_them(monkeypatch):
    monkeypatch.setattr("ml.training.loop.network.BLOCKS", ((64,),) * 5)

    assert measure_pace(small_config()) > 0.0


def test_half_precision_is_taken_only_where_it_is_faster():
    assert faster({"float32": 20.0, "mixed_bfloat16": 1.5}) == "float32"
    assert faster({"float32": 20.0, "mixed_bfloat16": 20.5}) == "float32"
    assert faster({"float32": 20.0, "mixed_bfloat16": 40.0}) == "mixed_bfloat16"


def test_the_plan_says_what_an_epoch_and_the_run_take():
    config = small_config(
        phases=(Phase(epochs=2, rate=1.0), Phase(epochs=4, rate=1.0)),
        sampling=Sampling(epoch_slices=3000),
    )

    said = plan(config, pace=20.0)

    assert "20.0 slices a second" in said
    assert "an epoch of 3000 takes about 2 minutes, 6 epochs 0.2 hours" in said
