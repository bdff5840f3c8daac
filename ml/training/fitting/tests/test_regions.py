import numpy as np
import pytest

from ml.training.fitting.regions import LEAST_CELLS, THRESHOLDS, fit


def disc(x: float, y: float, radius: float, *, side: int = 56) -> np.ndarray:
    rows, columns = np.mgrid[:side, :side]
    return ((columns - x) ** 2 + (rows - y) ** 2 <= radius**2).astype(np.uint8)


def logits(*discs: tuple[float, float, float, float]) -> np.ndarray:
    """Each disc (x, y, radius, logit) over a floor of -6."""
    found = np.full((56, 56), -6.0, np.float32)
    for x, y, radius, value in discs:
        found[disc(x, y, radius) > 0] = value
    return found


def lesion(x: float, y: float, radius: float) -> np.ndarray:
    return disc(4 * x + 1.5, 4 * y + 1.5, 4 * radius, side=224)


NONE = np.zeros((224, 224), np.uint8)


def test_a_decoder_that_is_right_is_believed():
    maps = np.stack([logits((20, 20, 6, 3.0)), logits((36, 30, 5, 3.0)), logits()])

    fitted = fit(maps, [lesion(20, 20, 6), lesion(36, 30, 5), NONE])

    assert fitted.dice > 0.9
    assert fitted.found == 1.0
    assert fitted.false_regions == 0.0
    assert (fitted.outlined, fitted.no_tumor) == (2, 1)
    assert fitted.settings.threshold in THRESHOLDS
    assert fitted.settings.least_cells in LEAST_CELLS
    assert fitted.settings.file == "decoder.npz"


def test_false_regions_push_the_threshold_up():
    weak, strong = 0.0, 2.5
    maps = np.stack([logits((20, 20, 6, strong)), logits((40, 40, 6, weak))])

    fitted = fit(maps, [lesion(20, 20, 6), NONE])

    assert fitted.settings.threshold > 0.5
    assert fitted.false_regions == 0.0
    assert fitted.found == 1.0


def test_false_specks_push_the_least_size_up():
    maps = np.stack([logits((20, 20, 6, 5.0)), logits((40, 40, 1.5, 5.0))])

    fitted = fit(maps, [lesion(20, 20, 6), NONE])

    assert fitted.settings.least_cells > int(disc(40, 40, 1.5).sum())
    assert fitted.false_regions == 0.0


def test_where_no_setting_keeps_the_bound_the_fewest_false_regions_are_taken():
    maps = np.stack([logits((20, 20, 6, 3.0)), logits((40, 40, 12, 6.0)), logits()])

    fitted = fit(maps, [lesion(20, 20, 6), NONE, NONE])

    assert fitted.false_regions == 0.5
    assert fitted.dice > 0.9


def test_a_tumor_without_an_outline_counts_for_nothing():
    maps = np.stack([logits((20, 20, 6, 3.0)), logits((9, 9, 3, 5.0)), logits()])

    fitted = fit(maps, [lesion(20, 20, 6), None, NONE])

    assert fitted.outlined == 1
    assert fitted.dice > 0.9


@pytest.mark.parametrize(
    "lesions", [[NONE, NONE], [lesion(9, 9, 3), lesion(9, 9, 3)], [None, NONE]]
)
def test_both_kinds_of_slices_are_needed(lesions):
    with pytest.raises(ValueError, match="both"):
        fit(np.stack([logits(), logits()]), lesions)
