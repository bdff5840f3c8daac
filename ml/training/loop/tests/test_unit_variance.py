"""Starts of unit variance that compute what they did."""

from __future__ import annotations

from dataclasses import replace

import keras
import numpy as np
import pytest

from ml.architectures.vgg16.network import Widths
from ml.training.data.cache import Cache
from ml.training.loop.folding import CONVOLUTIONS
from ml.training.loop.initial import InitError, read_start, scale_into_first_layer
from ml.training.loop.network import build_training_network, get_arrays, set_arrays
from ml.training.loop.unit_variance import SAMPLE, bring_to_unit_variance, training_sample
from ml.training.tests.data import small_config

pytestmark = pytest.mark.long

CONFIG = small_config(width_divisor=16)


@pytest.fixture(scope="module")
def images() -> np.ndarray:
    return np.random.default_rng(1).random((10, 64, 64, 3), dtype=np.float32)


@pytest.fixture(scope="module")
def network() -> keras.Model:
    """With random statistics, at a scale as far from 1 as ImageNet's is."""
    network = build_training_network(CONFIG)
    rng = np.random.default_rng(0)
    arrays = get_arrays(network)
    for name, array in arrays.items():
        if "_bn" in name or array.ndim == 1:
            arrays[name] = rng.uniform(0.5, 1.5, array.shape).astype(np.float32)
        if "_bn" in name and name.endswith("/0"):
            arrays[name] *= np.float32(3.0)
    set_arrays(network, arrays)
    return network


def features(network: keras.Model, images: np.ndarray, *, kind: str) -> dict[str, np.ndarray]:
    """What each layer of a kind ("conv", "relu") yields, by the name of its convolution."""
    names = [name.replace("conv", kind) for name, _ in CONVOLUTIONS]
    inner = keras.Model(network.input, [network.get_layer(name).output for name in names])
    values = inner(images, training=False)
    return {c: np.asarray(v) for (c, _), v in zip(CONVOLUTIONS, values, strict=True)}


def test_every_channel_has_variance_1_and_computes_what_it_did(network, images):
    before = features(network, images, kind="relu")
    logits = {k: np.asarray(v) for k, v in network(images, training=False).items()}
    arrays = get_arrays(network)

    found = bring_to_unit_variance(arrays, images=images)

    changed = build_training_network(CONFIG)
    assert set_arrays(changed, found.arrays) == []
    after = features(changed, images, kind="relu")
    answers = features(changed, images, kind="conv")
    for convolution, normalization in CONVOLUTIONS:
        expected, got = before[convolution], after[convolution] * found.scales[convolution]
        assert np.abs(got - expected).max() < 1e-4 * np.abs(expected).max(), convolution
        measured = answers[convolution].reshape(-1, answers[convolution].shape[-1])
        np.testing.assert_allclose(measured.var(axis=0), 1.0, rtol=1e-3)
        stored = [found.arrays[f"{normalization}/{index}"] for index in (2, 3)]
        np.testing.assert_allclose(measured.mean(axis=0), stored[0], atol=1e-3)
        np.testing.assert_allclose(stored[1], 1.0, rtol=1e-5)
    for name, value in changed(images, training=False).items():
        error = np.abs(np.asarray(value) - logits[name]).max()
        assert error < 1e-4 * np.abs(logits[name]).max(), name


def test_a_batch_normalized_by_its_own_numbers_is_near_to_what_is_stored(network, images):
    """What goes wrong where the numbers are made up: the first batch throws the features over."""
    changed = build_training_network(CONFIG)
    set_arrays(changed, bring_to_unit_variance(get_arrays(network), images=images).arrays)

    inner = keras.Model(changed.input, changed.get_layer("block5_relu3").output)
    stored = np.asarray(inner(images, training=False))
    own = np.asarray(inner(images, training=True))

    assert np.abs(own - stored).max() < 1e-2 * np.abs(stored).max()


def test_a_dead_channel_stays_dead(network, images):
    arrays = get_arrays(network)
    arrays["block2_conv1/0"] = arrays["block2_conv1/0"].copy()
    arrays["block2_conv1/0"][..., 1] = 0.0

    found = bring_to_unit_variance(arrays, images=images)

    assert all(np.isfinite(array).all() for array in found.arrays.values())
    assert (found.arrays["block2_conv1/0"][..., 1] == 0.0).all()


def trunk_of(config, *, scale: float) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(5)
    blocks = tuple(
        tuple(width // config.width_divisor for width in block) for block in Widths().blocks
    )
    arrays = {}
    for layer, shape in Widths(blocks).kernel_shapes().items():
        if layer.startswith("block"):
            deviation = scale * np.sqrt(2.0 / np.prod(shape[:-1]))
            arrays[f"{layer}/0"] = rng.normal(0.0, deviation, shape).astype(np.float32)
            arrays[f"{layer}/1"] = rng.normal(0.0, 0.1, shape[-1:]).astype(np.float32)
    return arrays


@pytest.mark.parametrize("batch_norm", [True, False])
def test_a_trunk_alone_starts_at_unit_variance_whatever_is_trained(tmp_path, images, batch_norm):
    config = replace(CONFIG, batch_norm=batch_norm)
    arrays = trunk_of(config, scale=1.5)
    np.savez(tmp_path / "trunk.npz", **arrays)
    network = build_training_network(config)

    without = set_arrays(
        network, read_start(str(tmp_path / "trunk.npz"), config=config, sample=lambda: images)
    )

    assert sorted(without) == ["bin", "dense", "lat3", "lat4", "lat5", "seg", "segc", "typ"]
    for convolution, values in features(network, images, kind="conv").items():
        variance = values.reshape(-1, values.shape[-1]).var(axis=0)
        np.testing.assert_allclose(variance, 1.0, rtol=1e-3, err_msg=convolution)


def test_a_trained_start_is_left_as_it_is_and_needs_no_sample(tmp_path, network):
    arrays = get_arrays(network)
    np.savez(tmp_path / "trained.npz", **arrays)

    started = read_start(str(tmp_path / "trained.npz"), config=CONFIG, sample=lambda: 1 / 0)

    for name, array in arrays.items():
        np.testing.assert_array_equal(started[name], array)


def test_imagenet_weights_see_our_pixels_as_they_saw_their_own(monkeypatch, images):
    """In every layer, up to the scale of each channel, which the next kernel makes good."""
    config = replace(CONFIG, batch_norm=False, head="pooled")
    arrays = trunk_of(config, scale=1.0)
    trunk = build_training_network(config)
    set_arrays(trunk, arrays)
    theirs = keras.Model(trunk.input, trunk.get_layer("block5_relu3").output)
    monkeypatch.setattr(keras.applications, "VGG16", lambda include_top, weights: theirs)
    gray = np.repeat(images[..., :1], 3, axis=-1)
    caffe = keras.applications.vgg16.preprocess_input(gray * 255.0)
    expected = features(trunk, caffe, kind="relu")

    started = read_start("vgg16.h5", config=config, sample=lambda: gray)

    set_arrays(trunk, started)
    # Zero padding was the mean for them and is black for us: in block 1 its ring is narrow.
    for convolution, ring in (("block1_conv1", 1), ("block1_conv2", 2)):
        inner = np.s_[:, ring:-ring, ring:-ring]
        got, wanted = features(trunk, gray, kind="relu")[convolution][inner], expected[convolution]
        wanted = wanted[inner]
        scale = wanted.max(axis=(0, 1, 2)) / np.maximum(got.max(axis=(0, 1, 2)), 1e-9)
        np.testing.assert_allclose(got * scale, wanted, atol=1e-4 * wanted.max())


def test_imagenet_weights_that_cannot_be_had_are_told_with_what_to_do(monkeypatch, images):
    def offline(**options: object) -> None:
        raise OSError("no network")

    monkeypatch.setattr(keras.applications, "VGG16", offline)

    with pytest.raises(InitError, match="name it with --init"):
        read_start("imagenet", config=CONFIG, sample=lambda: images)


def test_keras_s_scaling_of_its_input_moves_into_the_first_layer():
    rng = np.random.default_rng(2)
    kernel = rng.normal(size=(3, 3, 3, 5)).astype(np.float32)
    bias = rng.normal(size=5).astype(np.float32)
    image = rng.random((1, 9, 9, 3), dtype=np.float32)
    prepared = keras.applications.vgg16.preprocess_input(255.0 * image)
    expected = keras.ops.conv(prepared, kernel, padding="valid") + bias

    moved, shift = scale_into_first_layer(kernel, bias)

    got = keras.ops.conv(image, moved, padding="valid") + shift
    np.testing.assert_allclose(np.asarray(got), np.asarray(expected), atol=1e-2, rtol=1e-5)


def test_the_sample_is_of_the_training_split_in_the_network_s_size(cache: Cache):
    sample = training_sample(cache, size=64, seed=1)

    assert sample.shape == (min(SAMPLE, len(cache.indices("train"))), 64, 64, 3)
    assert 0.0 <= sample.min() < sample.max() <= 1.0
