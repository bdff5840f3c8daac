from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from ml.architectures.vgg16.network import FULL
from ml.engines import Engine, open_engine
from ml.imaging.phantom import draw_phantom
from ml.predictor import Predictor
from ml.release.releases import SHIPPED, read_release, write_release
from ml.tests.widths import random_weights

LARGE = 1 << 20  # bytes


@pytest.fixture(autouse=True)
def _leave_no_large_files(tmp_path: Path) -> Iterator[None]:
    """pytest keeps three runs' folders, and a VGG16 in every second one fills a disk."""
    yield
    for path in tmp_path.rglob("*"):
        if path.is_file() and path.stat().st_size > LARGE:
            path.unlink()


@pytest.fixture(scope="session")
def release_dir() -> Path:
    return SHIPPED


@pytest.fixture(scope="session")
def predictor(release_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> Predictor:
    """The shipped release, loaded once: loading takes seconds.

    Without its gate: a drawn head is no MRI, and whether a gate lets it pass is its own affair.
    """
    ungated = shutil.copytree(release_dir, tmp_path_factory.mktemp("ungated") / "release")
    write_release(replace(read_release(ungated), gate="none"))
    return Predictor.load(ungated)


@pytest.fixture(scope="session")
def tensorflow_engine(release_dir: Path) -> Engine:
    """The reference engine with the shipped release, loaded once."""
    return open_engine("tensorflow", release=read_release(release_dir))


@pytest.fixture(scope="session")
def weights() -> dict[str, np.ndarray]:
    """Weights of VGG16's own widths, whatever those of the shipped release are."""
    return random_weights(FULL)


@pytest.fixture(scope="session")
def network(weights: dict[str, np.ndarray]):
    """The same network as plain Keras, to compare the serving code with."""
    from ml.architectures.vgg16.network import build_network

    return build_network(weights)


@pytest.fixture(scope="session")
def phantom() -> np.ndarray:
    return draw_phantom(seed=1, size=300)
