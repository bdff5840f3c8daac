"""Models that say one network in other words fold into it exactly, or are refused with a reason."""

import json
from pathlib import Path

import h5py
import keras
import numpy as np
import pytest
from keras import layers

from ml.architectures.keras_files import open_keras_file
from ml.architectures.vgg16.folding import fold
from ml.architectures.vgg16.keras_import import AVERAGE, FLATTEN, averages, layers_from_keras
from ml.architectures.vgg16.network import build_network
from ml.architectures.vgg16_average.architecture import flattened
from ml.release.releases import WrongArchitectureError

pytestmark = pytest.mark.long
NARROW = ((4, 4), (4, 4), (6, 6, 6), (6, 6, 6), (8, 8, 8))


def network(
    *,
    head: list,
    scaled: bool = False,
    normalized: bool = False,
    apart: bool = False,
    before_head: tuple = (),
) -> keras.Model:
    """A narrow VGG16 with random weights, said in the words that are asked for."""
    keras.utils.set_random_seed(3)
    image = keras.Input((224, 224, 3))
    x = layers.Rescaling(1 / 255)(image) if scaled else image
    for block in NARROW:
        for width in block:
            plain = None if normalized or apart else "relu"
            x = layers.Conv2D(
                width,
                3,
                padding="same",
                activation=plain,
                use_bias=not normalized,
                kernel_initializer="he_normal",
            )(x)
            if normalized:
                x = layers.BatchNormalization()(x)
            if normalized or apart:
                x = layers.Activation("relu")(x) if apart else layers.ReLU()(x)
        x = layers.MaxPooling2D(2)(x)
    for layer in (*before_head, *head):
        x = layer(x)
    model = keras.Model(image, x)
    rng = np.random.default_rng(4)
    for layer in model.layers:
        if isinstance(layer, layers.BatchNormalization):
            size = layer.gamma.shape[0]
            layer.set_weights(
                [
                    rng.uniform(0.5, 1.5, size),
                    rng.normal(0, 0.2, size),
                    rng.normal(0, 0.2, size),
                    rng.uniform(0.5, 1.5, size),
                ]
            )
    return model


def hidden() -> list:
    return [layers.Flatten(), layers.Dense(256, activation="relu"), layers.Dropout(0.5)]


def saved(model: keras.Model, path: Path, *, gathers: str = FLATTEN, positive_class: int = 1):
    model.save(path)
    with open_keras_file(path) as file:
        assert averages(file) is (gathers == AVERAGE)
        weights = layers_from_keras(file, gathers=gathers, positive_class=positive_class)
    return build_network(flattened(weights) if gathers == AVERAGE else weights)


@pytest.fixture(scope="module")
def images() -> np.ndarray:
    return np.random.default_rng(5).random((3, 224, 224, 3)).astype(np.float32)


def sigmoid(values) -> np.ndarray:
    return 1 / (1 + np.exp(-np.asarray(values, dtype=np.float64)))


WORDS = {
    "plain": ({}, [layers.Dense(1, activation="sigmoid")]),
    "separate activations": (
        {"apart": True},
        [layers.Dense(1), layers.Activation("sigmoid")],
    ),
    "batch normalization": ({"normalized": True}, [layers.Dense(1, activation="sigmoid")]),
    "normalized after pooling": (
        {"before_head": (layers.BatchNormalization(),)},
        [layers.BatchNormalization(), layers.Dense(1, activation="sigmoid")],
    ),
    "rescaling": ({"scaled": True}, [layers.Dense(1, activation="sigmoid")]),
}


@pytest.mark.parametrize("suffix", ["model.keras", "model.h5"])
@pytest.mark.parametrize("words", WORDS)
@pytest.mark.filterwarnings("ignore::UserWarning")
def test_one_network_in_other_words_is_the_same_network(tmp_path, images, words, suffix):
    options, last = WORDS[words]
    fresh = [layer.__class__.from_config(layer.get_config()) for layer in last]
    before = [
        layer.__class__.from_config(layer.get_config()) for layer in options.get("before_head", ())
    ]
    model = network(head=[*hidden(), *fresh], **{**options, "before_head": tuple(before)})

    found = saved(model, tmp_path / suffix)(images, training=False).numpy()

    seen = images * 255 if options.get("scaled") else images
    assert np.allclose(found, model(seen, training=False).numpy(), atol=1e-5)


@pytest.mark.parametrize("positive_class", [0, 1])
@pytest.mark.parametrize("activation", ["softmax", None, "layer"])
def test_two_outputs_are_one_logit_of_the_class_that_is_a_tumor(
    tmp_path, images, positive_class, activation
):
    last = [layers.Dense(2, activation="softmax" if activation == "softmax" else None)]
    last += [layers.Softmax()] if activation == "layer" else []
    model = network(head=[*hidden(), *last])

    found = saved(model, tmp_path / "model.keras", positive_class=positive_class)

    answers = model(images, training=False).numpy()
    if activation is None:
        answers = np.exp(answers) / np.exp(answers).sum(axis=1, keepdims=True)
    assert np.allclose(found(images)[:, 0], answers[:, positive_class], atol=1e-5)


@pytest.mark.parametrize("positive_class", [0, 1])
def test_an_output_without_activation_is_a_logit(tmp_path, images, positive_class):
    model = network(head=[*hidden(), layers.Dense(1)])

    found = saved(model, tmp_path / "model.keras", positive_class=positive_class)

    sign = 1 if positive_class == 1 else -1
    expected = sigmoid(sign * model(images, training=False).numpy())
    assert np.allclose(found(images), expected, atol=1e-5)


@pytest.mark.parametrize("dense", [[16], [300], []])
@pytest.mark.parametrize("units", [1, 2])
def test_averaged_maps_are_an_architecture_of_their_own(tmp_path, images, dense, units):
    activation = "sigmoid" if units == 1 else "softmax"
    head = [layers.GlobalAveragePooling2D(), layers.BatchNormalization()]
    head += [layers.Dense(size, activation="relu") for size in dense]
    model = network(head=[*head, layers.Dense(units, activation=activation)])

    found = saved(model, tmp_path / "model.keras", gathers=AVERAGE)(images).numpy()

    assert np.allclose(found[:, 0], model(images, training=False).numpy()[:, -1], atol=1e-5)


# --- What is not exact ----------------------------------------------------------------------------


def conv(**more):
    settings = {"name": "c", "activation": None, **more}
    return "Conv2D", settings, (np.ones((3, 3, 2, 2), np.float32), np.zeros(2, np.float32))


def norm(*, scale=(1.0, 1.0), shift=(0.5, 0.0)):
    arrays = (np.array(scale), np.array(shift), np.zeros(2), np.ones(2))
    return (
        "BatchNormalization",
        {"name": "bn", "epsilon": 0.0},
        tuple(one.astype(np.float32) for one in arrays),
    )


RELU = ("Activation", {"name": "a", "activation": "relu"}, ())
POOL = ("MaxPooling2D", {"name": "p"}, ())


@pytest.mark.parametrize(
    ("described", "words"),
    [
        (
            [("Rescaling", {"name": "r", "scale": 1 / 127.5, "offset": -1}, ()), conv()],
            "begin at 0",
        ),
        ([conv(), ("Rescaling", {"name": "r"}, ())], "layer Rescaling"),
        ([norm(), conv()], "before the first convolution"),
        ([conv(), RELU, norm(), conv()], "before a convolution"),
        ([conv(), RELU, norm(scale=(1.0, -1.0)), POOL], "before the pooling 'p'"),
        ([conv(), RELU, norm()], "at the end"),
        ([conv(), ("LeakyReLU", {"name": "l"}, ())], "layer LeakyReLU"),
        ([conv(), ("ReLU", {"name": "r6", "max_value": 6.0}, ())], "max_value 6.0"),
        ([conv(activation="tanh"), RELU], "second activation"),
        ([conv(), RELU, POOL, RELU], "layer Activation"),
        ([conv(), RELU, ("MaxPooling2D", {"name": "p", "pool_size": [3, 3]}, ())], "pool_size"),
        ([("Lambda", {"name": "l"}, ())], "layer Lambda"),
    ],
)
def test_what_would_change_a_number_is_refused_with_the_reason(described, words):
    with pytest.raises(WrongArchitectureError, match=words):
        fold(described)


def test_a_scale_without_a_shift_folds_into_the_next_convolution():
    found = fold([conv(), RELU, norm(scale=(2.0, 3.0), shift=(0.0, 0.0)), POOL, conv()])

    assert [step if isinstance(step, str) else step.kind for step in found.steps] == [
        *("Conv2D", "pool", "Conv2D")
    ]
    assert (found.steps[2].kernel[:, :, 0] == 2).all()
    assert (found.steps[2].kernel[:, :, 1] == 3).all()


# --- Keras 2 --------------------------------------------------------------------------------------


def test_a_compiled_model_of_keras_2_opens_whatever_its_metrics_hold(tmp_path, images):
    """Keras 2 writes `metrics` beside the layers of a `.keras` file, and its own names for them."""
    import zipfile

    model = network(head=[*hidden(), layers.Dense(1, activation="sigmoid")])
    model.save(tmp_path / "3.keras")
    with zipfile.ZipFile(tmp_path / "3.keras") as archive:
        config = archive.read("config.json")
        (tmp_path / "weights.h5").write_bytes(archive.read("model.weights.h5"))
    with h5py.File(tmp_path / "weights.h5", "a") as file:
        file.move("layers", "_layer_checkpoint_dependencies")
        for name, shape in {"mean": (), "auc": (200,), "precision": (1,)}.items():
            file.create_dataset(f"metrics/{name}/vars/0", data=np.zeros(shape, np.float32))
        file.create_dataset("optimizer/vars/0", data=np.zeros((), np.int64))
    with zipfile.ZipFile(tmp_path / "2.keras", "w") as archive:
        archive.writestr("config.json", config)
        archive.writestr("metadata.json", json.dumps({"keras_version": "2.15.0"}))
        archive.write(tmp_path / "weights.h5", "model.weights.h5")

    with open_keras_file(tmp_path / "2.keras") as file:
        weights = layers_from_keras(file, gathers=FLATTEN, positive_class=1)

    assert np.allclose(build_network(weights)(images), model(images, training=False), atol=1e-5)
