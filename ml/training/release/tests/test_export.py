"""The export from the command line: what it says of a file that it cannot fold."""

import numpy as np
import pytest

from ml.training.release.export import main


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("nothing.npz", "There is no checkpoint"),
        ("text.npz", "cannot be read"),
        ("other.npz", "lacks 'block1_conv1/0'"),
    ],
)
def test_a_file_that_is_no_checkpoint_is_told(tmp_path, capsys, name, said):
    (tmp_path / "text.npz").write_text("no archive")
    np.savez(tmp_path / "other.npz", a=np.zeros(3))

    assert main([str(tmp_path / name), str(tmp_path / "out")]) == 1

    assert said in capsys.readouterr().err
    assert not (tmp_path / "out").exists()
