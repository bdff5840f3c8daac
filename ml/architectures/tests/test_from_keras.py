"""Files as Keras writes them, with real shapes; the arrays are constants, one to each layer."""

import json
import zipfile
from pathlib import Path

import h5py
import keras
import numpy as np
import pytest
from keras import layers
from PIL import Image

from ml.architectures import architecture_of
from ml.architectures.from_keras import release_from_keras
from ml.architectures.vgg16.network import BLOCKS, KERNEL_SHAPES
from ml.architectures.vgg16.weights import read_weights
from ml.cli import convert
from ml.imaging.phantom import draw_phantom
from ml.imaging.preprocessing import RECIPES, resize_rgb_255
from ml.predictor import Predictor
from ml.release.releases import (
    ReleaseError,
    ReleaseMalformedError,
    ReleaseMissingError,
    ReleaseUnsupportedError,
    WrongArchitectureError,
    read_release,
    verify,
)
from ml.tests.widths import WIDTHS

pytestmark = pytest.mark.long

# A different number for each array, exact in half precision: what is swapped shows.
MARKS = {layer: (1 + index) / 64 for index, layer in enumerate(KERNEL_SHAPES)}


def vgg16(*, names: str = "block{block}_conv{index}") -> keras.Model:
    image = keras.Input((224, 224, 3))
    x = image
    for block, widths in enumerate(BLOCKS, start=1):
        for index, width in enumerate(widths, start=1):
            name = names.format(block=block, index=index) if names else None
            x = layers.Conv2D(
                width, 3, padding="same", activation="relu", name=name, kernel_initializer="zeros"
            )(x)
        x = layers.MaxPooling2D(2)(x)
    return keras.Model(image, x, name="vgg16")


def head(x, *, first: str = "hidden", last: str = "predictions"):
    x = layers.Flatten()(x)
    x = layers.Dense(256, activation="relu", name=first, kernel_initializer="zeros")(x)
    x = layers.Dropout(0.5)(x)
    return layers.Dense(1, activation="sigmoid", name=last)(x)


def mark(model: keras.Model) -> keras.Model:
    def with_weights(model):
        for layer in model.layers:
            if isinstance(layer, keras.Model):
                yield from with_weights(layer)
            elif layer.weights:
                yield layer

    for layer, value in zip(with_weights(model), MARKS.values(), strict=True):
        kernel, bias = layer.weights
        layer.set_weights([np.full(kernel.shape, value), np.full(bias.shape, -value)])
    return model


@pytest.fixture(scope="module")
def nested() -> keras.Model:
    base = vgg16()
    image = keras.Input((224, 224, 3))
    return mark(keras.Model(image, head(base(image))))


@pytest.fixture(scope="module")
def flat() -> keras.Model:
    base = vgg16(names="")  # conv2d, conv2d_1, ...
    return mark(keras.Model(base.input, head(base.output, first="fc", last="a_first_name")))


@pytest.fixture
def converted(tmp_path):
    def convert_file(source: Path):
        return release_from_keras(
            source=source,
            target=tmp_path / "release",
            name="foreign",
            version="1.0.0",
            provenance="Trained by a test.",
        )

    return convert_file


def assert_marked(release) -> None:
    verify(release)
    weights = read_weights(release.weights_path)
    for layer, value in MARKS.items():
        assert (weights[f"{layer}/kernel"] == value).all(), layer
        assert (weights[f"{layer}/bias"] == -value).all(), layer


@pytest.mark.parametrize("kind", ["nested", "flat"])
@pytest.mark.parametrize("suffix", ["model.h5", "model.keras", "model.weights.h5"])
@pytest.mark.filterwarnings("ignore::UserWarning")
def test_every_array_of_a_keras_file_finds_its_place(kind, suffix, request, tmp_path, converted):
    model, path = request.getfixturevalue(kind), tmp_path / suffix
    if "weights" in suffix:
        model.save_weights(path)
    else:
        model.save(path)

    release = converted(path)

    assert_marked(release)
    assert read_release(release.directory) == release
    assert release.preprocessing == "resize-rgb-255-1"
    assert release.scores == ()


def write_old_file(
    path: Path,
    *,
    shapes: dict[str, tuple[int, ...]] | None = None,
    order: list[str] | None = None,
    nested: bool = True,
    config: dict | None = None,
) -> Path:
    """A file in the layout of Keras 2, whose arrays are fill values and take no room."""
    shapes = shapes or dict(KERNEL_SHAPES)
    order = order or list(shapes)
    base = [layer for layer in order if layer.startswith("block")] if nested else []
    groups = {"vgg16": base} if nested else {}
    groups.update({layer: [layer] for layer in order if layer not in base})
    with h5py.File(path, "w") as file:
        root = file
        if config is not None:
            file.attrs["model_config"] = json.dumps(config).encode()
            root = file.create_group("model_weights")
        root.attrs["layer_names"] = [name.encode() for name in groups]
        for group_name, members in groups.items():
            group = root.create_group(group_name)
            weight_names = []
            for layer in members:
                value = MARKS.get(layer, 1.0)
                for part, shape, fill in (
                    ("kernel:0", shapes[layer], value),
                    ("bias:0", shapes[layer][-1:], -value),
                ):
                    name = f"{layer}/{part}"
                    group.create_dataset(name, shape, "f4", fillvalue=fill)
                    weight_names.append(name.encode())
            group.attrs["weight_names"] = weight_names
    return path


def keras_2_config(
    *, input_shape=(224, 224, 3), activation="sigmoid", extra=(), blocks=BLOCKS
) -> dict:
    inside = [{"class_name": "InputLayer", "config": {"batch_input_shape": [None, *input_shape]}}]
    for widths in blocks:
        inside += [
            {
                "class_name": "Conv2D",
                "config": {"filters": width, "kernel_size": [3, 3], "activation": "relu"},
            }
            for width in widths
        ]
        inside.append({"class_name": "MaxPooling2D", "config": {"pool_size": [2, 2]}})
    return {
        "class_name": "Sequential",
        "config": {
            "layers": [
                {"class_name": "Functional", "config": {"layers": inside}},
                *({"class_name": name, "config": {"name": name.lower()}} for name in extra),
                {"class_name": "Flatten", "config": {}},
                {"class_name": "Dense", "config": {"units": 256, "activation": "relu"}},
                {"class_name": "Dropout", "config": {"rate": 0.5}},
                {
                    "class_name": "Dense",
                    "config": {"name": "out", "units": 1, "activation": activation},
                },
            ]
        },
    }


@pytest.mark.parametrize("nested", [True, False])
@pytest.mark.parametrize("config", [None, keras_2_config()], ids=["weights only", "whole"])
def test_files_of_keras_2_are_read(tmp_path, converted, nested, config):
    assert_marked(converted(write_old_file(tmp_path / "old.h5", nested=nested, config=config)))


def test_a_half_frozen_base_that_lists_its_trainable_layers_first_is_read(tmp_path, converted):
    last = [layer for layer in KERNEL_SHAPES if layer.startswith("block5")]
    order = [*last, *(layer for layer in KERNEL_SHAPES if layer not in last)]

    assert_marked(converted(write_old_file(tmp_path / "old.h5", order=order)))


def test_dense_layers_in_the_wrong_order_are_told_apart_by_shape(tmp_path, converted):
    order = [*list(KERNEL_SHAPES)[:-2], "dense_1", "dense"]

    assert_marked(converted(write_old_file(tmp_path / "old.h5", order=order)))


@pytest.mark.parametrize("width", ["half", "odd"])
@pytest.mark.parametrize("named", [True, False])
def test_a_file_of_another_width_becomes_a_release_that_says_it(tmp_path, converted, width, named):
    shapes = WIDTHS[width].kernel_shapes()
    config = keras_2_config(blocks=WIDTHS[width].blocks)
    if named:
        path = write_old_file(tmp_path / "old.h5", shapes=shapes, config=config)
    else:
        path = write_old_file(tmp_path / "old.h5", shapes=shapes, nested=False)

    release = converted(path)

    assert release.widths == WIDTHS[width].blocks
    assert read_release(release.directory) == release
    weights = read_weights(release.weights_path, widths=WIDTHS[width])
    assert (weights["block5_conv3/kernel"] == MARKS["block5_conv3"]).all()


def test_a_description_of_other_widths_than_the_arrays_have_is_refused(tmp_path, converted):
    path = write_old_file(
        tmp_path / "old.h5", shapes=WIDTHS["half"].kernel_shapes(), config=keras_2_config()
    )

    with pytest.raises(WrongArchitectureError, match="has filters 64 where this network has 32"):
        converted(path)


def changed(**changes) -> dict[str, tuple[int, ...]]:
    return {**KERNEL_SHAPES, **changes}


VGG19 = {**KERNEL_SHAPES, "block3_conv4": (3, 3, 256, 256)}
THREE_DENSE = {**KERNEL_SHAPES, "dense_2": (1, 1)}


@pytest.mark.parametrize(
    ("shapes", "words"),
    [
        (changed(dense=(1000, 256)), r"'dense' has arrays of the shapes \(1000, 256\)"),
        (changed(dense_1=(256, 4)), r"'dense_1' has arrays of the shapes \(256, 4\)"),
        (changed(block4_conv2=(5, 5, 512, 512)), r"'block4_conv2' has arrays of the shapes \(5"),
        (changed(block4_conv2=(3, 3, 512, 300)), r"'block4_conv3' has arrays of the shapes \(3"),
        (VGG19, "14 convolutions; VGG16 has 13"),
        (THREE_DENSE, r"3 layers with weights \(dense, dense_1, dense_2\)"),
        ({"dense": (25088, 256), "dense_1": (256, 1)}, "0 convolutions"),
    ],
)
def test_other_shapes_are_refused_and_named(tmp_path, converted, shapes, words):
    with pytest.raises(WrongArchitectureError, match=words):
        converted(write_old_file(tmp_path / "old.h5", shapes=shapes))

    assert not (tmp_path / "release").exists()


@pytest.mark.parametrize(
    ("config", "words"),
    [
        (keras_2_config(extra=["Lambda"]), r"layer Lambda \(lambda\), which cannot"),
        (keras_2_config(extra=["Rescaling"]), "layer Rescaling"),
        (keras_2_config(activation="softmax"), "'out' has activation 'softmax'"),
        (keras_2_config(input_shape=(240, 240, 3)), r"\(240, 240, 3\)"),
        ({"class_name": "Sequential", "config": {"layers": []}}, "ends where"),
    ],
)
def test_the_same_shapes_with_other_layers_are_refused_too(tmp_path, converted, config, words):
    with pytest.raises(WrongArchitectureError, match=words):
        converted(write_old_file(tmp_path / "old.h5", config=config))


@pytest.mark.parametrize("suffix", ["model.keras", "model.weights.h5"])
def test_a_model_that_averages_instead_of_flattening_is_another_architecture(
    tmp_path, converted, suffix
):
    base = vgg16()
    x = layers.GlobalAveragePooling2D()(base.output)
    x = layers.Dense(64, activation="relu")(x)
    model = keras.Model(base.input, layers.Dense(1, activation="sigmoid")(x))
    path = tmp_path / suffix
    if "weights" in suffix:
        model.save_weights(path)
    else:
        model.save(path)

    release = converted(path)

    assert release.architecture == "vgg16-average"
    assert architecture_of(release).read_weights(release.weights_path)["dense/kernel"].shape == (
        *(512, 64),
    )


def test_what_is_no_keras_file_is_malformed(tmp_path, converted):
    (tmp_path / "text.h5").write_text("no model")
    with pytest.raises(ReleaseMalformedError, match="not a Keras model file"):
        converted(tmp_path / "text.h5")
    with zipfile.ZipFile(tmp_path / "odd.keras", "w") as archive:
        archive.writestr("hello.txt", "no model")
    with pytest.raises(ReleaseMalformedError, match="without a Keras model in it"):
        converted(tmp_path / "odd.keras")
    path = write_old_file(tmp_path / "odd.h5", config={"config": {"layers": ["x"]}})
    with pytest.raises(ReleaseMalformedError, match="description of the layers"):
        converted(path)
    with pytest.raises(ReleaseMissingError, match="no file"):
        converted(tmp_path / "nothing.h5")


def test_arrays_of_another_type_are_malformed(tmp_path, converted):
    path = write_old_file(tmp_path / "old.h5", nested=False)
    with h5py.File(path, "a") as file:
        del file["dense_1/dense_1/bias:0"]
        file["dense_1/dense_1"].create_dataset("bias:0", (1,), "i4")

    with pytest.raises(ReleaseMalformedError, match="not numbers"):
        converted(path)


@pytest.mark.parametrize("link", [h5py.ExternalLink("other.h5", "/x"), h5py.SoftLink("/dense")])
def test_links_out_of_the_file_are_never_followed(tmp_path, converted, link):
    path = write_old_file(tmp_path / "old.h5", nested=False)
    with h5py.File(path, "a") as file:
        del file["dense_1/dense_1/bias:0"]
        file["dense_1/dense_1/bias:0"] = link

    with pytest.raises(ReleaseMalformedError, match="not stored in it"):
        converted(path)


def test_arrays_kept_in_another_file_are_never_read(tmp_path, converted):
    (tmp_path / "secret").write_bytes(b"\0" * 4)
    path = write_old_file(tmp_path / "old.h5", nested=False)
    with h5py.File(path, "a") as file:
        del file["dense_1/dense_1/bias:0"]
        outside = [(str(tmp_path / "secret"), 0, 4)]
        file["dense_1/dense_1"].create_dataset("bias:0", (1,), "f4", external=outside)

    with pytest.raises(ReleaseMalformedError, match="not stored in it"):
        converted(path)


def test_a_release_is_never_written_over(tmp_path, converted):
    path = write_old_file(tmp_path / "old.h5")
    converted(path)

    with pytest.raises(ReleaseError, match="already holds a release"):
        converted(path)


def test_an_unknown_preprocessing_is_refused(tmp_path):
    with pytest.raises(ReleaseUnsupportedError, match="choose one of"):
        release_from_keras(
            source=tmp_path / "x.h5",
            target=tmp_path / "out",
            name="x",
            version="1",
            preprocessing="magic-1",
            provenance="x",
        )


def test_a_threshold_that_decides_nothing_is_refused(tmp_path):
    with pytest.raises(ReleaseError, match="threshold must lie between 0 and 1"):
        release_from_keras(
            source=write_old_file(tmp_path / "old.h5"),
            target=tmp_path / "out",
            name="x",
            version="1",
            threshold=1.0,
            provenance="x",
        )

    assert not (tmp_path / "out").exists()


def test_the_command_converts_and_tells_what_is_wrong(tmp_path, capsys):
    path = write_old_file(tmp_path / "old.h5")
    words = ["--name", "foreign", "--version", "2.0.0", "--provenance", "A test."]
    words += ["--positive-class", "1"]
    unstated = [str(path), "--out", str(tmp_path / "release"), *words]
    arguments = [*unstated, "--preprocessing", "resize-rgb-255-1"]

    with pytest.raises(SystemExit):
        convert.main(unstated)
    told = " ".join(capsys.readouterr().err.split())
    assert all(name in told for name in RECIPES)
    assert convert.main(arguments) == 0
    assert "foreign 2.0.0 is in" in capsys.readouterr().out
    assert convert.main(arguments) == 1
    assert "already holds a release" in capsys.readouterr().err


@pytest.mark.filterwarnings("ignore::UserWarning")
def test_a_converted_model_answers_as_it_did_in_keras(tmp_path, converted, network):
    network.save(tmp_path / "brain_tumor_detection_vgg16.h5")
    image = draw_phantom(seed=2, size=200)

    release = converted(tmp_path / "brain_tumor_detection_vgg16.h5")
    answer = Predictor.load(release.directory).predict(image)

    expected = network(resize_rgb_255(image).tensor[np.newaxis], training=False).numpy()[0, 0]
    assert answer.probability == pytest.approx(float(expected), abs=1e-4)


# --- What Keras 2 itself wrote --------------------------------------------------------------------

# What the model of `keras_2/` said of the phantoms 2 and 5 in Keras 2.
SAID = {2: 0.7064522504806519, 5: 0.70646071434021}


@pytest.fixture
def written_by_keras_2(tmp_path) -> Path:
    """A folder with the three files that Keras 2 wrote; see `keras_2/README.md`."""
    with zipfile.ZipFile(Path(__file__).parent / "keras_2" / "files.zip") as archive:
        archive.extractall(tmp_path)
    return tmp_path


@pytest.mark.parametrize("name", ["keras_2.keras", "keras_2.h5", "keras_2.weights.h5"])
def test_a_file_that_keras_2_wrote_answers_as_it_did_there(written_by_keras_2, converted, name):
    release = converted(written_by_keras_2 / name)

    assert release.architecture == "vgg16-average"
    predictor = Predictor.load(release.directory)
    for seed, said in SAID.items():
        answer = predictor.predict(draw_phantom(seed=seed, size=200))
        assert answer.probability == pytest.approx(said, abs=1e-5)


def test_the_files_that_keras_2_wrote_hold_metrics_and_an_optimizer(written_by_keras_2):
    """What is skipped is there: otherwise the test above would show nothing."""
    with zipfile.ZipFile(written_by_keras_2 / "keras_2.keras") as archive:
        assert json.loads(archive.read("metadata.json"))["keras_version"].startswith("2.")
        (written_by_keras_2 / "inside.h5").write_bytes(archive.read("model.weights.h5"))
    with h5py.File(written_by_keras_2 / "inside.h5") as file:
        assert {"auc", "mean", "precision", "recall"} <= set(file["metrics"])
        assert len(file["optimizer/vars"]) > len(KERNEL_SHAPES)
    with h5py.File(written_by_keras_2 / "keras_2.h5") as file:
        assert file.attrs["keras_version"].startswith("2.")
        assert "optimizer_weights" in file
        metrics = json.loads(file.attrs["training_config"])["metrics"]
        assert {one["class_name"] for one in metrics[0] if isinstance(one, dict)} >= {"AUC"}


# --- What is offered in place of a model ----------------------------------------------------------


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "is empty"),
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:0\n", "git lfs pull"),
        (b"\n <!DOCTYPE html><html><body>Sign in</body></html>", "is a web page"),
        (b"\x80\x04\x95", "Python pickle"),
        (b"\x1c\0\0\0TFL3" + bytes(50), "TensorFlow Lite"),
        (b"\x1f\x8b" + bytes(50), "compressed with gzip"),
        (b"PK\x03\x04" + bytes(50), "cut off or damaged"),
    ],
)
def test_what_is_no_model_gets_words_that_fit(tmp_path, converted, content, words):
    path = tmp_path / "brain_tumor_detection_vgg16.h5"
    path.write_bytes(content)

    with pytest.raises(ReleaseMalformedError, match=words):
        converted(path)
    assert not (tmp_path / "release").exists()


@pytest.mark.parametrize(
    ("names", "words"),
    [
        (["model.h5"], r"holds model\.h5\. Unpack it"),
        (["saved/saved_model.pb", "saved/variables/variables.index"], "TensorFlow SavedModel"),
        (["archive/data.pkl", "archive/data/0"], "PyTorch model"),
    ],
)
def test_an_archive_is_told_by_what_is_in_it(tmp_path, converted, names, words):
    with zipfile.ZipFile(tmp_path / "model.zip", "w") as archive:
        for name in names:
            archive.writestr(name, b"x")

    with pytest.raises(ReleaseMalformedError, match=words):
        converted(tmp_path / "model.zip")


@pytest.mark.parametrize(
    ("names", "words"),
    [
        (["saved_model.pb", "keras_metadata.pb"], r"SavedModel, a folder\. .*model\.save"),
        (["model.h5", "notes.txt"], r"holds model\.h5\. Name the model file"),
        (["config.json", "model.weights.h5"], "is a folder"),
        ([], "is a folder"),
    ],
)
def test_a_folder_is_told_by_what_is_in_it(tmp_path, converted, names, words):
    folder = tmp_path / "model"
    folder.mkdir()
    for name in names:
        (folder / name).write_bytes(b"x")

    with pytest.raises(ReleaseMalformedError, match=words):
        converted(folder)


# --- Known images ---------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def bright_is_tumor(tmp_path_factory) -> Path:
    """A narrow model that calls what is bright a tumor."""
    model = keras.Sequential([keras.Input((224, 224, 3))])
    for block in ((1, 1), (1, 1), (1, 1, 1), (1, 1, 1), (1, 1, 1)):
        for width in block:
            model.add(layers.Conv2D(width, 3, padding="same", activation="relu"))
        model.add(layers.MaxPooling2D(2))
    model.add(layers.GlobalAveragePooling2D())
    model.add(layers.Dense(1, activation="sigmoid"))
    for layer in model.layers:
        if layer.weights:
            kernel, bias = (np.zeros(one.shape, np.float32) for one in layer.weights)
            if kernel.ndim == 4:
                kernel[1, 1, 0] = 1.0
            else:
                kernel[:], bias[:] = 20.0, -10.0
            layer.set_weights([kernel, bias])
    path = tmp_path_factory.mktemp("keras") / "bright.keras"
    model.save(path)
    return path


@pytest.fixture
def images(tmp_path) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {"--known-tumor": [], "--known-no-tumor": []}
    for option, level in (("--known-tumor", 220), ("--known-no-tumor", 30)):
        for number in range(2):
            path = tmp_path / f"{option.strip('-')}{number}.png"
            Image.fromarray(np.full((100, 100), level + number, np.uint8)).save(path)
            found[option].append(str(path))
    return found


def convert_with(source: Path, target: Path, images: dict[str, list[str]], positive: str) -> int:
    given = [word for option, paths in images.items() for word in (option, *paths)]
    words = ["--name", "bright", "--version", "1", "--provenance", "A test."]
    words += ["--preprocessing", "resize-rgb-255-1"]
    return convert.main(
        [str(source), "--out", str(target), *words, "--positive-class", positive, *given]
    )


def test_known_images_confirm_what_was_stated(tmp_path, capsys, bright_is_tumor, images):
    assert convert_with(bright_is_tumor, tmp_path / "release", images, "1") == 0
    assert "It is right about 4 of 4 known images." in capsys.readouterr().out
    release = read_release(tmp_path / "release")
    assert any("class 1 of the model is a tumor" in limit for limit in release.card.limits)


def test_known_images_find_a_model_that_was_turned_around(
    tmp_path, capsys, bright_is_tumor, images
):
    assert convert_with(bright_is_tumor, tmp_path / "release", images, "0") == 1
    problem = capsys.readouterr().err
    assert "right about 0 of 4 known images" in problem
    assert "With the other --positive-class it would be right about 4." in problem
    assert not (tmp_path / "release").exists()


def test_a_known_image_that_cannot_be_read_is_named(tmp_path, capsys, bright_is_tumor):
    (tmp_path / "words.png").write_text("words")
    given = {"--known-tumor": [str(tmp_path / "words.png")]}
    assert convert_with(bright_is_tumor, tmp_path / "release", given, "1") == 1
    assert "words.png: This is not an image." in capsys.readouterr().err
    assert not (tmp_path / "release").exists()
