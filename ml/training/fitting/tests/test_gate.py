import csv
import json

import cv2
import numpy as np
import pytest

from ml.gate import open_gate
from ml.gate.brain_mri import GATE_FILE
from ml.gate.brain_mri_3 import BrainMri3
from ml.imaging.phantom import draw_phantom
from ml.predictor import Predictor
from ml.release.releases import read_release
from ml.tests.engine_release import write_full_release
from ml.tests.gate_maps import Described
from ml.tests.widths import WIDTHS
from ml.training.fitting.gate import fit_arrays, fit_gate, main
from ml.training.fitting.gate_moments import fit_similarity
from ml.training.fitting.gate_report import report
from ml.training.fitting.gate_samples import read_samples
from ml.training.gate_negatives import FITTED, draw
from ml.training.tests.data import write_described_folder, write_manifest_folder

pytestmark = pytest.mark.long


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    """Phantoms with splits; heads with roles, and other things whose images are there too."""
    folder = tmp_path_factory.mktemp("gate")
    heads = write_described_folder(folder / "heads")
    with (heads / "manifest.csv").open(encoding="utf-8") as file:
        others = [row["file"] for row in csv.DictReader(file) if not row["tumor"]]
    for name, image in zip(others, draw({"page": FITTED["page"]}, each=9, seed=7), strict=False):
        (heads / name).parent.mkdir(parents=True, exist_ok=True)
        cv2.imwrite(str(heads / name), image[1])
    return [write_manifest_folder(folder / "phantoms", per_group=4), heads]


@pytest.fixture(scope="module")
def samples(data):
    return read_samples(data, describe=Described(), drawn_each=2)


@pytest.fixture(scope="module")
def fitted(samples):
    return fit_arrays(samples)


def test_images_that_may_be_looked_at_are_described_as_they_are_and_not_fitted(samples):
    looked = [row for row in samples.rows if row.use == "look"]

    assert {row.split for row in looked} == {"val", "validate"}
    assert {row.version for row in looked} == {"as is"}
    place = next(place for place, row in enumerate(samples.rows) if row.split == "validate")
    fitted = [place for place, row in enumerate(samples.rows) if row.split == "train"]
    with pytest.raises(ValueError, match="may only be looked at"):
        fit_similarity(samples, chosen=[*fitted, place])


def test_no_described_image_is_stored_in_the_gate(samples, fitted):
    arrays = fitted.arrays
    train = samples.described[[row.split == "train" for row in samples.rows]]
    scaled = np.clip((train - arrays["mean"]) * arrays["scale"], -5, 5) @ arrays["axes"]
    landmarks = arrays["landmarks"].astype(np.float32)
    squared = ((scaled[:, None] - landmarks) ** 2).sum(axis=2)

    among = ((scaled[:, None] - scaled) ** 2).sum(axis=2)
    # A stored image would be found at rounding's distance, 1e-8 of this.
    assert squared.min() > 0.001 * np.median(among)


def test_a_kind_that_gives_statistics_alone_is_among_the_groups(samples):
    assert {row.use for row in samples.rows if row.kind == "nb_nc_ct"} == {"statistics"}


def test_the_report_leaves_out_every_kind_and_every_source_in_turn(samples, fitted):
    section = report(samples, fitted.arrays, fitted.left_out)

    kinds = {(row["kind"], row["split"]) for row in section["kinds"]}
    assert kinds == {
        (kind, split)
        for kind in ("nb_xray", "nb_nc_ct", "all")
        for split in ("kind-left-out", "source-left-out")
    }
    left_out = {row["source"] for row in section["brain"] if row["split"] == "source-left-out"}
    assert {"hospital", "healthy", "br35h", "four-class", "all", "stripped"} <= left_out
    looked = {row["source"] for row in section["brain"] if row["split"] == "validate"}
    assert looked == {"looked", "all", "stripped"}
    for row in (*section["kinds"], *section["brain"]):
        assert 0 <= row["low"] <= row["turned_away"] <= row["high"] <= 1
        assert row["n"] > 0


def test_the_limit_is_set_by_what_no_fit_saw(samples, fitted):
    limit = float(fitted.arrays["least_similarity"])
    brains = np.array([row.brain and row.version == "as is" for row in samples.rows])
    seen = np.array([row.split == "val" for row in samples.rows])
    unseen = fitted.left_out.by_source[brains & ~seen]

    assert np.isfinite(unseen).all()
    assert limit <= np.quantile(unseen, 0.1)


@pytest.fixture(scope="module")
def release(tmp_path_factory, release_dir):
    folder = tmp_path_factory.mktemp("release")
    return write_full_release(folder, shipped=release_dir, widths=WIDTHS["odd"])


def test_fitting_adds_a_gate_that_is_the_same_every_time(data, release):
    fitted = fit_gate(release=release, data=data, drawn_each=1)
    first = (release.directory / GATE_FILE).read_bytes()
    fit_gate(release=release, data=data, drawn_each=1)

    assert (release.directory / GATE_FILE).read_bytes() == first
    assert len(first) < 2_000_000
    assert fitted.gate == "brain-mri-3"
    assert read_release(release.directory).files == fitted.files
    assert isinstance(open_gate(fitted), BrainMri3)
    predictor = Predictor.load(release.directory, engine="openvino-f32")
    assert predictor.predict(draw_phantom(seed=77, size=160, lesion=False)).distance is not None


def test_the_command_writes_the_file_and_the_report(data, release, tmp_path, capsys):
    folders = [part for folder in data for part in ("--data", str(folder))]
    out, kept = tmp_path / "out", tmp_path / "samples.npz"
    command = [*folders, "--release", str(release.directory), "--out", str(out)]
    command += ["--samples", str(kept), "--report", str(tmp_path / "g.json")]

    assert main(command) == 0
    first = (out / GATE_FILE).read_bytes()
    assert main(command) == 0  # of the descriptions that were kept

    assert len((out / GATE_FILE).read_bytes()) == len(first)
    section = json.loads((tmp_path / "g.json").read_text(encoding="utf-8"))["gate"]
    assert section["kinds"][0]["kind"] in capsys.readouterr().out


def test_a_folder_that_is_none_is_a_sentence(release, tmp_path, capsys):
    where = ["--release", str(release.directory), "--out", str(tmp_path)]

    assert main(["--data", str(tmp_path / "no"), *where]) == 1
    assert "no" in capsys.readouterr().err
