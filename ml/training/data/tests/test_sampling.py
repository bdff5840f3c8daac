from dataclasses import replace

import numpy as np
import pytest

from ml.training.data.folder import Labeled
from ml.training.data.sampling import Sampling, draw_epoch, make_pools, source_report

SAMPLING = Sampling(epoch_slices=400)


def draw(items: list[Labeled], *, sampling: Sampling = SAMPLING, seed: int = 1, epoch: int = 0):
    pools = make_pools(items, sampling=sampling)
    return pools, draw_epoch(pools, items=items, sampling=sampling, seed=seed, epoch=epoch)


def test_within_a_family_with_both_labels_tumor_and_none_are_equally_many(items):
    pools, epoch = draw(items)

    family = [i for i in epoch.indices.tolist() if pools.families[i] == "br35h"]
    assert len(family) == 272
    assert sum(items[i].slice.tumor for i in family) == 136


def test_only_training_slices_are_drawn(items):
    _, epoch = draw(items)

    assert {items[i].split for i in epoch.indices.tolist()} == {"train"}


def test_lesions_are_erased_only_where_a_family_has_no_slices_without_a_tumor(items):
    pools, epoch = draw(items)

    erased = epoch.indices[epoch.erased].tolist()
    assert erased
    assert all(pools.families[i] == "four-class" and items[i].slice.outlines for i in erased)


def test_the_source_tells_less_in_an_epoch_than_in_the_split(items):
    pools, epoch = draw(items)

    guess = source_report(epoch, items=items, pools=pools)["guess_from_family"]

    assert guess["drawn_by_weight"] < guess["drawn"] < guess["split_as_it_is"]
    assert guess["drawn_by_weight"] < 0.6


def test_the_same_seed_and_epoch_draw_the_same(items):
    _, one = draw(items, epoch=3)
    _, same = draw(items, epoch=3)
    _, other = draw(items, epoch=4)

    assert np.array_equal(one.indices, same.indices)
    assert np.array_equal(one.erased, same.erased)
    assert not np.array_equal(one.indices, other.indices)


def test_slices_of_families_with_one_label_weigh_less(items):
    pools, epoch = draw(items)

    for index, weight in zip(epoch.indices.tolist(), epoch.weights.tolist(), strict=True):
        assert weight == pytest.approx(0.7 if pools.families[index] == "four-class" else 1.0)


def test_one_family_with_both_labels_fills_the_epoch(items):
    alone = [
        replace(item, slice=replace(item.slice, source="clinic", outlines=())) for item in items
    ]

    _, epoch = draw(alone, sampling=Sampling(epoch_slices=40, families=()))

    tumor = [alone[i].slice.tumor for i in epoch.indices.tolist()]
    assert sum(tumor) == 20
    assert not epoch.erased.any()
    assert set(epoch.weights.tolist()) == {1.0}


def test_families_with_one_label_each_still_make_an_epoch(items):
    no_family = [item for item in items if item.slice.source != "br35h"]
    sampling = replace(SAMPLING, families=(("four-class", "no_tumor", "healthy"),))

    _, epoch = draw(no_family, sampling=sampling)

    assert len(epoch.indices) == 400
    assert epoch.indices.dtype == np.int64


@pytest.mark.parametrize("slices", [7, 16, 33])
def test_an_epoch_has_as_many_slices_as_asked_for(items, slices):
    _, epoch = draw(items, sampling=Sampling(epoch_slices=slices))

    assert len(epoch.indices) == len(epoch.weights) == slices
