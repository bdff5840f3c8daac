import numpy as np
import pytest

from ml.series.evidence import LOWEST
from ml.series.tests.trial_rule import trial_evidence
from ml.series.volume import SizesDifferError, connected, lay, smoothed


def blocks(*spots: tuple[int, int, int]) -> np.ndarray:
    inside = np.zeros((6, 20, 20), dtype=bool)
    for depth, row, column in spots:
        inside[depth, row : row + 3, column : column + 3] = True
    return inside


def test_what_lies_over_one_another_in_neighboring_slices_is_one_part():
    labels = connected(blocks((1, 5, 5), (2, 6, 6), (3, 7, 7), (2, 15, 15)), range(6))

    assert len(np.unique(labels)) == 3
    assert labels[1, 5, 5] == labels[3, 9, 9] != labels[2, 15, 15]


def test_parts_of_a_slice_are_one_where_the_next_slice_joins_them():
    bridge = blocks((1, 5, 2), (1, 5, 12))
    bridge[2, 6, 2:15] = True

    assert len(np.unique(connected(bridge, range(6)))) == 2
    assert len(np.unique(connected(bridge[::-1], range(6)))) == 2


def test_over_a_slice_that_is_missing_nothing_hangs_together():
    spots = blocks((1, 5, 5), (2, 5, 5))

    assert len(np.unique(connected(spots, [0, 1, 3, 4, 5, 6]))) == 3


def test_a_spot_stays_at_its_place_in_the_image_though_the_crop_around_it_moves():
    cell = 190 / 56
    still = trial_evidence(lesion=(20, 24))
    moved = trial_evidence(lesion=(16, 24), shift=round(4 * cell))

    volume = lay([still, moved])

    first, second = (np.argwhere(one > 0).mean(axis=0) for one in volume.logits)
    np.testing.assert_allclose(first, second, atol=0.3)
    assert volume.cell_share == pytest.approx(1 / 56**2, rel=0.01)


def test_what_a_slice_did_not_see_is_no_evidence():
    volume = lay([trial_evidence(), trial_evidence(shift=40)])

    assert (volume.logits[0, -8:] == LOWEST).all()
    assert (volume.logits[1, :8] == LOWEST).all()


def test_images_of_different_sizes_are_not_laid_upon_one_another():
    with pytest.raises(SizesDifferError):
        lay([trial_evidence(), trial_evidence(size=(256, 256))])


def test_neighbors_weigh_by_their_distance_and_only_those_that_are_there():
    values = np.array([0.0, 0.0, 4.0, 0.0], np.float32)

    near = smoothed(values, [0.0, 5.0, 10.0, 15.0], width=6.0)
    far = smoothed(values, [0.0, 40.0, 80.0, 120.0], width=6.0)

    assert near[0] == 0.0
    assert near[2] == pytest.approx(2.0, abs=0.01)
    assert near[1] == pytest.approx(1.0, abs=0.01)
    np.testing.assert_allclose(far, values, atol=1e-6)
