import numpy as np
import pytest

from ml.training.evaluation.parity import Answers, compare, correlation


def answers(probabilities, heatmaps=None) -> Answers:
    rng = np.random.default_rng(0)
    images = heatmaps or [rng.integers(0, 256, (8, 8), np.uint8) for _ in probabilities]
    return Answers(probabilities=np.array(probabilities), heatmaps=images)


def compared(probabilities, reference, truths, **heatmaps):
    return compare(
        "openvino-int8",
        answers(probabilities, heatmaps.get("heatmaps")),
        reference=answers(reference),
        truths=np.array(truths, dtype=bool),
        dataset="a test",
    )


def test_an_engine_that_says_the_same_holds():
    found = compared([0.1, 0.9], [0.1, 0.9], [0, 1])

    assert found.holds
    assert (found.within, found.largest_difference, found.auc_loss) == (1.0, 0.0, 0.0)
    assert found.heatmap_correlation == 1.0


@pytest.mark.parametrize("share", [0.985, 0.995])
def test_ninety_nine_of_a_hundred_probabilities_must_be_within_two_hundredths(share):
    n = 1000
    reference = np.linspace(0.2, 0.8, n)
    moved = reference.copy()
    moved[: round(n * (1 - share))] += 0.03

    found = compared(moved, reference, np.arange(n) >= n / 2)

    assert found.within == pytest.approx(share)
    assert found.holds == (share > 0.99)


def test_an_engine_that_ranks_images_worse_does_not_hold():
    reference = [0.500, 0.501, 0.502, 0.503]

    found = compared([0.503, 0.502, 0.501, 0.500], reference, [0, 0, 1, 1])

    assert found.within == 1.0
    assert found.auc_loss == 1.0
    assert not found.holds


def test_an_engine_that_looks_elsewhere_does_not_hold():
    other = [np.random.default_rng(9).integers(0, 256, (8, 8), np.uint8) for _ in range(2)]

    assert not compared([0.1, 0.9], [0.1, 0.9], [0, 1], heatmaps=other).holds


def test_empty_heatmaps_agree_with_each_other_alone():
    empty, other = np.zeros((4, 4), np.uint8), np.arange(16, dtype=np.uint8).reshape(4, 4)

    assert correlation(empty, empty) == 1.0
    assert correlation(empty, other) == 0.0
    assert correlation(other, other) == pytest.approx(1.0)
    assert correlation(other, 15 - other) == pytest.approx(-1.0)
