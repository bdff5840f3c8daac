from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from ml.training.data.balanced import cell_of, draw_balanced_epoch, draw_settled_epoch
from ml.training.data.folder import Labeled
from ml.training.data.manifest import Slice
from ml.training.data.provenance import Provenance
from ml.training.data.sampling import Sampling, draw_epoch, make_pools
from ml.training.data.strata import CHANCE, counted, guesses_in_epoch, guesses_in_split, labels_of

OUTLINE = {"shape": "circle", "cx": 4, "cy": 4, "r": 2}


def some(count, *, source, sequence, tumor, outlined=False, split="train", level=0.5):
    origin = Provenance(sequence=sequence, plane="axial", level=level, stripped="yes")
    item = Slice(
        path=Path("a.png"),
        source=source,
        kind="brain",
        tumor=tumor,
        cluster="",
        outlines=(OUTLINE,) if outlined else (),
        provenance=origin,
    )
    return [Labeled(slice=item, split=split)] * count


@pytest.fixture
def heads() -> list[Labeled]:
    """One source with both labels, one healthy, one of outlined tumors; one to be looked at."""
    return [
        *some(30, source="both", sequence="FLAIR", tumor=True, outlined=True),
        *some(90, source="both", sequence="FLAIR", tumor=False),
        *some(200, source="healthy", sequence="T1", tumor=False),
        *some(100, source="tumors", sequence="T1c", tumor=True, outlined=True),
        *some(50, source="looked", sequence="T1", tumor=True, split="validate"),
    ]


def settings(**changes) -> Sampling:
    return replace(Sampling(epoch_slices=400, families=()), **changes)


def drawn(items, *, plant=False, **changes):
    return draw_balanced_epoch(items, sampling=settings(**changes), seed=1, epoch=0, plant=plant)


def test_an_epoch_is_as_long_as_asked_and_draws_from_train_alone(heads):
    for epoch in range(5):
        found = draw_balanced_epoch(heads, sampling=settings(), seed=1, epoch=epoch)

        assert len(found.indices) == 400
        assert all(heads[index].split == "train" for index in found.indices.tolist())


def test_a_cell_gives_as_many_tumors_as_not(heads):
    found = drawn(heads, mixed_share=1.0)

    counts = Counter(
        (cell_of(heads[index], sampling=settings())[0], tumor)
        for index, tumor in zip(
            found.indices.tolist(), labels_of(found, items=heads).tolist(), strict=True
        )
    )
    assert set(counts) == {(name, tumor) for name in ("both", "tumors") for tumor in (True, False)}
    assert counts["both", True] == counts["both", False]
    assert counts["tumors", True] == counts["tumors", False]  # the latter painted over


def test_only_outlined_tumors_are_painted_over_and_only_others_planted(heads):
    found = drawn(heads, plant=True)

    assert found.erased.any()
    assert found.planted.any()
    assert not (found.erased & found.planted).any()
    assert all(heads[i].slice.outlines for i in found.indices[found.erased].tolist())
    assert not any(heads[i].slice.tumor for i in found.indices[found.planted].tolist())


def test_with_planting_no_stratum_tells_the_label(heads):
    families = [item.slice.source for item in heads]

    before = guesses_in_split(heads, families=families, split="train")
    after = guesses_in_epoch(drawn(heads, plant=True), items=heads, families=families)

    assert before["source"] > 0.8
    assert before["level"] == before["stripped"] == CHANCE
    assert all(accuracy <= CHANCE + 0.03 for accuracy in after.values())


def test_without_planting_a_healthy_source_takes_no_more_than_its_share(heads):
    found = drawn(heads, mixed_share=0.75)

    healthy = [heads[index].slice.source == "healthy" for index in found.indices.tolist()]
    assert np.mean(healthy) == pytest.approx(0.25, abs=0.01)
    assert found.weights[np.array(healthy)] == pytest.approx(0.7)


def test_the_same_seed_and_epoch_give_the_same(heads):
    first, again = drawn(heads), drawn(heads)
    other = draw_balanced_epoch(heads, sampling=settings(), seed=1, epoch=1)

    assert np.array_equal(first.indices, again.indices)
    assert not np.array_equal(first.indices, other.indices)


def test_the_settings_say_what_an_epoch_is_balanced_within(heads):
    pools = make_pools(heads, sampling=settings())
    common = {"items": heads, "seed": 1, "epoch": 0}

    by_family = draw_settled_epoch(pools, sampling=settings(), **common)
    by_stratum = draw_settled_epoch(pools, sampling=settings(balance="strata"), **common)

    expected = draw_epoch(pools, sampling=settings(), **common)
    assert np.array_equal(by_family.indices, expected.indices)
    assert np.array_equal(by_stratum.indices, drawn(heads).indices)


def test_slices_are_counted_by_split_and_stratum(heads):
    families = [item.slice.source for item in heads]

    assert counted(heads, families=families, name="sequence") == {
        ("train", "FLAIR"): (30, 90),
        ("train", "T1"): (0, 200),
        ("train", "T1c"): (100, 0),
        ("validate", "T1"): (50, 0),
    }


def test_lesions_are_planted_in_the_middle_of_a_scan_alone(heads):
    base = some(300, source="base", sequence="T1", tumor=False, level=0.1)

    found = drawn([*heads, *base], plant=True)

    hosts = {(heads + base)[index].slice.source for index in found.indices[found.planted].tolist()}
    assert "healthy" in hosts
    assert "base" not in hosts


def test_fewer_are_planted_than_a_half_where_asked(heads):
    found = drawn(heads, plant=True, planted_share=0.3, mixed_share=1.0)

    healthy = np.array([heads[index].slice.source == "healthy" for index in found.indices.tolist()])
    assert found.planted[healthy].mean() == pytest.approx(0.3, abs=0.02)


def test_a_family_gets_the_share_it_was_given(heads):
    shares = (("tumors", 0.5),)

    found = drawn(heads, plant=True, family_shares=shares, mixed_share=1.0)

    sources = Counter(heads[index].slice.source for index in found.indices.tolist())
    assert sources["tumors"] == pytest.approx(200, abs=4)
    assert sources["both"] > 0
    assert sources["healthy"] > 0
