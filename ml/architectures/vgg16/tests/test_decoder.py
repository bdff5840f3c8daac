from pathlib import Path

import numpy as np
import pytest

from ml.architectures.vgg16.decoder import (
    DECODER_SHAPES,
    DECODER_SIZE,
    SOURCES,
    build_decoder,
    read_decoder,
    write_decoder,
)
from ml.architectures.vgg16.network import INPUT_SIZE, build_network
from ml.release.releases import ReleaseMalformedError, ReleaseMissingError, WrongArchitectureError
from ml.release.weights import expected_shapes
from ml.training.loop.folding import fold
from ml.training.loop.network import build_training_network, get_arrays, set_arrays
from ml.training.release.export import decoder_arrays
from ml.training.tests.data import small_config

pytestmark = pytest.mark.long


@pytest.fixture
def arrays() -> dict[str, np.ndarray]:
    rng = np.random.default_rng(3)
    shapes = expected_shapes(DECODER_SHAPES)
    return {name: rng.normal(size=shape).astype(np.float32) for name, shape in shapes.items()}


def test_the_serving_decoder_computes_what_the_trained_one_does():
    import keras

    trained = build_training_network(small_config(size=INPUT_SIZE, width_divisor=1))
    found = get_arrays(trained)
    rng = np.random.default_rng(0)
    for name, array in found.items():
        if "_bn" in name or array.ndim == 1:
            found[name] = rng.uniform(0.8, 1.2, array.shape).astype(np.float32)
    set_arrays(trained, found)
    network = build_network(fold(found))
    serving = keras.Model(network.inputs, build_decoder(network, decoder_arrays(found)))
    images = rng.random((1, INPUT_SIZE, INPUT_SIZE, 3), dtype=np.float32)

    expected = np.asarray(trained(images, training=False)["seg"])[..., 0]
    got = np.asarray(serving(images, training=False))

    assert got.shape == (1, DECODER_SIZE, DECODER_SIZE)
    assert np.ptp(expected) > 0
    assert np.abs(got - expected).max() < 1e-4 * np.abs(expected).max()


def test_a_decoder_survives_its_file_in_half_precision(arrays, tmp_path):
    write_decoder(tmp_path / "decoder.npz", arrays)

    read = read_decoder(tmp_path / "decoder.npz")

    assert read.keys() == arrays.keys()
    for name, array in arrays.items():
        assert read[name].dtype == np.float32
        assert np.allclose(read[name], array, rtol=1e-3, atol=1e-6)


def test_the_same_decoder_gives_the_same_bytes(arrays, tmp_path):
    for name in ("one", "two"):
        write_decoder(tmp_path / name, arrays)

    assert (tmp_path / "one").read_bytes() == (tmp_path / "two").read_bytes()


def test_the_decoder_reads_the_last_convolutions_of_three_blocks():
    assert SOURCES == {5: "block5_conv3", 4: "block4_conv3", 3: "block3_conv3"}
    assert DECODER_SHAPES["lat3"] == (1, 1, 256, 64)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("seg/kernel", None),
        ("extra/kernel", np.zeros(1)),
        ("lat5/kernel", np.zeros((1, 1, 512, 3))),
    ],
)
def test_another_decoder_is_refused_by_the_name_of_the_array(arrays, tmp_path, name, value):
    if value is None:
        del arrays[name]
    else:
        arrays[name] = value.astype(np.float32)
    np.savez(tmp_path / "decoder.npz", **arrays)

    with pytest.raises(WrongArchitectureError, match=name):
        read_decoder(tmp_path / "decoder.npz")


def test_a_number_that_is_none_is_refused(arrays, tmp_path):
    arrays["segc/bias"][3] = np.nan
    np.savez(tmp_path / "decoder.npz", **arrays)

    with pytest.raises(ReleaseMalformedError, match="segc/bias"):
        read_decoder(tmp_path / "decoder.npz")


def test_a_file_that_is_missing_or_something_else_is_refused_with_a_sentence(tmp_path: Path):
    (tmp_path / "text.npz").write_text("no archive", encoding="utf-8")

    with pytest.raises(ReleaseMissingError, match=r"decoder file .* is not there\."):
        read_decoder(tmp_path / "none.npz")
    with pytest.raises(ReleaseMalformedError, match="cannot be read"):
        read_decoder(tmp_path / "text.npz")
