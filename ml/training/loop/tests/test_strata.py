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
    rows = {
        line.split("|")[1].strip(): line.split("|")[2:-1]
        for line in said.splitlines()
        if "|" in line
    }
    told = {
        name: [float(cell.strip(" %")) for cell in cells]
        for name, cells in rows.items()
        if name.startswith("balanced")
    }
    planted, plain = told["balanced by stratum, with planted lesions"], told["balanced by stratum"]
    assert len(planted) == 4
    # Of the drawn scans half lie too low to be planted, so the source still tells something.
    assert max(planted) <= 70.0
    assert planted[0] < plain[0]


def test_a_folder_that_is_none_is_told(tmp_path: Path, capsys):
    assert main(["--data", str(tmp_path / "nowhere")]) == 1

    assert "There is no folder" in capsys.readouterr().err
