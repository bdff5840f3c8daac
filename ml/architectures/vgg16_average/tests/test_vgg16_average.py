"""The network that averages its last maps is the one that Keras runs, served as any other."""

from dataclasses import replace

import numpy as np
import pytest

from ml.architectures import ARCHITECTURES
from ml.architectures.vgg16.network import HIDDEN, OUTPUT, Widths
from ml.architectures.vgg16_average.architecture import Vgg16Average
from ml.engines import open_engine
from ml.release.releases import WrongArchitectureError, file_sha256, write_release
from ml.tests.trial_release import trial_release

NARROW = ((4, 4), (4, 4), (6, 6, 6), (6, 6, 6), (8, 8, 8))


def weights(*, units: int = 3, seed: int = 1) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(seed)
    kernels = Widths(NARROW).kernel_shapes() | {HIDDEN: (8, units), OUTPUT: (units, 1)}
    found = {}
    for layer, shape in kernels.items():
        spread = 1.5 / np.sqrt(np.prod(shape[:-1]))
        found[f"{layer}/kernel"] = rng.normal(0, spread, shape).astype(np.float16)
        found[f"{layer}/bias"] = rng.normal(0, 0.1, shape[-1:]).astype(np.float16)
    return {name: array.astype(np.float32) for name, array in found.items()}


def averaging(arrays) -> "keras.Model":  # noqa: F821
    """The network written down as Keras has it."""
    import keras
    from keras import layers

    image = keras.Input((224, 224, 3))
    x, made = image, []
    for block in NARROW:
        for width in block:
            made.append(layers.Conv2D(width, 3, padding="same", activation="relu"))
            x = made[-1](x)
        x = layers.MaxPooling2D(2)(x)
    x = layers.GlobalAveragePooling2D()(x)
    units = len(arrays[f"{HIDDEN}/bias"])
    made += [layers.Dense(units, activation="relu"), layers.Dense(1, activation="sigmoid")]
    model = keras.Model(image, made[-1](made[-2](x)))
    names = dict.fromkeys(name.partition("/")[0] for name in arrays)
    for layer, name in zip(made, names, strict=True):
        layer.set_weights([arrays[f"{name}/kernel"], arrays[f"{name}/bias"]])
    return model


@pytest.fixture(scope="module")
def images() -> np.ndarray:
    return np.random.default_rng(2).random((2, 224, 224, 3)).astype(np.float32)


@pytest.mark.parametrize("engine", ["tensorflow", "openvino-f32"])
def test_an_engine_answers_as_the_averaging_network_does(tmp_path, images, engine):
    arrays = weights()
    network = Vgg16Average().with_widths(NARROW)
    release = trial_release(tmp_path, architecture=network.name, widths=NARROW)
    network.write_weights(release.weights_path, arrays)
    release = replace(release, sha256=file_sha256(release.weights_path))
    write_release(release)

    logits = open_engine(engine, release=release).forward(images).logits

    expected = averaging(arrays)(images, training=False).numpy()[:, 0]
    assert np.allclose(1 / (1 + np.exp(-logits)), expected, atol=1e-5)


def test_the_registry_has_it_with_weights_of_its_own(tmp_path):
    assert isinstance(ARCHITECTURES["vgg16-average"], Vgg16Average)
    network = Vgg16Average().with_widths(NARROW)
    path = tmp_path / "weights.npz"
    network.write_weights(path, weights(units=5))

    found = network.read_weights(path)

    assert found[f"{HIDDEN}/kernel"].shape == (8, 5)
    assert network.widths_of(found) == NARROW
    with pytest.raises(WrongArchitectureError):
        Vgg16Average().read_weights(path)  # of other widths


def test_its_map_is_the_gradient_of_its_logit(images):
    import tensorflow as tf

    arrays = weights()
    network = Vgg16Average().with_widths(NARROW)
    trunk = network.keras_trunk(arrays, decoder=None, with_shares=False)
    maps, hidden = (tensor.numpy() for tensor in trunk(images, training=False))

    watched = tf.constant(maps)
    with tf.GradientTape() as tape:
        tape.watch(watched)
        pooled = tf.reduce_mean(tf.nn.max_pool2d(watched, 2, 2, "VALID"), axis=(1, 2))
        inner = tf.nn.relu(pooled @ arrays[f"{HIDDEN}/kernel"] + arrays[f"{HIDDEN}/bias"])
        logit = inner @ arrays[f"{OUTPUT}/kernel"] + arrays[f"{OUTPUT}/bias"]
    alpha = tf.reduce_mean(tape.gradient(logit, watched), axis=(1, 2)).numpy()
    expected = np.maximum((maps * alpha[:, None, None, :]).sum(axis=-1), 0)

    found = network.class_map(arrays, decoder=None, evidence=None)(maps=maps, hidden=hidden)
    assert np.allclose(found, expected, atol=1e-6)
