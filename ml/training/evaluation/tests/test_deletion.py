"""What is removed, where the other region lies, and what painting over leaves."""

import numpy as np
import pytest

from ml.imaging.phantom import draw_phantom
from ml.training.evaluation.deletion import (
    SIDE,
    elsewhere,
    head_mask,
    hottest,
    paint_over,
    remove,
)


@pytest.fixture
def pixels():
    return draw_phantom(seed=1, size=200)


def bump(row, column, *, spread=200.0):
    rows, columns = np.mgrid[:SIDE, :SIDE]
    heat = 255.0 * np.exp(-((rows - row) ** 2 + (columns - column) ** 2) / spread)
    return heat.astype(np.uint8)


def test_the_head_is_the_bright_part_with_its_dark_holes(pixels):
    head = head_mask(pixels)
    assert head[SIDE // 2, SIDE // 2]
    assert not head[2, 2]
    assert not head_mask(np.zeros((50, 50), np.uint8)).any()


def test_the_hottest_region_is_a_tenth_of_the_head(pixels):
    head = head_mask(pixels)
    region = hottest(bump(50, 50), head=head)
    assert region.sum() == pytest.approx(0.1 * head.sum(), rel=0.02)
    assert region[50, 50]
    assert not (region & ~head).any()


def test_no_heat_in_the_head_is_no_region(pixels):
    assert not hottest(np.zeros((SIDE, SIDE), np.uint8), head=head_mask(pixels)).any()
    assert remove(pixels, heat=np.zeros((SIDE, SIDE), np.uint8), seed=1) is None


@pytest.mark.parametrize("seed", range(5))
def test_the_other_region_has_the_size_lies_in_the_head_and_off_the_first(pixels, seed):
    head = head_mask(pixels)
    region = hottest(bump(50, 50), head=head)
    other = elsewhere(region, head=head, seed=seed)
    assert other.sum() == region.sum()
    assert (other & head).sum() >= 0.95 * other.sum()
    assert (other & region).sum() <= 0.1 * region.sum()
    assert np.array_equal(other, elsewhere(region, head=head, seed=seed))


def test_where_nothing_else_fits_there_is_no_other_region():
    full = np.ones((SIDE, SIDE), bool)
    small_head = np.zeros((SIDE, SIDE), bool)
    small_head[:20, :20] = True
    assert elsewhere(full, head=small_head, seed=0) is None


def test_painting_over_takes_away_a_bright_spot_and_leaves_the_rest():
    pixels = np.full((256, 256), 90, np.uint8)
    pixels[100:120, 100:120] = 240
    region = np.zeros((SIDE, SIDE), bool)
    region[46:64, 46:64] = True
    painted = paint_over(pixels, region)
    assert abs(int(painted[110, 110]) - 90) < 10
    assert np.array_equal(painted[:80], pixels[:80])
    colored = paint_over(np.repeat(pixels[..., None], 3, axis=2), region)
    assert np.array_equal(colored[..., 0], painted)


def test_both_copies_differ_from_the_image_where_they_should(pixels):
    removal = remove(pixels, heat=bump(50, 50), seed=3)
    assert removal.hot.shape == removal.other.shape == pixels.shape
    assert 0.0 <= removal.overlap <= 0.1
    assert not np.array_equal(removal.hot, pixels)
    assert not np.array_equal(removal.hot, removal.other)
