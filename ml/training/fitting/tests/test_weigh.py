import numpy as np
import pytest

from ml.training.fitting.weigh import by_source, weigh


def drawn(*, of_dense: float, of_evidence: float, count: int = 600):
    rng = np.random.default_rng(0)
    truths = rng.random(count) < 0.5
    dense = of_dense * truths + rng.normal(0.0, 1.0, count)
    evidence = of_evidence * truths + rng.normal(0.0, 1.0, count) - 5.0
    return dense, evidence, truths, ["a"] * count


def test_the_part_that_tells_more_counts_more():
    found = weigh(*drawn(of_dense=0.5, of_evidence=2.0)[:3], sources=["a"] * 600)

    assert found.evidence > 2.0 * found.dense > 0.0


def test_a_part_that_tells_the_wrong_way_counts_nothing():
    dense, evidence, truths, sources = drawn(of_dense=-2.0, of_evidence=2.0)

    found = weigh(dense, evidence, truths, sources=sources)

    assert found.dense == 0.0
    assert found.evidence > 0.0


def test_either_label_weighs_half_and_a_large_source_does_not_decide_alone():
    truths = np.array([True] * 100 + [False] * 4 + [False] * 100)
    sources = ["tumors"] * 100 + ["small"] * 4 + ["large"] * 100

    weights = by_source(truths, sources)

    assert weights.sum() == pytest.approx(1.0)
    assert weights[truths].sum() == pytest.approx(0.5)
    small, large = weights[100:104].sum(), weights[104:].sum()
    assert large / small == pytest.approx(5.0)  # not 25


def test_slices_of_one_kind_alone_are_refused():
    with pytest.raises(ValueError, match="both kinds"):
        weigh(np.zeros(3), np.zeros(3), np.ones(3, dtype=bool), sources=["a"] * 3)


def test_parts_that_tell_nothing_right_are_refused():
    dense, evidence, truths, sources = drawn(of_dense=-2.0, of_evidence=-2.0)

    with pytest.raises(ValueError, match="Neither part"):
        weigh(dense, evidence, truths, sources=sources)
