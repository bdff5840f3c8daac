from types import SimpleNamespace

import numpy as np
import pytest

from ml.imaging.phantom import draw_phantom
from ml.predictor import Abstention, Predictor
from ml.release.parts import read_repeatability
from ml.release.releases import SHIPPED, read_release
from ml.tests.data_folder import write_data
from ml.tests.engine_release import write_full_release
from ml.training.data.manifest import DataError
from ml.training.evaluation import repeatability
from ml.training.evaluation.repeatability import AGAIN, COPIES, measure


def test_a_second_scan_is_nearly_the_same_slice_and_another_each_time():
    slice_ = draw_phantom(seed=1, size=160)
    rng = np.random.default_rng(0)
    one, other = (AGAIN.apply(slice_, rng) for _ in range(2))

    assert one.shape == slice_.shape
    assert one.dtype == np.uint8
    assert not np.array_equal(one, other)
    correlation = np.corrcoef(one.ravel(), slice_.ravel())[0, 1]
    assert 0.9 < correlation < 1.0


class Stub:
    """Says how bright the image is; nothing of a dark one."""

    def predict_many(self, images):
        return [said(float(image.mean()) / 255) for image in images]


def said(probability):
    return SimpleNamespace(probability=probability)


@pytest.fixture
def stubbed(monkeypatch, tmp_path):
    folder = tmp_path / "release"
    folder.mkdir()
    monkeypatch.setattr(repeatability, "Prediction", object)
    monkeypatch.setattr(Predictor, "load", lambda *args, **kwargs: Stub())
    return write_full_release(folder, shipped=SHIPPED)


def test_what_is_found_stands_in_the_release(stubbed, tmp_path):
    data = write_data(tmp_path / "data")

    found = measure(release=stubbed, data=data).repeatability

    assert (found.slices, found.copies, found.share) == (4, 4 * COPIES, 0.95)
    assert 0 < found.within < 0.1
    assert read_release(stubbed.directory).repeatability == found
    assert measure(release=stubbed, data=data).repeatability == found  # the copies are the same
    assert measure(release=stubbed, data=data, slices=2).repeatability.slices == 2


def test_a_release_without_an_opinion_is_not_measured(stubbed, tmp_path, monkeypatch):
    monkeypatch.setattr(repeatability, "Prediction", Abstention)
    with pytest.raises(DataError, match="no opinion on any slice"):
        measure(release=stubbed, data=write_data(tmp_path / "data"))


def test_the_command_says_what_it_found(stubbed, tmp_path, capsys):
    data = write_data(tmp_path / "data")
    arguments = ["--release", str(stubbed.directory), "--data", str(data)]

    assert repeatability.main(arguments) == 0
    assert "95% of 12 copies of 4 slices" in capsys.readouterr().out
    assert repeatability.main([*arguments, "--split", "none"]) == 1


@pytest.mark.parametrize("change", [{"within": 1.5}, {"share": 0}, {"changes": ""}])
def test_what_cannot_be_is_refused(change):
    facts = {"dataset": "test split", "changes": "turned", "share": 0.95, "within": 0.1}
    facts |= {"slices": 4, "copies": 12}
    assert read_repeatability(facts).within == 0.1
    with pytest.raises(ValueError, match=next(iter(change))):
        read_repeatability(facts | change)
