from __future__ import annotations

from pathlib import Path

import pytest

from ml.training.data.cache import Cache, open_cache
from ml.training.data.folder import Labeled
from ml.training.tests.data import read_items, write_manifest_folder


def ignore(done: int, total: int) -> None:
    """No progress bar."""


@pytest.fixture(scope="session")
def data_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_manifest_folder(tmp_path_factory.mktemp("data") / "brain")


@pytest.fixture(scope="session")
def items(data_dir: Path) -> list[Labeled]:
    return read_items(data_dir)


@pytest.fixture(scope="session")
def cache(items: list[Labeled], tmp_path_factory: pytest.TempPathFactory) -> Cache:
    return open_cache(items, folder=tmp_path_factory.mktemp("cache"), progress=ignore)
