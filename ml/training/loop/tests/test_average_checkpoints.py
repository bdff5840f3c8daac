import numpy as np
import pytest

from ml.training.loop.average_checkpoints import AverageError, average_checkpoints, main


@pytest.fixture
def two(tmp_path):
    first, second = tmp_path / "a.npz", tmp_path / "b.npz"
    np.savez(first, kernel=np.array([0.0, 4.0], np.float32), bias=np.array([1.0], np.float16))
    np.savez(second, kernel=np.array([8.0, 0.0], np.float32), bias=np.array([3.0], np.float32))
    return first, second


def test_each_array_is_the_weighted_mean(two, tmp_path, capsys):
    first, second = two

    assert main([str(tmp_path / "out.npz"), f"{first}=0.75", f"{second}=0.25"]) == 0

    with np.load(tmp_path / "out.npz") as found:
        np.testing.assert_allclose(found["kernel"], [2.0, 3.0])
        np.testing.assert_allclose(found["bias"], [1.5])
        assert found["bias"].dtype == np.float32
    assert "Wrote" in capsys.readouterr().out


def test_shares_that_do_not_sum_to_1_are_refused(two, tmp_path, capsys):
    first, second = two

    assert main([str(tmp_path / "out.npz"), f"{first}=0.75", f"{second}=0.5"]) == 1
    assert "sum to 1.25" in capsys.readouterr().err
    assert not (tmp_path / "out.npz").exists()


def test_a_checkpoint_of_another_network_is_refused(two, tmp_path):
    other = tmp_path / "c.npz"
    np.savez(other, kernel=np.zeros(3, np.float32), bias=np.zeros(1, np.float32))

    with pytest.raises(AverageError, match=r"c\.npz is a checkpoint of another network"):
        average_checkpoints({two[0]: 0.5, other: 0.5})


def test_a_file_that_is_no_checkpoint_is_named(two, tmp_path):
    broken = tmp_path / "broken.npz"
    broken.write_text("no archive")

    with pytest.raises(AverageError, match=r"broken\.npz is not a checkpoint"):
        average_checkpoints({two[0]: 0.5, broken: 0.5})


def test_a_share_that_is_not_a_number_is_explained(tmp_path, capsys):
    with pytest.raises(SystemExit):
        main([str(tmp_path / "out.npz"), "a.npz"])
    assert "is not FILE=SHARE" in capsys.readouterr().err
