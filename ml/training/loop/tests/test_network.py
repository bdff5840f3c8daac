"""The training network against the release's, which has no batch normalization."""

from __future__ import annotations

import numpy as np
import pytest

from ml.architectures.vgg16.gradcam import GradCam
from ml.architectures.vgg16.network import BLOCKS, KERNEL_SHAPES
from ml.architectures.vgg16.weights import read_weights
from ml.training.loop.folding import fold
from ml.training.loop.heads import grow_head, grow_hidden
from ml.training.loop.initial import InitError, read_start
from ml.training.loop.network import build_training_network, freeze, get_arrays, set_arrays
from ml.training.release.export import decoder_arrays, export
from ml.training.tests.data import small_config

pytestmark = pytest.mark.long

SKIPS = ("block4_relu3", "block3_relu3")  # which the decoder reads beside block 5


@pytest.fixture(scope="module")
def network():
    return build_training_network(small_config())


@pytest.fixture(scope="module")
def arrays(network) -> dict[str, np.ndarray]:
    """As after some training: every batch normalization has statistics of its own."""
    rng = np.random.default_rng(0)
    found = get_arrays(network)
    for name, array in found.items():
        if "_bn" in name or array.ndim == 1:
            found[name] = rng.uniform(0.5, 1.5, array.shape).astype(np.float32)
    set_arrays(network, found)
    return found


@pytest.fixture(scope="module")
def images() -> np.ndarray:
    return np.random.default_rng(1).random((3, 64, 64, 3), dtype=np.float32)


def outputs(network, images) -> dict[str, np.ndarray]:
    return {name: np.asarray(value) for name, value in network(images, training=False).items()}


def test_folded_convolutions_compute_what_the_normalized_ones_do(network, arrays, images):
    plain = build_training_network(small_config(batch_norm=False))
    folded = fold(arrays)
    others = {name: value for name, value in arrays.items() if not name.startswith("block")}
    renamed = {
        name.replace("/kernel", "/0").replace("/bias", "/1"): value
        for name, value in folded.items()
    }

    assert set_arrays(plain, {**others, **renamed}) == []

    before, after = outputs(network, images), outputs(plain, images)
    for name in before:
        scale = np.abs(before[name]).max()
        assert np.abs(before[name] - after[name]).max() < 1e-4 * scale, name


def test_grad_cam_is_that_of_the_serving_code(network, arrays, images):
    import keras

    inner = keras.Model(
        network.input,
        [network.get_layer("block5_relu3").output, network.get_layer("dense").output],
    )
    maps, hidden = (np.asarray(value) for value in inner(images, training=False))
    by_cell = arrays["dense/0"].reshape(-1, maps.shape[-1], hidden.shape[-1])
    cam = GradCam(summed_kernel=by_cell.sum(axis=0), output_kernel=arrays["bin/0"][:, 0])
    alpha = (cam.output_kernel * (hidden > 0)) @ cam.summed_kernel.T

    expected = np.einsum("nhwc,nc->nhw", maps, alpha)

    got = outputs(network, images)["cam"][..., 0]
    assert np.allclose(got, expected, rtol=1e-3, atol=1e-3 * np.abs(expected).max())


def test_the_logit_reads_the_decoder_and_its_grad_cam_is_the_gradient(images):
    """Against TensorFlow's own derivative of the logit by block 5's maps."""
    import keras
    import tensorflow as tf

    network = build_training_network(small_config(evidence=True))
    rng = np.random.default_rng(3)
    found = get_arrays(network)
    for name, array in found.items():
        if "_bn" in name or array.ndim == 1:
            found[name] = rng.uniform(0.5, 1.5, array.shape).astype(np.float32)
    # With biases above 0 alone nothing would be cut off by the decoder's ReLU.
    found["segc/1"] = rng.normal(0.0, 1.0, found["segc/1"].shape).astype(np.float32)
    set_arrays(network, found)
    last = network.get_layer("block5_relu3").output
    below = keras.Model(network.input, [last, *(network.get_layer(n).output for n in SKIPS)])
    above = keras.Model([last, *(network.get_layer(n).output for n in SKIPS)], network.output)
    maps, *skips = below(images, training=False)
    with tf.GradientTape() as tape:
        tape.watch(maps)
        answers = above([maps, *skips], training=False)
    gradient = tape.gradient(answers["bin"], maps).numpy().sum(axis=(1, 2))

    expected = np.einsum("nhwk,nk->nhw", maps.numpy(), gradient)

    got = answers["cam"].numpy()[..., 0]
    assert np.allclose(got, expected, rtol=1e-3, atol=1e-4 * np.abs(expected).max())
    decoded = answers["seg"].numpy().reshape(len(images), -1).astype(np.float64)
    evidence = np.log(np.exp(decoded).mean(axis=1))
    dense = network.get_layer("bin")
    head = keras.Model(network.input, dense.output)(images, training=False).numpy()[:, 0]
    weight = found["evidence/0"][0]
    assert np.allclose(answers["bin"].numpy()[:, 0], head + weight * evidence, rtol=1e-3)


def test_a_pooled_head_grown_to_flatten_gives_the_same_logits(images):
    pooled = build_training_network(small_config(head="pooled"))
    flat = build_training_network(small_config())

    set_arrays(flat, grow_head(get_arrays(pooled), cells=4))

    assert np.allclose(outputs(pooled, images)["bin"], outputs(flat, images)["bin"], atol=1e-4)


def test_a_smaller_hidden_layer_grown_gives_the_same_logits(network, arrays, images):
    small = {
        **arrays,
        "dense/0": arrays["dense/0"][:, :64],
        "dense/1": arrays["dense/1"][:64],
        "bin/0": arrays["bin/0"][:64],
    }

    grown = grow_hidden(small, units=256)

    maps = np.random.default_rng(4).random((3, len(arrays["dense/0"])), dtype=np.float32)
    logits = [
        np.maximum(maps @ one["dense/0"] + one["dense/1"], 0) @ one["bin/0"]
        for one in (small, grown)
    ]
    assert {name: array.shape for name, array in grown.items()} == {
        name: array.shape for name, array in arrays.items()
    }
    np.testing.assert_allclose(logits[0], logits[1], rtol=1e-4)
    assert grow_hidden(arrays, units=256) is arrays


def test_frozen_blocks_have_nothing_to_train(network):
    freeze(network, blocks=2)

    names = {variable.path.split("/")[0] for variable in network.trainable_variables}
    freeze(network, blocks=0)

    assert not any(name.startswith(("block1", "block2")) for name in names)
    assert any(name.startswith("block3") for name in names)


def test_weights_of_plain_convolutions_start_a_normalized_network_exactly(images, tmp_path):
    plain = build_training_network(small_config(batch_norm=False))
    np.savez(tmp_path / "plain.npz", **get_arrays(plain))
    config = small_config()
    normalized = build_training_network(config)

    set_arrays(
        normalized, read_start(str(tmp_path / "plain.npz"), config=config, sample=lambda: images)
    )

    assert np.allclose(outputs(plain, images)["bin"], outputs(normalized, images)["bin"], atol=1e-4)


def test_a_trained_network_starts_a_plain_one_folded(network, arrays, images, tmp_path):
    np.savez(tmp_path / "trained.npz", **arrays)
    config = small_config(batch_norm=False)
    plain = build_training_network(config)

    without = set_arrays(
        plain, read_start(str(tmp_path / "trained.npz"), config=config, sample=lambda: images)
    )

    assert without == []
    before, after = outputs(network, images)["bin"], outputs(plain, images)["bin"]
    assert np.allclose(before, after, rtol=1e-3, atol=1e-3)


def test_an_array_of_another_shape_is_refused(network, arrays):
    with pytest.raises(ValueError, match="shape"):
        set_arrays(network, {**arrays, "bin/0": np.zeros((3, 3), dtype=np.float32)})


@pytest.mark.parametrize("name", ["missing.npz", "text.npz", "other.npz"])
def test_a_file_that_is_no_start_is_refused_with_a_sentence(tmp_path, name, images):
    (tmp_path / "text.npz").write_text("no archive", encoding="utf-8")
    np.savez(tmp_path / "other.npz", a=np.zeros(3))

    with pytest.raises(InitError, match=name):
        read_start(str(tmp_path / name), config=small_config(), sample=lambda: images)


def full_size_arrays() -> dict[str, np.ndarray]:
    """Arrays of VGG16's real shapes without building it, all small numbers."""
    arrays: dict[str, np.ndarray] = {}
    for block, widths in enumerate(BLOCKS, start=1):
        for index, width in enumerate(widths, start=1):
            shape = KERNEL_SHAPES[f"block{block}_conv{index}"]
            arrays[f"block{block}_conv{index}/0"] = np.full(shape, 0.5, dtype=np.float32)
            for part in range(4):
                arrays[f"block{block}_bn{index}/{part}"] = np.ones(width, dtype=np.float32)
    for layer, shape in (
        ("dense", KERNEL_SHAPES["dense"]),
        ("bin", KERNEL_SHAPES["dense_1"]),
        ("lat5", (1, 1, 512, 64)),
        ("lat4", (1, 1, 512, 64)),
        ("lat3", (1, 1, 256, 64)),
        ("segc", (3, 3, 64, 64)),
        ("seg", (1, 1, 64, 1)),
    ):
        arrays[f"{layer}/0"] = np.zeros(shape, dtype=np.float32)
        arrays[f"{layer}/1"] = np.zeros(shape[-1], dtype=np.float32)
    return arrays


def test_an_export_is_a_weights_file_of_the_release_and_a_decoder(tmp_path):
    arrays = full_size_arrays()
    trained = tmp_path / "best.npz"
    np.savez(trained, **arrays)

    export(trained, tmp_path / "out")

    weights = read_weights(tmp_path / "out" / "weights.npz")
    scale = 1.0 / np.sqrt(1.001)
    assert np.allclose(weights["block3_conv2/kernel"], 0.5 * scale, rtol=1e-3)
    assert np.allclose(weights["block3_conv2/bias"], 1.0 - scale, atol=1e-4)
    with np.load(tmp_path / "out" / "decoder.npz") as decoder:
        assert set(decoder.files) == set(decoder_arrays(arrays))
        assert decoder["lat4/kernel"].dtype == np.float16
    for path in tmp_path.rglob("*.npz"):
        path.unlink()


def test_a_checkpoint_in_half_precision_answers_alike_folded_and_unfolded(arrays, images, tmp_path):
    """The way of a starting checkpoint: a file of float16, read for either kind of network."""
    path = tmp_path / "train_checkpoint.npz"
    np.savez(path, **{name: array.astype(np.float16) for name, array in arrays.items()})
    answers = {}
    for batch_norm in (True, False):
        config = small_config(batch_norm=batch_norm)
        network = build_training_network(config)
        started = read_start(str(path), config=config, sample=lambda: images)
        assert ("block1_bn1/0" in started) == batch_norm
        assert set_arrays(network, started) == []
        answers[batch_norm] = outputs(network, images)

    for name, unfolded in answers[True].items():
        scale = np.abs(unfolded).max()
        assert scale > 0.0
        assert np.abs(answers[False][name] - unfolded).max() < 1e-4 * scale, name
