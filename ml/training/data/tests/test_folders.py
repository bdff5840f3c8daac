import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from ml.training.data import folders as module
from ml.training.data.folder import read_folder
from ml.training.data.folders import read_folders, read_slices, training_set
from ml.training.data.folds import source_folds
from ml.training.data.manifest import DataError
from ml.training.data.roles import ForbiddenTrainingError, check_training_set
from ml.training.tests.data import write_described_folder


@pytest.fixture
def heads(tmp_path: Path) -> Path:
    return write_described_folder(tmp_path / "heads")


def test_a_folder_alone_is_read_as_it_always_was(data_dir: Path):
    once, before = read_folders([data_dir], seed=1), read_folder(data_dir, seed=1)

    assert once == before


def test_two_folders_are_one_data_set_whose_clusters_do_not_meet(data_dir: Path, heads: Path):
    items = read_folders([data_dir, heads], seed=1)

    first = {item.slice.cluster for item in items if item.slice.provenance.folder == "brain"}
    second = {item.slice.cluster for item in items if item.slice.provenance.folder == "heads"}
    assert first
    assert second
    assert not first & second
    assert {item.split for item in items} == {"train", "val", "test", "validate"}
    assert {item.slice.provenance.sequence for item in items} == {
        "unknown",
        "FLAIR",
        "T1",
        "T1c",
        "T2",
    }


def test_a_patient_is_on_one_side_with_singles_and_stack(heads: Path):
    for seed in range(5):
        items = read_folders([heads], seed=seed)

        sides: dict[str, set[str]] = {}
        for item in items:
            sides.setdefault(item.slice.provenance.patient, set()).add(item.split)
        assert all(len(splits) == 1 for splits in sides.values())
        assert sides["looked-0"] == sides["looked-1"] == {"validate"}


def test_two_folders_of_one_name_are_refused(tmp_path: Path, heads: Path):
    other = tmp_path / "more" / "heads"
    shutil.copytree(heads, other)

    with pytest.raises(DataError, match="Two data folders are called heads"):
        read_folders([heads, other], seed=1)


def test_a_whole_source_is_held_out_of_train_and_val(data_dir: Path, heads: Path):
    items = read_folders([data_dir, heads], seed=1, hold_out=["hospital"])

    splits = {item.split for item in items if item.slice.source == "hospital"}
    assert splits == {"left-out"}
    held = read_slices([data_dir, heads], split="left-out", hold_out=["hospital"])
    assert {item.source for item in held} == {"hospital"}


def test_over_all_folds_each_source_is_held_out_once(data_dir: Path, heads: Path):
    whole = read_folders([data_dir, heads], seed=1)
    held: list[str] = []
    for number in (1, 2, 3):
        items = read_folders([data_dir, heads], seed=1, hold_out=[f"fold-{number}-of-3"])
        out = [item for item in items if item.split == "left-out"]
        assert {item.slice.tumor for item in out} == {True, False} or number > 2
        held += sorted({str(item.slice.path) for item in out})
        tests = [item.slice.path for item in items if item.split in ("test", "validate")]
        assert tests == [i.slice.path for i in whole if i.split in ("test", "validate")]

    trained = [str(item.slice.path) for item in whole if item.split in ("train", "val")]
    assert sorted(held) == sorted(trained)


def test_families_with_tumors_are_spread_over_the_folds(data_dir: Path):
    items = read_folder(data_dir, seed=1)[:6]
    tumors = [True, True, True, False, False, False]
    items = [
        replace(item, split="train", slice=replace(item.slice, tumor=tumor))
        for item, tumor in zip(items, tumors, strict=True)
    ]

    folds = source_folds(items, families=["a", "a", "b", "c", "c", "d"], folds=2)

    assert folds == (("a", "c"), ("b", "d"))


@pytest.mark.parametrize("name", ["nowhere", "fold-4-of-3", "fold-1-of-90", "looked"])
def test_what_cannot_be_held_out_is_told(data_dir: Path, heads: Path, name):
    with pytest.raises(DataError, match=r"hold out|folds"):
        read_folders([data_dir, heads], seed=1, hold_out=[name])


def test_exceptions_can_be_put_aside(data_dir: Path, monkeypatch: pytest.MonkeyPatch):
    whole = read_folders([data_dir], seed=1)
    chosen = {split: next(i for i in whole if i.split == split) for split in ("train", "test")}
    listed = {("brain", one.slice.provenance.file): "a head CT" for one in chosen.values()}
    monkeypatch.setattr(module, "read_exceptions", lambda: listed)

    items = read_folders([data_dir], seed=1, exceptions=False)

    aside = [item.slice.path for item in items if item.split == "aside"]
    assert aside == [chosen["train"].slice.path]  # of the test they are measured both ways
    assert not any(i.split == "aside" for i in read_folders([data_dir], seed=1))


def test_a_training_set_without_conflicts_is_left_as_it_is(data_dir: Path, heads: Path, tmp_path):
    items = read_folders([data_dir, heads], seed=1)

    kept, left = training_set(items, without_copies=False, store=tmp_path / "thumbnails.npz")

    assert (kept, left) == (items, 0)
    again, _ = training_set(items, without_copies=False, store=tmp_path / "thumbnails.npz")
    assert again == items


def with_role(items, *, source, **changes):
    """The items with the provenance of a source changed."""
    return [
        replace(
            item,
            slice=replace(item.slice, provenance=replace(item.slice.provenance, **changes)),
        )
        if item.slice.source == source
        else item
        for item in items
    ]


def test_a_file_that_may_only_be_looked_at_is_refused_and_cannot_be_left_out(heads: Path, tmp_path):
    items = with_role(read_folders([heads], seed=1), source="hospital", role="validate")
    store = tmp_path / "thumbnails.npz"

    for without_copies in (False, True):
        with pytest.raises(ForbiddenTrainingError, match=r"0_0\.png .* has the role validate"):
            training_set(items, without_copies=without_copies, store=store)


def test_a_file_under_a_non_commercial_license_is_refused(heads: Path):
    items = with_role(read_folders([heads], seed=1), source="hospital", license="CC BY-NC 4.0")

    with pytest.raises(
        ForbiddenTrainingError, match=r"hospital \(CC BY-NC 4.0\).*statistics alone"
    ):
        check_training_set(items, thumbnails=None)


def test_a_patient_of_a_file_that_may_only_be_looked_at_is_refused(heads: Path, tmp_path):
    items = with_role(read_folders([heads], seed=1), source="hospital", patient="looked-1")

    with pytest.raises(ForbiddenTrainingError, match=r"shows the patient of validate/looked/1_0"):
        training_set(items, without_copies=False, store=tmp_path / "thumbnails.npz")


def test_a_near_duplicate_in_another_folder_is_refused_or_left_out(
    data_dir: Path, heads: Path, tmp_path: Path
):
    brain = tmp_path / "brain"
    shutil.copytree(data_dir, brain)
    trained = next(i for i in read_folders([brain], seed=1) if i.split == "train").slice.path
    shutil.copy(heads / "validate/looked/1_3.png", trained)
    items = read_folders([brain, heads], seed=1)
    store = tmp_path / "thumbnails.npz"

    with pytest.raises(
        ForbiddenTrainingError, match="near-duplicate of validate/looked/1_3"
    ) as told:
        training_set(items, without_copies=False, store=store)
    kept, left = training_set(items, without_copies=True, store=store)

    assert str(trained) in str(told.value)
    assert "--leave-out-copies" in str(told.value)
    assert left == 1
    assert [i.slice.path for i in kept if i.split == "aside"] == [trained]


def test_thumbnails_are_made_once(heads: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    items, store = read_folders([heads], seed=1), tmp_path / "kept" / "thumbnails.npz"
    first = module.read_thumbnails(items, store=store)
    monkeypatch.setattr(module, "prepare", None)  # nothing is read again

    assert np.array_equal(module.read_thumbnails(items[::-1], store=store), first[::-1])
