"""What is done to a slice before it is trained on, on drawn heads."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from ml.training.augmentation.settings import Augmentation
from ml.training.data.cache import Cache, open_cache
from ml.training.data.folder import Labeled
from ml.training.data.folders import read_folders
from ml.training.loop.changed_slice import Changed, changed_slice
from ml.training.loop.config import Config
from ml.training.loop.lesion_bank import LesionBank, cut_lesions, head_of
from ml.training.tests.data import small_config, write_manifest_folder

STILL = Augmentation(
    rotation=0.0,
    quarter_turn_share=0.0,
    shift=0.0,
    shear=0.0,
    zoom=0.0,
    gamma=0.0,
    contrast=0.0,
    brightness=0.0,
    bias_field_share=0.0,
    window_share=0.0,
    blur_share=0.0,
    sharpen_share=0.0,
    noise_share=0.0,
    downsample_share=0.0,
    jpeg_share=0.0,
    cutout_share=0.0,
    cover_share=0.0,
)


@pytest.fixture(scope="module")
def heads(tmp_path_factory) -> Cache:
    folder = write_manifest_folder(tmp_path_factory.mktemp("heads") / "brain")
    items: list[Labeled] = read_folders([folder], seed=1)
    return open_cache(
        items,
        folder=tmp_path_factory.mktemp("cache"),
        progress=lambda done, total: None,
        preprocessing="head-window-area-1",
    )


@pytest.fixture(scope="module")
def bank(heads) -> LesionBank:
    return cut_lesions(heads)


def config(**changes: object) -> Config:
    return small_config(preprocessing="head-window-area-1", augmentation=replace(STILL, **changes))


def first(cache: Cache, *, tumor: bool, outlined: bool = False) -> int:
    return next(
        index
        for index in cache.indices("train")
        if cache.items[index].slice.tumor == tumor and (not outlined or cache.mask_row[index] >= 0)
    )


def change(cache, bank, index, *, seed=1, settings=None, **what) -> Changed:
    return changed_slice(
        cache,
        index=index,
        erased=what.get("erased", False),
        planted=what.get("planted", False),
        bank=bank,
        config=settings or config(),
        rng=np.random.default_rng(seed),
    )


def test_only_lesions_of_the_training_split_are_cut(heads, bank):
    trained = {head_of(heads, index) for index in heads.indices("train")}

    assert bank.lesions
    assert {lesion.source for lesion in bank.lesions} <= trained


def test_a_lesion_is_never_set_into_its_own_head(bank):
    rng = np.random.default_rng(0)
    own = bank.lesions[0].source

    drawn = [bank.draw(sequence="unknown", source=own, rng=rng) for _ in range(50)]

    assert any(lesion is not None for lesion in drawn)
    assert all(lesion is None or lesion.source != own for lesion in drawn)


def test_a_planted_slice_is_a_tumor_with_its_outline_and_not_its_own(heads, bank):
    index = first(heads, tumor=False)

    done = change(heads, bank, index, planted=True)

    before = np.asarray(heads.images[index]).astype(np.float32) / 255.0
    assert done.tumor
    assert not done.own
    assert done.mask is not None
    assert done.mask.any()
    differs = np.abs(done.image - before) > 0.01
    assert differs.any()
    assert (differs & (done.mask > 0)).sum() > 0.3 * done.mask.sum()


def test_where_no_lesion_finds_a_place_the_slice_stays_one_without_a_tumor(heads):
    done = change(heads, LesionBank.of(()), first(heads, tumor=False), planted=True)

    assert not done.tumor
    assert done.own
    assert done.mask is not None
    assert not done.mask.any()


def test_an_erased_slice_counts_as_one_without_a_tumor(heads, bank):
    done = change(heads, bank, first(heads, tumor=True, outlined=True), erased=True)

    assert not done.tumor
    assert not done.own
    assert done.mask is not None
    assert not done.mask.any()


def test_spots_that_are_no_tumor_change_the_image_and_not_the_label(heads, bank):
    index = first(heads, tumor=False)

    done = change(heads, bank, index, settings=config(spots_share=1.0))

    plain = change(heads, bank, index)
    assert not done.tumor
    assert np.abs(done.image - plain.image).max() > 0.02
    assert done.mask is not None
    assert not done.mask.any()


def test_a_slice_changed_as_clinics_do_keeps_its_lesion_in_place(heads, bank):
    index = first(heads, tumor=True, outlined=True)
    settings = config(clinic_share=1.0)

    for seed in range(12):
        done = change(heads, bank, index, settings=settings, seed=seed)

        assert done.tumor
        assert done.mask is not None
        inside = done.image[done.mask > 0]
        tissue = done.image[done.image > 0.05]
        # The drawn lesion is the brightest thing in the head, whatever window it is seen in.
        assert np.median(inside) >= np.median(tissue), seed


def test_the_same_chance_gives_the_same_slice(heads, bank):
    index = first(heads, tumor=False)
    settings = config(clinic_share=1.0, spots_share=0.5, noise_share=0.5)

    one, two = (
        change(heads, bank, index, planted=True, settings=settings, seed=7) for _ in range(2)
    )

    assert np.array_equal(one.image, two.image)
