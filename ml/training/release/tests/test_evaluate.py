"""The evaluation from the command line, on phantoms and with a made-up model."""

import json
import shutil
from dataclasses import replace
from types import SimpleNamespace

import pytest

from ml.card.markdown import main as card
from ml.release.parts import Evidence, RegionSettings
from ml.release.releases import SHIPPED, read_release, verify, write_release
from ml.tests.data_folder import write_data
from ml.training.augmentation.robustness_set import ROBUSTNESS
from ml.training.data.folders import read_slices
from ml.training.evaluation import passes
from ml.training.evaluation.bootstrap import Bootstrap
from ml.training.evaluation.passes import Passes
from ml.training.release import evaluate
from ml.training.release.description import read_description
from ml.training.tests.fake_predictor import FakePredictor

pytestmark = pytest.mark.long


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    return write_data(tmp_path_factory.mktemp("data"))


@pytest.fixture(autouse=True)
def few_resamples(monkeypatch):
    """The intervals are not what is asked here."""
    monkeypatch.setitem(Bootstrap.__init__.__kwdefaults__, "resamples", 20)


@pytest.fixture
def release(tmp_path):
    """The shipped release's description, with nothing beside it yet."""
    folder = tmp_path / "release"
    folder.mkdir()
    shipped = replace(read_release(SHIPPED), directory=folder, gate="none")
    write_release(replace(shipped, files={}, regions=None, evidence=None, series=None, engines=()))
    return folder


@pytest.fixture
def predictors(monkeypatch):
    """Every predictor that was loaded; in place of the model."""
    made = []

    def load(directory, *, engine):
        made.append(FakePredictor(directory))
        return made[-1]

    monkeypatch.setattr(evaluate, "Predictor", SimpleNamespace(load=load))
    return made


def run(data, release, tmp_path, *more):
    return evaluate.main(
        [
            *("--data", str(data), "--release", str(release)),
            *("--store", str(tmp_path / "store"), *more),
        ]
    )


def test_figures_become_part_of_the_release(data, release, predictors, tmp_path, capsys):
    assert run(data, release, tmp_path) == 0

    metrics = json.loads((release / "metrics.json").read_text())
    made = read_release(release)
    assert metrics["schema"] == 2
    assert metrics["test"]["data"]["slices"] == 4
    assert [row["source"] for row in metrics["sources"]] == ["br35h", "four-class"]
    assert {score.name for score in made.scores} >= {"Accuracy", "Abstained"}
    assert set(made.files) == {"metrics.json"}
    shutil.copyfile(SHIPPED / "weights.npz", release / "weights.npz")
    verify(made, files=made.files)
    (release / "weights.npz").unlink()
    assert (release / "figures" / "robustness-mild.svg").is_file()
    assert "# Model card" in (release / "model-card.md").read_text()


def test_a_second_time_nothing_is_run_again(data, release, predictors, tmp_path):
    assert run(data, release, tmp_path) == 0
    first = (release / "metrics.json").read_text()
    assert run(data, release, tmp_path) == 0
    assert predictors[0].asked >= 4 * (1 + len(ROBUSTNESS))
    assert predictors[1].asked == 0
    assert (release / "metrics.json").read_text() == first


def test_an_evaluation_that_was_cut_off_goes_on_where_it_was(data, release, predictors, tmp_path):
    assert run(data, release, tmp_path) == 0
    (folder,) = (tmp_path / "store").iterdir()
    (folder / "noise-4.json").unlink()
    assert run(data, release, tmp_path) == 0
    assert predictors[1].asked == 4


def test_a_pass_that_was_cut_off_goes_on_where_it_was(data, release, tmp_path, monkeypatch):
    monkeypatch.setattr(passes, "BATCH", 1)
    monkeypatch.setattr(passes, "KEEP_EVERY", 0.0)
    monkeypatch.setattr(passes, "read_drawings", lambda predictor: [])
    slices = read_slices(data, split="test")
    first = FakePredictor(release)
    whole = Passes(predictor=first, slices=slices, store=tmp_path / "whole").as_it_is()

    class Stopped(FakePredictor):
        def predict_many(self, images):
            if self.asked == 2:
                raise KeyboardInterrupt
            return super().predict_many(images)

    cut = Stopped(release)
    with pytest.raises(KeyboardInterrupt):
        Passes(predictor=cut, slices=slices, store=tmp_path / "cut").as_it_is()
    second = FakePredictor(release)
    again = Passes(predictor=second, slices=slices, store=tmp_path / "cut")

    assert again.as_it_is() == whole
    assert second.asked == len(slices) - 2
    assert not list((tmp_path / "cut").rglob("*.begun.npz"))
    again.deletion(whole)  # which reads the heatmaps


def test_an_image_of_the_same_name_with_another_content_is_read_anew(
    data, release, predictors, tmp_path
):
    own = shutil.copytree(data, tmp_path / "own")
    assert run(own, release, tmp_path) == 0
    shutil.copyfile(own / "images" / "5.png", own / "images" / "7.png")

    assert run(own, release, tmp_path) == 0

    assert predictors[1].asked == predictors[0].asked


def test_another_weight_of_the_evidence_is_read_anew_and_drops_what_the_former_was_measured_by(
    data, release, predictors, tmp_path
):
    reads_decoder = replace(
        read_release(release),
        files={"decoder.npz": "0" * 64},
        regions=RegionSettings(file="decoder.npz", threshold=0.5, least_cells=4),
        evidence=Evidence(weight=0.5),
    )
    write_release(reads_decoder)
    assert run(data, release, tmp_path) == 0
    metrics = json.loads((release / "metrics.json").read_text())
    (release / "metrics.json").write_text(json.dumps(metrics | {"gate": {"kinds": []}}))
    write_release(replace(read_release(release), evidence=Evidence(weight=0.6)))

    assert run(data, release, tmp_path) == 0

    assert predictors[1].asked == predictors[0].asked
    assert "gate" not in json.loads((release / "metrics.json").read_text())


@pytest.mark.parametrize(
    ("split", "said", "not_said"),
    [
        ("val", "on which the calibration and the threshold were chosen", "On the test"),
        ("test", "none of which has a near-duplicate in training:", "On the val"),
    ],
)
def test_the_words_are_those_of_the_split(
    data, release, predictors, tmp_path, split, said, not_said
):
    out = tmp_path / "out"
    described = read_description(evaluate.DESCRIPTION)
    of_this_one = replace(read_release(release), name=described.name, version=described.version)
    write_release(of_this_one)
    assert run(data, release, tmp_path, "--split", split, "--out", str(out)) == 0

    card = (out / "model-card.md").read_text(encoding="utf-8")
    assert said in card
    assert not_said not in card
    assert f"On the {split} slices it missed" in card


def test_another_split_never_becomes_part_of_a_release(data, release, tmp_path, capsys):
    assert run(data, release, tmp_path, "--split", "val") == 2
    assert "--out" in capsys.readouterr().err


def test_figures_elsewhere_leave_the_release_alone(data, release, predictors, tmp_path):
    before = (release / "release.json").read_text()
    out = tmp_path / "out"
    assert run(data, release, tmp_path, "--out", str(out), "--limit", "2") == 0
    assert json.loads((out / "metrics.json").read_text())["test"]["data"]["slices"] == 2
    assert (release / "release.json").read_text() == before
    assert not (release / "metrics.json").exists()


def test_a_part_of_the_slices_never_becomes_part_of_a_release(data, release, tmp_path, capsys):
    assert run(data, release, tmp_path, "--limit", "2") == 2
    assert "--out" in capsys.readouterr().err


@pytest.mark.parametrize("limit", ["0", "-3"])
def test_a_limit_that_leaves_no_slice_is_refused(data, release, tmp_path, capsys, limit):
    with pytest.raises(SystemExit):
        run(data, release, tmp_path, "--out", str(tmp_path / "out"), "--limit", limit)

    assert "no whole number from 1 on" in capsys.readouterr().err


def test_the_command_tells_what_is_missing(release, predictors, tmp_path, capsys):
    assert run(tmp_path, release, tmp_path) == 1
    assert "manifest.csv" in capsys.readouterr().err


def test_the_card_is_written_again_from_the_two_files(data, release, predictors, tmp_path, capsys):
    assert run(data, release, tmp_path) == 0
    path = tmp_path / "docs" / "card.md"
    assert card(["--release", str(release), "--out", str(path)]) == 0
    text = path.read_text()
    assert "](../release/figures/robustness-mild.svg)" in text
    assert "| Gate | none |" in text
    assert card(["--release", str(tmp_path), "--out", str(path)]) == 1
