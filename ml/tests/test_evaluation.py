"""Measuring a release and making one, on phantoms: only the machinery is judged here."""

import json

import numpy as np
import pytest

from ml import evaluate_release, make_release
from ml.manifest import read_split
from ml.predictor import Abstention, Prediction
from ml.releases import read_release, verify
from ml.tests.data_folder import write_data


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    return write_data(tmp_path_factory.mktemp("data"))


def outcome(item, *, probability=None, peak=(80, 80)):
    if probability is None:
        result = Abstention(reason="unreadable_contrast", sentence="No.", engine="x", model_ms=1.0)
    else:
        tumor = probability >= 0.5
        result = Prediction(
            probability=probability,
            label="tumor" if tumor else "no_tumor",
            confidence=max(probability, 1 - probability),
            threshold=0.5,
            heatmap=np.zeros((160, 160), np.uint8),
            heatmap_peak=peak,
            engine="x",
            model_ms=1.0,
        )
    return evaluate_release.Outcome(slice=item, width=160, height=160, result=result)


def test_figures_count_what_they_say(data):
    negative, within, other, positive = read_split(data, split="test")
    outcomes = [
        outcome(negative, probability=0.2),
        outcome(within, probability=0.9),
        outcome(other, probability=0.6),
        outcome(positive, probability=0.4, peak=None),
    ]

    figures = {
        (item.name, item.n): item.value for item in evaluate_release.score(outcomes, split="test")
    }

    assert figures[("AUC", 4)] == 0.75
    assert figures[("AUC within one source", 3)] == 1.0
    assert figures[("Accuracy", 4)] == 0.5
    assert figures[("Sensitivity", 2)] == 0.5
    assert figures[("Specificity", 2)] == 0.5
    assert figures[("Heatmap peak on the lesion", 2)] == 0.5
    assert figures[("Heatmap peak on the lesion", 1)] == 1.0
    assert figures[("Abstained", 4)] == 0.0


def test_abstentions_are_counted_apart_and_what_cannot_be_known_is_left_out(data):
    negative, within, *_ = read_split(data, split="test")

    scores = evaluate_release.score(
        [outcome(negative, probability=0.1), outcome(within)], split="test"
    )

    figures = {item.name: item for item in scores}
    assert figures["Abstained"].value == 0.5
    assert figures["Accuracy"].n == 1
    assert "AUC" not in figures
    assert "Sensitivity" not in figures


def test_the_command_prints_json(data, capsys):
    assert evaluate_release.main(["--data", str(data), "--split", "test"]) == 0

    report = json.loads(capsys.readouterr().out)
    assert report["images"] == 4
    assert {"name", "dataset", "value", "n", "low", "high", "note"} == set(report["scores"][0])


def test_the_command_tells_what_is_missing(tmp_path, capsys):
    assert evaluate_release.main(["--data", str(tmp_path)]) == 1

    assert "manifest.csv" in capsys.readouterr().err


def test_a_release_is_made_again_from_its_own_description(data, release_dir, tmp_path, capsys):
    arguments = [
        *("--weights", str(release_dir / "weights.npz")),
        *("--description", str(release_dir / "release.json")),
        *("--data", str(data), "--out", str(tmp_path / "made"), "--fit-temperature"),
    ]

    assert make_release.main(arguments) == 0

    made, shipped = read_release(tmp_path / "made"), read_release(release_dir)
    verify(made)
    assert made.sha256 == shipped.sha256
    assert made.card == shipped.card
    assert made.calibration.method == "temperature"
    assert {item.name for item in made.scores} >= {"AUC", "Accuracy"}

    assert make_release.main(arguments) == 1
    assert "already holds a release" in capsys.readouterr().err


def test_a_description_that_lacks_something_is_told(data, release_dir, tmp_path, capsys):
    (tmp_path / "card.json").write_text('{"name": "x"}', encoding="utf-8")

    status = make_release.main(
        [
            *("--weights", str(release_dir / "weights.npz")),
            *("--description", str(tmp_path / "card.json")),
            *("--data", str(data), "--out", str(tmp_path / "made")),
        ]
    )

    assert status == 1
    assert "does not describe a release" in capsys.readouterr().err
