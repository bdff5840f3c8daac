import numpy as np

from ml.training.loop.classmap import PointingLoss
from ml.training.loop.losses import MaskLoss

MASK = MaskLoss(cross_entropy=2.0, dice=0.5, positive=4.0)


def lesion() -> np.ndarray:
    truth = np.zeros((1, 16, 16, 1), dtype=np.float32)
    truth[0, 4:8, 4:8] = 1.0
    return truth


def test_an_empty_mask_seen_as_empty_costs_next_to_nothing():
    logits = np.full((1, 16, 16, 1), -9.0, dtype=np.float32)

    assert float(MASK(np.zeros_like(logits), logits)) < 0.01


def test_a_missed_lesion_costs_more_than_a_found_one():
    truth = lesion()

    found, missed = (
        float(MASK(truth, logits)) for logits in (18 * truth - 9, np.full_like(truth, -9.0))
    )

    assert found < 0.01
    assert missed > 1.0


def test_heat_on_the_lesion_costs_nothing_and_heat_beside_it_much():
    truth = lesion()
    loss = PointingLoss()

    on, both, beside = (
        float(loss(truth, heat)) for heat in (truth, np.ones_like(truth), 1.0 - truth)
    )

    assert on < 0.01
    assert on < both < beside


def test_cold_regions_are_not_heat():
    truth = lesion()

    assert float(PointingLoss()(truth, truth - 5.0 * (1.0 - truth))) < 0.01
