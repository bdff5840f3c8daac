"""The command that counts data by stratum."""

from pathlib import Path

from ml.training.loop.strata import main
from ml.training.tests.data import write_described_folder


def test_it_counts_two_folders_and_says_what_each_stratum_tells(
    data_dir: Path, tmp_path: Path, capsys
):
    heads = write_described_folder(tmp_path / "heads")
    folders = ["--data", str(data_dir), "--data", str(heads)]

    assert main([*folders, "--store", str(tmp_path / "thumbnails.npz")]) == 0

    said = capsys.readouterr().out
    assert "| validate | T1c | 4 | 4 |" in said
    assert "| val | unknown | 6 | 2 |" in said
    assert "| train | source | sequence | level | stripped |" in said
    planted = next(line for line in said.splitlines() if "with planted lesions" in line)
    told = [float(cell.strip(" %")) for cell in planted.split("|")[2:-1]]
    assert len(told) == 4
    assert max(told) <= 53.0


def test_a_folder_that_is_none_is_told(tmp_path: Path, capsys):
    assert main(["--data", str(tmp_path / "nowhere")]) == 1

    assert "There is no folder" in capsys.readouterr().err
