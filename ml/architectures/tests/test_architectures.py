"""A release names its network, and serving code finds it by that name alone."""

import json
from dataclasses import replace

import numpy as np
import pytest

from ml import architectures
from ml.architectures import ARCHITECTURES, architecture_of
from ml.architectures.from_keras import release_from_keras
from ml.imaging.phantom import draw_phantom
from ml.imaging.preprocessing import SIDE
from ml.predictor import Prediction, Predictor
from ml.release.releases import (
    DESCRIPTION,
    SHIPPED,
    ReleaseMalformedError,
    ReleaseUnsupportedError,
    WrongArchitectureError,
    file_sha256,
    read_release,
    write_release,
)
from ml.release.weights import expected_shapes, read_arrays
from ml.tests.engine_release import write_full_release
from ml.tests.trial_release import trial_release
from ml.tests.widths import WIDTHS


def test_the_shipped_release_names_its_architecture():
    described = json.loads((SHIPPED / DESCRIPTION).read_text(encoding="utf-8"))

    assert described["architecture"] == "vgg16"


def test_a_release_from_before_releases_named_theirs_is_vgg16(tmp_path):
    write_release(trial_release(tmp_path))
    file = tmp_path / DESCRIPTION
    described = json.loads(file.read_text(encoding="utf-8"))
    del described["architecture"]
    file.write_text(json.dumps(described), encoding="utf-8")

    assert architecture_of(read_release(tmp_path)).name == "vgg16"


def test_a_release_that_is_written_names_its_architecture(tmp_path):
    write_release(trial_release(tmp_path))

    described = json.loads((tmp_path / DESCRIPTION).read_text(encoding="utf-8"))
    assert described["architecture"] == "vgg16"
    assert read_release(tmp_path).architecture == "vgg16"


def test_a_release_of_another_architecture_is_refused_with_a_sentence(tmp_path):
    write_release(replace(trial_release(tmp_path), architecture="resnet50"))

    with pytest.raises(ReleaseUnsupportedError, match="architecture 'resnet50', which this vers"):
        Predictor.load(tmp_path)


def test_an_architecture_that_is_no_name_is_malformed(tmp_path):
    write_release(replace(trial_release(tmp_path), architecture=16))

    with pytest.raises(ReleaseMalformedError, match="'architecture'"):
        read_release(tmp_path)


def test_the_shipped_release_is_half_of_vgg16_and_says_so():
    shipped = read_release(SHIPPED)

    assert shipped.widths == WIDTHS["half"].blocks
    assert architecture_of(shipped).map_channels == 256


def test_a_release_that_names_no_widths_has_vgg16_s_own(tmp_path):
    release = trial_release(tmp_path)

    assert release.widths is None
    assert architecture_of(release).map_channels == 512


def test_a_release_of_other_widths_is_served_and_kept(tmp_path):
    release = write_full_release(tmp_path, shipped=SHIPPED, widths=WIDTHS["odd"])

    assert read_release(tmp_path) == release
    found = Predictor.load(tmp_path, engine="openvino-f32").predict(draw_phantom(seed=1, size=300))

    assert isinstance(found, Prediction)
    assert found.heatmap.shape == (300, 300)
    assert found.regions is not None


def test_widths_that_do_not_fit_the_weights_are_refused_with_a_sentence(tmp_path):
    release = write_full_release(tmp_path, shipped=SHIPPED, widths=WIDTHS["odd"])

    for widths in (None, WIDTHS["half"].blocks):
        write_release(replace(release, widths=widths))
        with pytest.raises(WrongArchitectureError, match=r"have the widths 5-3, 7-11, .*; the rel"):
            Predictor.load(tmp_path, engine="openvino-f32")


def test_widths_of_another_network_are_refused_with_a_sentence(tmp_path):
    write_release(trial_release(tmp_path, widths=((64, 64), (128,))))

    with pytest.raises(WrongArchitectureError, match=r"not those of a VGG16: .* these have"):
        Predictor.load(tmp_path)


@pytest.mark.parametrize("widths", [64, [64], [[0, 64]], [["64"]], [[True]], [[64.5]]])
def test_widths_that_are_no_numbers_are_malformed(tmp_path, widths):
    write_release(trial_release(tmp_path, widths=widths))

    with pytest.raises(ReleaseMalformedError, match="'widths'"):
        read_release(tmp_path)


@pytest.mark.parametrize("name", list(ARCHITECTURES))
def test_an_architecture_reads_what_the_recipes_make(name):
    assert ARCHITECTURES[name].name == name
    assert ARCHITECTURES[name].input_shape == (SIDE, SIDE, 3)


def test_a_file_of_an_architecture_that_is_not_there_is_not_converted(tmp_path):
    with pytest.raises(ReleaseUnsupportedError, match="no architecture 'resnet50'; choose"):
        release_from_keras(
            source=tmp_path / "model.h5",
            target=tmp_path / "release",
            name="trial",
            version="1",
            provenance="A test.",
            architecture="resnet50",
        )


class Tiny:
    """A network of two layers: 8 maps of 7 x 7 cells, 4 hidden activations, one logit."""

    name = "tiny"
    input_shape = (SIDE, SIDE, 3)
    map_channels = 8
    map_layer = "maps"
    shapes = expected_shapes({"maps": (32, 32, 3, 8), "dense": (7 * 7 * 8, 4), "last": (4, 1)})

    def read_weights(self, path):
        return read_arrays(path, shapes=self.shapes, what="weights")

    def last_layer(self, weights):
        return weights["last/kernel"], weights["last/bias"]

    def class_map(self, weights, *, decoder, evidence):
        return lambda *, maps, hidden, shares: maps.sum(axis=-1)

    def keras_trunk(self, weights, *, decoder, with_shares):
        import keras
        from keras import layers

        assert decoder is None
        assert not with_shares
        image = keras.Input(self.input_shape)
        maps = layers.Conv2D(8, 32, strides=32, activation="relu", name="maps")(image)
        hidden = layers.Dense(4, activation="relu", name="dense")(layers.Flatten()(maps))
        model = keras.Model(image, [maps, hidden])
        for layer in ("maps", "dense"):
            arrays = [weights[f"{layer}/{part}"] for part in ("kernel", "bias")]
            model.get_layer(layer).set_weights(arrays)
        return model


def test_another_architecture_is_served_by_the_same_code(tmp_path, monkeypatch):
    monkeypatch.setattr(architectures, "ARCHITECTURES", {"tiny": Tiny()})
    rng = np.random.default_rng(1)
    arrays = {
        name: rng.normal(0.0, 0.1, shape).astype(np.float16) for name, shape in Tiny.shapes.items()
    }
    release = trial_release(tmp_path, architecture="tiny")
    np.savez(release.weights_path, **arrays)
    write_release(replace(release, sha256=file_sha256(release.weights_path)))

    predictor = Predictor.load(tmp_path, engine="tensorflow")
    found = predictor.predict(draw_phantom(seed=1, size=300))

    assert isinstance(found, Prediction)
    assert 0.0 < found.probability < 1.0
    assert found.heatmap.shape == (300, 300)
    assert found.heatmap.max() == 255
    assert found.regions is None
