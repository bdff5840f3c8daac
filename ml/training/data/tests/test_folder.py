from pathlib import Path

import numpy as np
import pytest

from ml.training.data.folder import read_folder
from ml.training.data.manifest import DataError
from ml.training.data.near_duplicates import clusters, split_clusters, thumbnail
from ml.training.data.sampling import Sampling, make_pools
from ml.training.tests.data import write_class_folders


def test_a_manifest_keeps_its_own_splits(data_dir: Path):
    items = read_folder(data_dir, seed=1)

    assert [item.split for item in items].count("train") == 16
    assert [item.split for item in items].count("val") == 8


def test_class_folders_are_split_so_that_near_duplicates_stay_together(tmp_path: Path):
    items = read_folder(write_class_folders(tmp_path / "brain"), seed=1)

    by_name = {(item.slice.kind, item.slice.path.stem): item for item in items}
    for kind in ("yes", "no"):
        first, copy = by_name[kind, "0"], by_name[kind, "9"]
        assert first.slice.cluster == copy.slice.cluster
        assert first.split == copy.split
    of_cluster: dict[str, set[str]] = {}
    for item in items:
        of_cluster.setdefault(item.slice.cluster, set()).add(item.split)
    assert all(len(splits) == 1 for splits in of_cluster.values())
    assert {item.split for item in items} == {"train", "val", "test"}


def test_the_label_of_a_class_folder_is_its_name(tmp_path: Path):
    items = read_folder(write_class_folders(tmp_path / "brain", count=10), seed=1)

    assert {(item.slice.kind, item.slice.tumor) for item in items} == {("yes", True), ("no", False)}


def test_too_few_images_for_a_split_are_told(tmp_path: Path):
    with pytest.raises(DataError, match="too few images for a split: val"):
        read_folder(write_class_folders(tmp_path / "brain", count=3), seed=1)


def test_class_folders_are_one_source_whatever_their_folder_is_called(tmp_path: Path):
    items = read_folder(write_class_folders(tmp_path / "four-class"), seed=1)

    assert len(set(make_pools(items, sampling=Sampling()).families)) == 1


@pytest.mark.parametrize("names", [(), ("yes",), ("cats", "dogs")])
def test_a_folder_without_both_classes_is_refused_with_what_to_do(tmp_path: Path, names):
    for name in names:
        (tmp_path / name).mkdir()

    with pytest.raises(DataError, match="name those folders yes and no"):
        read_folder(tmp_path, seed=1)


def test_chains_of_near_duplicates_are_one_cluster():
    first, last = np.eye(2, 1024, dtype=np.float32)
    angles = np.deg2rad([0.0, 15.0, 30.0, 90.0])  # neighbors correlate 0.97, the ends 0.87
    chain = np.stack([np.cos(a) * first + np.sin(a) * last for a in angles]).astype(np.float32)

    assert clusters(chain) == [0, 0, 0, 1]


def test_a_constant_image_is_no_near_duplicate_of_anything():
    flat = thumbnail(np.full((224, 224), 7, dtype=np.uint8))

    assert not flat.any()
    assert clusters(np.stack([flat, flat])) == [0, 1]


def test_another_seed_gives_another_split():
    cluster_of, labels = list(range(40)), ["yes", "no"] * 20

    splits = [split_clusters(cluster_of, labels, seed=seed) for seed in (1, 1, 2)]

    assert splits[0] == splits[1] != splits[2]
    assert list(splits[0].values()).count("train") == 32
