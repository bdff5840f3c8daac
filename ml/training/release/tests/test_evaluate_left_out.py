"""From the command line: what was left out of training, and a clinic's own folder."""

import json
import shutil
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import cv2
import numpy as np
import pytest

from ml.release.parts import Operating
from ml.release.releases import SHIPPED, read_release, write_release
from ml.tests.data_folder import write_data
from ml.training.evaluation.bootstrap import Bootstrap
from ml.training.release import evaluate
from ml.training.tests.data import (
    HEAD_LESION,
    HEAD_RADIUS,
    draw_head,
    write_class_folders,
    write_described_folder,
    write_manifest_folder,
)
from ml.training.tests.fake_predictor import FakePredictor

pytestmark = pytest.mark.long


@pytest.fixture(autouse=True)
def few_resamples(monkeypatch):
    """The intervals are not what is asked here."""
    monkeypatch.setitem(Bootstrap.__init__.__kwdefaults__, "resamples", 20)


@pytest.fixture
def release(tmp_path):
    """The shipped release's description, with nothing beside it yet."""
    return make_release(tmp_path / "release")


def make_release(folder):
    folder.mkdir()
    shipped = replace(read_release(SHIPPED), directory=folder, gate="none")
    write_release(replace(shipped, files={}, regions=None, evidence=None, series=None, engines=()))
    return folder


@pytest.fixture(autouse=True)
def predictors(monkeypatch):
    """Every predictor that was loaded; in place of the model."""
    made = []

    def load(directory, *, engine):
        made.append(FakePredictor(directory))
        return made[-1]

    monkeypatch.setattr(evaluate, "Predictor", SimpleNamespace(load=load))
    return made


@pytest.fixture
def clinic(tmp_path):
    """Six heads with a tumor, half of them with a mask, and six without; three patients."""
    folder = tmp_path / "our clinic"
    rows = ["file,patient,sequence,plane,level"]
    for name in ("tumor", "no_tumor", "masks"):
        (folder / name).mkdir(parents=True)
    for name in ("tumor", "no_tumor"):
        for number in range(6):
            image = draw_head(number + 50 * (name == "tumor"), tumor=name == "tumor")
            cv2.imwrite(str(folder / name / f"{number}.png"), image)
            rows.append(f"{name}/{number}.png,p{number % 3},FLAIR,axial,{number / 6:.2f}")
    for number in range(3):
        mask = cv2.circle(np.zeros((96, 96), np.uint8), HEAD_LESION, HEAD_RADIUS, 255, -1)
        cv2.imwrite(str(folder / "masks" / f"{number}.png"), mask)
    (folder / "images.csv").write_text("\n".join(rows), encoding="utf-8")
    return folder


def run(release, tmp_path, *more):
    return evaluate.main(
        [*("--release", str(release), "--store", str(tmp_path / "store")), *map(str, more)]
    )


def test_a_clinics_folder_is_judged_whole_without_touching_the_release(
    clinic, release, tmp_path, monkeypatch, capsys
):
    monkeypatch.chdir(tmp_path)
    before = {path.name: path.read_bytes() for path in release.iterdir()}

    assert run(release, tmp_path, "--data", clinic) == 0

    assert {path.name: path.read_bytes() for path in release.iterdir()} == before
    out = Path("var") / "evaluated" / "our clinic"
    found = json.loads((out / "metrics.json").read_text())["left_out"]
    assert (found["data"]["slices"], found["data"]["tumor"], found["data"]["outlined"]) == (
        12,
        6,
        3,
    )
    assert found["data"]["patients"] == 3
    printed = capsys.readouterr().out
    assert "Tumor against tumor-free slices of the same scans, FLAIR: AUC" in printed
    assert "Grad-CAM's peak on the lesion, FLAIR" in printed
    assert str(out / "report.md") in printed
    written = (out / "report.md").read_text(encoding="utf-8")
    assert "On these images" in written
    assert "Other displays, windows and photographs" in written
    assert (out / "figures" / "left-out-sensitivity.svg").is_file()


def test_a_folder_without_masks_or_table_is_judged_as_well(release, tmp_path, capsys):
    plain = write_class_folders(tmp_path / "plain", count=3)
    out = tmp_path / "out"

    assert run(release, tmp_path, "--data", plain, "--out", out) == 0

    found = json.loads((out / "metrics.json").read_text())["left_out"]
    assert found["data"]["slices"] == 6
    assert "Tumors, sequence not known: sensitivity" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("harm", "said"),
    [
        (lambda folder: shutil.rmtree(folder), "There is no folder"),
        (lambda folder: shutil.rmtree(folder / "tumor"), "mask of no image with a tumor"),
        (lambda folder: (folder / "images.csv").write_text("file\nx.png\n"), "no such image"),
        (lambda folder: (folder / "tumor" / "0.png").write_bytes(b"x"), "0.png cannot be used"),
    ],
    ids=["gone", "class", "table", "broken"],
)
def test_a_folder_that_is_not_what_it_must_be_is_told(
    clinic, release, tmp_path, capsys, harm, said
):
    harm(clinic)
    assert run(release, tmp_path, "--data", clinic, "--out", tmp_path / "out") == 1
    assert said in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_what_may_be_looked_at_becomes_part_of_the_release_beside_the_test(
    release, tmp_path, predictors
):
    data = write_manifest_folder(tmp_path / "data")
    heads = write_described_folder(tmp_path / "heads")
    (tmp_path / "gate.json").write_text(json.dumps({"gate": {"kinds": [], "brain": []}}))
    folders = ("--data", data, "--data", heads)

    assert run(release, tmp_path, *folders) == 0
    report_of_gate = ("--gate-report", tmp_path / "gate.json")
    assert run(release, tmp_path, *folders, "--split", "validate", *report_of_gate) == 0

    metrics = json.loads((release / "metrics.json").read_text())
    assert metrics["left_out"]["data"]["slices"] == 8
    assert metrics["test"]["data"]["slices"] == 8
    assert metrics["gate"] == {"kinds": [], "brain": []}
    uses = {row["source"]: row["uses"] for row in metrics["sources"]}
    assert uses["looked"] == ["chosen by"]
    assert uses["nb_nc_ct"] == ["gate statistics"]
    assert uses["hospital"] == ["trained"]
    scores = [score.name for score in read_release(release).scores]
    assert scores.index("Tumors, T1 with contrast: sensitivity") < scores.index("AUC")
    card = (release / "model-card.md").read_text(encoding="utf-8")
    assert card.index("On sources left out of training") < card.index("Right and wrong")


def test_a_release_that_was_fitted_on_what_it_is_judged_by_says_so(release, tmp_path):
    heads = write_described_folder(tmp_path / "heads")
    out = tmp_path / "out"
    fitted = Operating(
        dataset="val and validate", sensitivity=1, specificity=1, tumor=4, no_tumor=4
    )
    write_release(replace(read_release(release), operating=fitted))
    more = ("--split", "validate", "--out", out)

    assert run(release, tmp_path, "--data", heads, *more) == 0

    assert "were fitted on these slices" in (out / "report.md").read_text(encoding="utf-8")
    found = json.loads((out / "metrics.json").read_text())["left_out"]
    assert found["networks"][0]["fitted_on"] == "val and validate"
    assert found["cross_fitted"] is None  # all slices are of one source


def test_networks_of_folds_are_counted_together(release, tmp_path, predictors):
    heads = write_described_folder(tmp_path / "heads")
    fold = make_release(tmp_path / "fold")
    out = tmp_path / "out"
    more = ("--split", "validate", "--fold", f"{fold}=hospital", "--out", out)

    assert run(release, tmp_path, "--data", heads, *more) == 0

    found = json.loads((out / "metrics.json").read_text())["left_out"]
    assert found["data"]["slices"] == 8 + 8 + 4
    assert [one["hold_out"] for one in found["networks"]] == [[], ["hospital"]]
    assert {tuple(row["names"]) for row in found["strata"] if row["by"] == ["source"]} == {
        ("hospital",),
        ("looked",),
    }


def test_a_source_held_out_is_evaluated_alone_and_a_sample_is_drawn_of_all(release, tmp_path):
    heads = write_described_folder(tmp_path / "heads")
    out = tmp_path / "out"
    more = ("--split", "left-out", "--hold-out", "hospital", "--limit", "6", "--out", out)

    assert run(release, tmp_path, "--data", heads, *more) == 0

    data = json.loads((out / "metrics.json").read_text())["left_out"]["data"]
    assert (data["slices"], data["of"]) == (6, 12)


def test_two_folders_are_evaluated_as_one(release, tmp_path):
    heads = write_described_folder(tmp_path / "heads")
    for name in ("nb_xray", "nb_nc_ct"):
        (heads / "train" / name).mkdir()
        cv2.imwrite(str(heads / "train" / name / "0.png"), np.zeros((96, 96), np.uint8))
    plain = write_class_folders(tmp_path / "clinic")
    out = tmp_path / "out"
    more = ("--data", plain, "--split", "all", "--out", out)

    assert run(release, tmp_path, "--data", heads, *more) == 0

    found = json.loads((out / "metrics.json").read_text())["left_out"]
    assert found["data"]["slices"] == 28 + 20
    assert {kind["kind"] for kind in found["turned_away"]["kinds"]} == {"nb_xray", "nb_nc_ct"}


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (("--fold", "x=hospital"), "--fold is for sources left out"),
        (("--split", "left-out"), "become part of a release"),
        (("--split", "validate", "--limit", "3"), "--limit is for trying"),
    ],
)
def test_what_cannot_become_part_of_a_release_is_told(release, tmp_path, capsys, more, said):
    data = write_data(tmp_path / "data")
    assert run(release, tmp_path, "--data", data, *more) == 2
    assert said in capsys.readouterr().err


def test_a_fold_is_a_release_and_a_name(release, tmp_path, capsys):
    with pytest.raises(SystemExit):
        run(release, tmp_path, "--data", tmp_path, "--fold", "nothing")
    assert "is not RELEASE=NAME" in capsys.readouterr().err


def test_the_report_of_a_gate_must_be_one(release, tmp_path, capsys):
    heads = write_described_folder(tmp_path / "heads")
    (tmp_path / "gate.json").write_text("{}")
    more = ("--split", "validate", "--gate-report", tmp_path / "gate.json")
    assert run(release, tmp_path, "--data", heads, *more, "--out", tmp_path / "out") == 1
    assert "is no report of a gate" in capsys.readouterr().err
