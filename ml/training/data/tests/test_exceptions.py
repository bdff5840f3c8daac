from pathlib import Path

import pytest

from ml.training.data.exceptions import read_exceptions, reason, with_and_without
from ml.training.data.manifest import DataError, read_split


def test_the_committed_list_names_each_file_once_and_says_why():
    listed = read_exceptions()

    assert {folder for folder, _ in listed} == {"brain_mri"}
    assert len(listed) == 110
    assert all(listed.values())


def test_a_figure_is_given_with_and_without_them(data_dir: Path):
    slices = read_split(data_dir, split="test")
    listed = {("brain", slices[0].provenance.file): "a head CT"}

    found = with_and_without(slices, len, exceptions=listed)

    assert found == {"with_exceptions": len(slices), "without_exceptions": len(slices) - 1}
    assert reason(slices[0], listed) == "a head CT"
    assert reason(slices[1], listed) is None


def test_a_list_without_reasons_is_refused(tmp_path: Path):
    path = tmp_path / "exceptions.csv"
    path.write_text("file,folder\na.jpg,brain\n", encoding="utf-8")

    with pytest.raises(DataError, match="lacks the columns: why"):
        read_exceptions(path)
