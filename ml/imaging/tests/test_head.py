import cv2
import numpy as np
import pytest

from ml.imaging.head import find_head
from ml.imaging.phantom import draw_phantom


@pytest.mark.parametrize("size", [64, 200, 512])
def test_it_is_the_drawn_head_and_has_no_holes(size):
    image = draw_phantom(seed=2, size=size)
    head = find_head(image)

    assert head.shape == image.shape
    assert head.dtype == np.uint8
    bright = image > 40
    assert float(head[bright].mean()) > 0.97
    assert float(bright[head == 1].mean()) > 0.75
    assert cv2.connectedComponents(1 - head)[0] == 2  # what is outside is one


def test_letters_lines_and_dark_gray_air_are_not_head():
    image = draw_phantom(seed=2, size=256)
    plain = find_head(image)
    lifted = np.clip(image.astype(int) + 24, 0, 255).astype(np.uint8)
    cv2.putText(lifted, "R 12:40", (4, 18), cv2.FONT_HERSHEY_SIMPLEX, 0.5, 255, 1)
    lifted[:, 252] = 255

    assert float((find_head(lifted) != plain).mean()) < 0.02


def test_where_there_is_nothing_there_is_no_head():
    assert find_head(np.zeros((100, 100), np.uint8)) is None
    assert find_head(np.zeros((1, 1), np.uint8)) is None
    specks = np.zeros((256, 256), np.uint8)
    specks[::9, ::9] = 255
    assert find_head(specks) is None
