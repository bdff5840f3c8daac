"""The command, from stacks of drawn heads to the section of a release; a brightness reads them."""

import csv
import json
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import cv2
import numpy as np
import pytest

from ml.imaging.phantom import draw_phantom
from ml.imaging.preprocessing import crop_square_area
from ml.predictor import Predictor
from ml.release.parts import Evidence, RegionSettings
from ml.release.releases import Release, file_sha256, read_release, write_release
from ml.series import evidence_of
from ml.tests.trial_release import trial_release
from ml.training.data.described import COLUMNS, STACK_COLUMNS
from ml.training.fit_series import main

PATIENTS, SLICES, SIZE = 8, 6, 96
MIDDLE, RADIUS = (40, 56), 9


class Brightness:
    """A predictor whose decoder sees what is white."""

    engine = "brightness"
    images = 0

    def __init__(self, release: Release) -> None:
        self.release = release

    def predict_many(self, images):
        Brightness.images += len(images)
        return [SimpleNamespace(evidence=self._evidence(image)) for image in images]

    @staticmethod
    def _evidence(image):
        prepared = crop_square_area(image)
        white = cv2.resize(prepared.tensor[:, :, 0], (56, 56), interpolation=cv2.INTER_AREA)
        lesion = np.where(white > 0.9, 3.0, -5.0).astype(np.float32)
        logit = 3.0 if (lesion > 0).sum() > 6 else -3.0
        return evidence_of(logit=logit, lesion=lesion, geometry=prepared.geometry, level=0.0)


def write_stacks(folder: Path) -> Path:
    """Tumor stacks of a hospital and stacks without of a school, all FLAIR."""
    rows = []
    for source, tumor in (("hospital", True), ("school", False)):
        for patient in range(PATIENTS):
            name = f"{source}_{patient}"
            for index in range(SLICES):
                file = f"{name}/{index:03}.png"
                path = folder / "stacks" / file
                path.parent.mkdir(parents=True, exist_ok=True)
                image = draw_phantom(seed=patient, size=SIZE, lesion=False)
                image = np.minimum(image, 180)
                shown = tumor and 1 <= index <= 4
                if shown:
                    cv2.circle(image, MIDDLE, RADIUS, 255, -1)
                    mask = cv2.circle(np.zeros_like(image), MIDDLE, RADIUS, 255, -1)
                    cv2.imwrite(str(path.with_name(f"{index:03}-mask.png")), mask)
                cv2.imwrite(str(path), image)
                rows.append(
                    {
                        "file": file,
                        "stack": name,
                        "index": index,
                        "position_mm": 5.0 * index,
                        "level": index / SLICES,
                        "patient": name,
                        "sequence": "FLAIR",
                        "tumor_in_head": int(tumor),
                        "tumor": int(shown),
                        "mask": file.replace(".png", "-mask.png") if shown else "",
                        "stripped": 0,
                        "source": source,
                        "license": "CC0",
                    }
                )
    for path, columns, content in (
        (folder / "manifest.csv", COLUMNS, []),
        (folder / "stacks" / "stacks.csv", STACK_COLUMNS, rows),
    ):
        with path.open("w", newline="", encoding="utf-8") as file:
            table = csv.DictWriter(file, fieldnames=columns)
            table.writeheader()
            table.writerows(content)
    return folder


@pytest.fixture
def folder(tmp_path) -> Path:
    return write_stacks(tmp_path / "heads")


@pytest.fixture
def release_dir(tmp_path) -> Path:
    directory = tmp_path / "release"
    directory.mkdir()
    (directory / "decoder.npz").write_bytes(b"a decoder")
    write_release(
        trial_release(
            directory,
            files={"decoder.npz": file_sha256(directory / "decoder.npz")},
            regions=RegionSettings(file="decoder.npz", threshold=0.5, least_cells=4),
        )
    )
    return directory


@pytest.fixture(autouse=True)
def brightness(monkeypatch):
    def load(directory, *, engine, evidence):
        assert evidence
        return Brightness(read_release(directory))

    monkeypatch.setattr(Predictor, "load", load)
    Brightness.images = 0


def run(folder: Path, release_dir: Path, *readers: str) -> int:
    options = ["--release", str(release_dir), "--data", str(folder)]
    options += ["--store", str(release_dir.parent / "store")]
    for reader in readers:
        options += ["--reader", f"{release_dir}={reader}"]
    return main(options)


def test_stacks_of_sequences_that_are_not_asked_for_are_read_and_not_fitted(
    folder, release_dir, capsys
):
    options = ["--release", str(release_dir), "--data", str(folder), "--sequence", "T1c"]
    options += ["--store", str(release_dir.parent / "store")]

    assert main([*options, "--reader", f"{release_dir}=all"]) == 1

    assert "No sequence has 8 stacks" in capsys.readouterr().err
    assert read_release(release_dir).series is None


def test_the_release_gets_its_rule_and_says_what_the_source_alone_tells(
    folder, release_dir, capsys
):
    assert run(folder, release_dir, "hospital", "school") == 0

    release = read_release(release_dir)
    found = json.loads((release_dir / "series.json").read_text(encoding="utf-8"))
    assert release.series is not None
    assert release.series.operating.sensitivity > 0.8
    assert release.series.operating.specificity > 0.8
    assert release.series.operating.patients == 2 * PATIENTS
    assert release.files["series.json"] == file_sha256(release_dir / "series.json")
    assert found["source_alone"]["as_they_are"] == 1.0
    assert found["source_alone"]["by_weight"] == pytest.approx(4 / 7, abs=0.01)
    assert found["all"]["any_slice"]["sensitivity"]["n"] >= PATIENTS
    assert "The source alone tells the label of 100% as they are" in capsys.readouterr().out


def test_what_was_read_is_not_read_again(folder, release_dir):
    run(folder, release_dir, "hospital,school")
    read = Brightness.images
    rule = read_release(release_dir).series

    run(folder, release_dir, "hospital,school")

    assert read > 2 * PATIENTS * SLICES
    assert Brightness.images == read
    assert read_release(release_dir).series == rule


def test_what_another_weight_of_the_evidence_said_is_not_taken_over(folder, release_dir):
    write_release(replace(read_release(release_dir), evidence=Evidence(weight=0.5)))
    run(folder, release_dir, "hospital,school")
    read = Brightness.images
    write_release(replace(read_release(release_dir), evidence=Evidence(weight=0.6)))

    run(folder, release_dir, "hospital,school")

    assert Brightness.images == 2 * read


def test_a_stack_is_read_by_no_network_that_may_have_trained_on_it(folder, release_dir, capsys):
    assert run(folder, release_dir, "hospital") == 0

    found = json.loads((release_dir / "series.json").read_text(encoding="utf-8"))
    assert found["without_a_reader"] == ["school"]
    assert set(found["by_source"]) == {"hospital FLAIR"}


@pytest.mark.parametrize(
    ("readers", "says"),
    [(("nowhere",), "no source 'nowhere' to hold out"), (("school",), "No sequence has")],
)
def test_what_cannot_be_fitted_is_said_in_a_sentence(folder, release_dir, capsys, readers, says):
    # Without a tumor stack nothing can be planted either.
    assert run(folder, release_dir, *readers) == 1

    assert says in capsys.readouterr().err
    assert read_release(release_dir).series is None


def test_a_reader_without_its_held_out_sources_is_refused(folder, release_dir, capsys):
    with pytest.raises(SystemExit):
        main(["--release", str(release_dir), "--data", str(folder), "--reader", str(release_dir)])

    assert "RELEASE=HELD_OUT" in capsys.readouterr().err
