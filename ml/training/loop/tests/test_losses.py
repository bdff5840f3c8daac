import keras
import numpy as np
import pytest

from ml.training.loop import initial
from ml.training.loop.classmap import PointingLoss
from ml.training.loop.losses import MaskLoss
from ml.training.tests.data import small_config

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


def test_imagenet_weights_see_our_pixels_as_they_saw_their_own(monkeypatch):
    layer = keras.layers.Conv2D(4, 3, padding="same", name="block1_conv1")
    theirs = keras.Sequential([keras.Input((8, 8, 3)), layer])
    layer.set_weights([layer.get_weights()[0], np.arange(4.0)])
    monkeypatch.setattr(keras.applications, "VGG16", lambda include_top, weights: theirs)
    image = np.random.default_rng(0).random((1, 8, 8, 3), dtype=np.float32)
    caffe = keras.applications.vgg16.preprocess_input(image * 255.0)
    expected = np.asarray(theirs(caffe))

    config = small_config(batch_norm=False, head="pooled")
    arrays = initial.read_start("vgg16.h5", config=config)

    layer.set_weights([arrays["block1_conv1/0"], arrays["block1_conv1/1"]])
    inner = np.s_[:, 1:-1, 1:-1]
    assert np.allclose(np.asarray(theirs(image))[inner], expected[inner], atol=1e-2)


def test_imagenet_weights_that_cannot_be_had_are_told_with_what_to_do(monkeypatch):
    def offline(**options: object) -> None:
        raise OSError("no network")

    monkeypatch.setattr(keras.applications, "VGG16", offline)

    with pytest.raises(initial.InitError, match="name it with --init"):
        initial.read_start("imagenet", config=small_config(batch_norm=False))
