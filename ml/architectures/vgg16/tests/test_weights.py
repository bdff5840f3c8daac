import numpy as np
import pytest

from ml.architectures.vgg16.network import KERNEL_SHAPES
from ml.architectures.vgg16.weights import read_weights, stored_widths, write_weights
from ml.release.releases import ReleaseMalformedError, ReleaseMissingError, WrongArchitectureError
from ml.release.weights import check_shapes, expected_shapes, read_npz

SHAPES = expected_shapes(KERNEL_SHAPES)


def zeros() -> dict[str, np.ndarray]:
    return {name: np.zeros(shape, np.float16) for name, shape in SHAPES.items()}


def test_the_network_has_21_million_weights():
    total = sum(int(np.prod(shape)) for shape in SHAPES.values())

    assert total == 14_714_688 + 25_088 * 256 + 256 + 256 + 1


def test_the_same_weights_make_the_same_file(tmp_path, release_dir):
    shipped = release_dir / "weights.npz"

    write_weights(tmp_path / "again.npz", read_weights(shipped, widths=stored_widths(shipped)))

    assert (tmp_path / "again.npz").read_bytes() == shipped.read_bytes()


def test_a_missing_an_odd_and_a_misshapen_array_are_named():
    with pytest.raises(WrongArchitectureError, match="lack block1_conv1/kernel"):
        check_shapes({}, shapes=SHAPES)
    with pytest.raises(WrongArchitectureError, match="hold extra/kernel"):
        check_shapes({**SHAPES, "extra/kernel": (1,)}, shapes=SHAPES)
    with pytest.raises(WrongArchitectureError, match=r"dense_1/kernel has the shape \(256, 2\)"):
        check_shapes({**SHAPES, "dense_1/kernel": (256, 2)}, shapes=SHAPES)


def test_numbers_that_do_not_fit_into_half_precision_are_refused(tmp_path):
    arrays = zeros()
    arrays["dense_1/bias"] = np.array([1e6], np.float32)

    with pytest.raises(ReleaseMalformedError, match="dense_1/bias"):
        write_weights(tmp_path / "weights.npz", arrays)


def test_a_file_that_is_not_there_is_missing(tmp_path):
    with pytest.raises(ReleaseMissingError):
        read_weights(tmp_path / "weights.npz")


@pytest.mark.parametrize("content", [b"", b"version https://git-lfs", b"PK\x03\x04 half a zip"])
def test_a_file_that_is_no_archive_is_malformed(tmp_path, content):
    (tmp_path / "weights.npz").write_bytes(content)

    with pytest.raises(ReleaseMalformedError, match="cannot be read"):
        read_weights(tmp_path / "weights.npz")


def test_a_single_array_under_the_name_of_an_archive_is_malformed(tmp_path):
    np.save(tmp_path / "one.npy", np.zeros(3, np.float32))
    (tmp_path / "one.npy").rename(tmp_path / "weights.npz")

    with pytest.raises(ReleaseMalformedError, match="one array"):
        read_weights(tmp_path / "weights.npz")


def test_an_archive_whose_compressed_bytes_are_damaged_is_malformed(tmp_path):
    path = tmp_path / "weights.npz"
    np.savez_compressed(path, a=np.arange(1000, dtype=np.float32))
    content = bytearray(path.read_bytes())
    content[60:120] = b"\xff" * 60
    path.write_bytes(content)

    with pytest.raises(ReleaseMalformedError, match="cannot be read"):
        read_npz(path, what="weights")


def test_texts_are_no_numbers(tmp_path):
    np.savez(tmp_path / "weights.npz", a=np.array(["text"]))

    with pytest.raises(ReleaseMalformedError, match="a in it holds no numbers"):
        read_npz(tmp_path / "weights.npz", what="weights")


def test_pickled_objects_are_never_loaded(tmp_path):
    np.savez(tmp_path / "weights.npz", **{"dense/bias": np.array([{"a": 1}], dtype=object)})

    with pytest.raises(ReleaseMalformedError, match="cannot be read"):
        read_weights(tmp_path / "weights.npz")


def test_whole_numbers_and_not_a_number_are_refused(tmp_path):
    for array in (np.zeros(1, np.int8), np.array([np.nan], np.float16)):
        np.savez(tmp_path / "weights.npz", **{**zeros(), "dense_1/bias": array})

        with pytest.raises(ReleaseMalformedError, match="dense_1/bias"):
            read_weights(tmp_path / "weights.npz")
