import numpy as np
import pytest

from ml.gate.slice_descriptors import BLOCKS, SIZE, describe
from ml.imaging.phantom import draw_phantom


@pytest.fixture
def head():
    return draw_phantom(seed=3, size=256)


def apart(one, other):
    return float(np.abs(describe(one) - describe(other)).mean())


def test_its_blocks_are_finite_and_of_the_order_of_one(head):
    described = describe(head)

    assert described.shape == (SIZE,)
    assert described.dtype == np.float32
    assert sum(BLOCKS.values()) == SIZE
    assert np.abs(described).max() < 6


@pytest.mark.parametrize(
    "image",
    [
        np.zeros((64, 64), np.uint8),
        np.full((48, 190), 200, np.uint8),
        np.pad(np.full((1, 1), 255, np.uint8), 40),
        np.random.default_rng(0).integers(0, 256, (70, 90, 3), dtype=np.uint8),
        np.random.default_rng(0).integers(0, 4000, (300, 200), dtype=np.uint16),
        np.eye(60, dtype=np.uint8) * 255,
    ],
)
def test_whatever_the_image_the_numbers_are_finite(image):
    described = describe(image)

    assert described.shape == (SIZE,)
    assert np.isfinite(described).all()


def test_another_export_of_a_slice_is_near_and_another_slice_is_far(head):
    rgb = np.repeat(head[..., None], 3, axis=2)
    deep = head.astype(np.uint16) * 16
    framed = np.pad(head, 30, constant_values=255)
    other = apart(head, draw_phantom(seed=9, size=256).T)

    assert apart(head, rgb) == pytest.approx(0.0, abs=0.005)
    assert apart(head, deep) < 0.1 * other
    assert apart(head, framed) < 0.5 * other
