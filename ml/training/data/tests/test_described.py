import csv
from pathlib import Path

import cv2
import numpy as np
import pytest

from ml.imaging.preprocessing import crop_square_area
from ml.training.data.cache import draw_mask
from ml.training.data.described import is_described, read_described, read_negatives
from ml.training.data.lesions import lesion_mask, mask_outlines
from ml.training.data.manifest import DataError
from ml.training.data.provenance import use_of
from ml.training.tests.data import draw_head, write_described_folder


def changed(folder: Path, **values: str) -> Path:
    """The folder with values of the first row of its manifest changed."""
    manifest = folder / "manifest.csv"
    with manifest.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    rows[0] |= values
    with manifest.open("w", encoding="utf-8", newline="") as file:
        table = csv.DictWriter(file, fieldnames=list(rows[0]))
        table.writeheader()
        table.writerows(rows)
    return folder


def test_slices_and_stacks_are_read_with_all_that_is_said_of_them(tmp_path: Path):
    slices = read_described(write_described_folder(tmp_path / "heads"))

    single, stacked = slices[1], slices[-2]
    assert len(slices) == 24 + 4
    assert single.tumor
    assert len(single.outlines) == 1
    assert single.provenance.patient == "hospital-0"
    assert (single.provenance.sequence, single.provenance.stripped) == ("FLAIR", "yes")
    assert single.provenance.level_band == "25-50 %"
    assert (stacked.provenance.stack, stacked.provenance.index) == ("hospital_0", 2)
    assert stacked.provenance.position_mm == 10.0
    assert stacked.provenance.tumor_in_head
    assert stacked.provenance.license == "CC0"  # of its source, where the stacks name none
    assert stacked.tumor
    assert stacked.outlines
    assert stacked.path.is_file()


def test_a_manifest_with_roles_is_told_from_one_without(tmp_path: Path, data_dir: Path):
    assert is_described(write_described_folder(tmp_path / "heads"))
    assert not is_described(data_dir)
    assert not is_described(tmp_path)


def test_a_mask_and_an_outline_of_the_same_lesion_give_the_same_array():
    circle = {"shape": "circle", "cx": 170, "cy": 110, "r": 30}
    geometry = crop_square_area(draw_head(1, tumor=False, size=280)).geometry
    traced = mask_outlines(lesion_mask([circle], height=280, width=280))

    from_mask = draw_mask(traced, geometry=geometry).astype(bool)
    from_outline = draw_mask([circle], geometry=geometry).astype(bool)

    assert (from_mask & from_outline).sum() / (from_mask | from_outline).sum() > 0.97


def test_a_mask_is_drawn_again_from_its_outlines():
    mask = np.zeros((40, 50), dtype=np.uint8)
    cv2.ellipse(mask, (20, 15), (9, 5), 30, 0, 360, 1, -1)
    mask[30:32, 40:45] = 1
    mask[38, 3] = 1

    drawn = lesion_mask(mask_outlines(mask.astype(bool)), height=40, width=50)

    assert np.array_equal(drawn, mask.astype(bool))


def test_what_is_no_brain_is_for_the_gate_alone(tmp_path: Path):
    negatives = read_negatives(write_described_folder(tmp_path / "heads"))

    assert {(one.source, one.use) for one in negatives} == {
        ("nb_xray", "weights"),
        ("nb_nc_ct", "statistics"),
    }


@pytest.mark.parametrize(
    ("role", "source", "license_", "use"),
    [
        ("train", "healthy", "CC BY 4.0", "weights"),
        ("train", "healthy", "BraTS research terms", "weights"),
        ("train", "nb_nc_anything", "CC0", "statistics"),
        ("train", "healthy", "CC BY-NC 4.0", "statistics"),
        ("train", "healthy", "terms (non-commercial)", "statistics"),
        ("train", "healthy", "no licence stated (somewhere)", "statistics"),
        ("validate", "healthy", "CC0", "look"),
    ],
)
def test_what_may_be_done_with_an_image_follows_from_role_source_and_license(
    role, source, license_, use
):
    assert use_of(role=role, source=source, license=license_) == use


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"role": "test"}, "the role 'test'"),
        ({"level": "high"}, "the level 'high', which is no number"),
        ({"mask": "nowhere.png"}, "nowhere.png cannot be used"),
        ({"mask": "train/hospital/0_0.png"}, None),
    ],
)
def test_a_value_that_is_none_is_told_with_its_file(tmp_path: Path, values, message):
    folder = changed(write_described_folder(tmp_path / "heads"), **values)
    if message is None:  # the mask of nothing
        cv2.imwrite(str(folder / values["mask"]), np.zeros((96, 96), dtype=np.uint8))
        message = "nothing is marked in it"

    with pytest.raises(DataError, match=message):
        read_described(folder)
