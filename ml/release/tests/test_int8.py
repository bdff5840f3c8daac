import numpy as np
import pytest

from ml.release.int8 import Int8Layer, read_int8, write_int8
from ml.release.releases import ReleaseMalformedError, ReleaseMissingError, WrongArchitectureError

KERNELS = {"block1_conv1": (3, 3, 3, 64), "block1_conv2": (3, 3, 64, 64)}


@pytest.fixture
def layer() -> Int8Layer:
    return Int8Layer(
        range=np.array([0.0, 4.0], np.float32),
        step=np.full(64, 0.5, np.float32),
        bias=np.arange(64, dtype=np.float32),
    )


def test_the_numbers_survive_their_file(layer, tmp_path):
    write_int8(tmp_path / "file.npz", {"block1_conv2": layer})

    (name, read), *others = read_int8(tmp_path / "file.npz", kernels=KERNELS).items()

    assert (name, others) == ("block1_conv2", [])
    for part in ("range", "step", "bias"):
        np.testing.assert_array_equal(getattr(read, part), getattr(layer, part))


def test_the_same_numbers_give_the_same_bytes(layer, tmp_path):
    for name in ("one", "two"):
        write_int8(tmp_path / name, {"block1_conv2": layer})

    assert (tmp_path / "one").read_bytes() == (tmp_path / "two").read_bytes()


def test_weights_are_rounded_to_the_nearest_of_255_levels(layer):
    kernel = np.zeros((1, 1, 1, 64), np.float32)
    kernel[..., :4] = [0.7, -0.8, 1000.0, -1000.0]

    assert layer.round(kernel).dtype == np.int8
    assert layer.round(kernel)[0, 0, 0, :5].tolist() == [1, -2, 127, -127, 0]


@pytest.mark.parametrize(
    ("name", "part", "value"),
    [
        ("block9_conv1", "bias", np.zeros(64, np.float32)),
        ("block1_conv2", "bias", np.zeros(63, np.float32)),
        ("block1_conv2", "step", None),
    ],
)
def test_numbers_of_another_network_are_refused(layer, tmp_path, name, part, value):
    _write(tmp_path / "file.npz", layer, name=name, part=part, value=value)

    with pytest.raises(WrongArchitectureError, match=name):
        read_int8(tmp_path / "file.npz", kernels=KERNELS)


@pytest.mark.parametrize(
    ("part", "value"),
    [
        ("bias", np.full(64, np.nan, np.float32)),
        ("bias", np.zeros(64, np.float64)),
        ("step", np.zeros(64, np.float32)),
        ("range", np.array([1.0, -1.0], np.float32)),
    ],
)
def test_numbers_that_cannot_be_right_are_refused(layer, tmp_path, part, value):
    _write(tmp_path / "file.npz", layer, name="block1_conv2", part=part, value=value)

    with pytest.raises(ReleaseMalformedError, match="block1_conv2"):
        read_int8(tmp_path / "file.npz", kernels=KERNELS)


def test_a_file_that_is_missing_or_something_else_is_refused_with_a_sentence(tmp_path):
    (tmp_path / "text.npz").write_text("no archive", encoding="utf-8")

    with pytest.raises(ReleaseMissingError, match="is not there"):
        read_int8(tmp_path / "none.npz", kernels=KERNELS)
    with pytest.raises(ReleaseMalformedError, match="cannot be read"):
        read_int8(tmp_path / "text.npz", kernels=KERNELS)


def _write(path, layer, *, name, part, value):
    arrays = {f"{name}/{each}": getattr(layer, each) for each in ("range", "step", "bias")}
    arrays[f"{name}/{part}"] = value
    np.savez(path, **{key: array for key, array in arrays.items() if array is not None})
