"""A plain folder a class, with masks and a table of what is known of the images."""

import cv2
import numpy as np
import pytest

from ml.training.data.class_folders import read_class_folders
from ml.training.data.folders import read_folders, read_slices
from ml.training.data.manifest import DataError
from ml.training.data.provenance import UNKNOWN
from ml.training.tests.data import HEAD_LESION, HEAD_RADIUS, draw_head

SIZE = 96


@pytest.fixture
def folder(tmp_path):
    """Two images with a tumor, one of them with a mask, and two without."""
    for seed, name in enumerate(("tumor/a", "tumor/deep/b", "no_tumor/a", "no_tumor/c")):
        path = tmp_path / f"{name}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        cv2.imwrite(str(path), draw_head(seed, tumor=name.startswith("tumor"), size=SIZE))
    write_mask(tmp_path, "deep/b")
    return tmp_path


def write_mask(folder, name, *, size=SIZE, radius=HEAD_RADIUS):
    path = folder / "masks" / f"{name}.png"
    path.parent.mkdir(parents=True, exist_ok=True)
    mask = np.zeros((size, size), np.uint8)
    if radius:
        cv2.circle(mask, HEAD_LESION, radius, 255, -1)
    cv2.imwrite(str(path), mask)


def by_file(folder):
    return {item.provenance.file: item for item in read_class_folders(folder)}


def test_a_mask_is_found_by_the_name_of_its_image(folder):
    found = by_file(folder)

    assert [name for name, item in found.items() if item.outlines] == ["tumor/deep/b.png"]
    assert {name: item.tumor for name, item in found.items()} == {
        "no_tumor/a.png": False,
        "no_tumor/c.png": False,
        "tumor/a.png": True,
        "tumor/deep/b.png": True,
    }


def test_the_table_tells_what_is_known_of_some_images(folder):
    (folder / "images.csv").write_text(
        "file,patient,sequence,level,stripped,kind\nno_tumor/a.png,p1,FLAIR,0.3,no,ms\n"
    )
    found = by_file(folder)

    told, rest = found["no_tumor/a.png"], found["no_tumor/c.png"]
    assert (told.kind, told.provenance.patient, told.provenance.level) == ("ms", "p1", 0.3)
    assert (told.provenance.sequence, told.provenance.stripped) == ("FLAIR", "no")
    assert told.provenance.plane == rest.provenance.sequence == UNKNOWN
    assert rest.kind == "no_tumor"


@pytest.mark.parametrize(
    ("table", "said"),
    [
        ("file,level\nno_tumor/a.png,high\n", "from 0 \\(base\\) to 1 \\(vertex\\)"),
        ("file,level\nno_tumor/a.png,1.5\n", "from 0 \\(base\\) to 1 \\(vertex\\)"),
        ("file\na.png\n", "there is no such image"),
        ("name\na.png\n", "lacks the columns: file"),
    ],
)
def test_a_table_that_does_not_fit_is_refused(folder, table, said):
    (folder / "images.csv").write_text(table)
    with pytest.raises(DataError, match=said):
        read_class_folders(folder)


def test_a_mask_of_no_image_of_another_size_or_of_nothing_is_refused(folder):
    write_mask(folder, "a", size=80)
    with pytest.raises(DataError, match=r"80 x 80 pixels, and its image .* 96 x 96"):
        read_class_folders(folder)
    write_mask(folder, "a", radius=0)
    with pytest.raises(DataError, match="nothing is marked"):
        read_class_folders(folder)
    write_mask(folder, "a")
    write_mask(folder, "c")
    with pytest.raises(DataError, match="mask of no image with a tumor"):
        read_class_folders(folder)


def test_two_images_that_would_share_a_mask_are_refused(folder):
    cv2.imwrite(str(folder / "tumor" / "a.jpg"), draw_head(9, tumor=True))
    with pytest.raises(DataError, match="would have one mask"):
        read_class_folders(folder)


def test_a_folder_that_is_evaluated_whole_may_be_small_and_of_one_class(folder):
    assert len(read_slices(folder, split="all")) == 4
    for path in (folder / "no_tumor").iterdir():
        path.unlink()
    alone = [item for item in read_slices(folder, split="all") if not item.outlines]
    assert [item.provenance.file for item in alone] == ["tumor/a.png"]


def test_a_patient_stays_on_one_side_of_a_split(tmp_path):
    for name in ("tumor", "no_tumor"):
        (tmp_path / name).mkdir()
        for number in range(20):
            seed = number + 100 * (name == "tumor")
            image = draw_head(seed, tumor=name == "tumor")
            cv2.imwrite(str(tmp_path / name / f"{number}.png"), image)
    rows = [f"{name}/{n}.png,{name}{n // 2}" for name in ("tumor", "no_tumor") for n in range(20)]
    (tmp_path / "images.csv").write_text("\n".join(["file,patient", *rows]))

    sides = {}
    for item in read_folders([tmp_path], seed=1):
        sides.setdefault(item.slice.provenance.patient, set()).add(item.split)

    assert len(sides) == 20
    assert all(len(splits) == 1 for splits in sides.values())
