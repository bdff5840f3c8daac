import time

import cv2
import numpy as np
import pytest

from ml.gate.emptiness import nothing_to_read
from ml.imaging.phantom import draw_phantom


def reason(pixels: np.ndarray) -> str | None:
    refusal = nothing_to_read(pixels)
    return None if refusal is None else str(refusal.reason)


def noise(size: int, *, level: float = 20.0) -> np.ndarray:
    """Magnitudes of complex noise, as a scanner writes them where there is no head."""
    rng = np.random.default_rng(size)
    return np.rint(np.hypot(*rng.normal(0.0, level, (2, size, size))))


@pytest.mark.parametrize(
    "image",
    [
        np.zeros((256, 256), np.uint8),
        np.full((256, 256, 3), 255, np.uint8),
        np.full((64, 64), 30_000, np.uint16),
        np.random.default_rng(0).integers(3, 9, (200, 300), dtype=np.uint8),
    ],
    ids=["black", "white", "constant 16 bits", "nearly black"],
)
def test_a_blank_slice_is_unreadable(image):
    assert reason(image) == "unreadable_contrast"


@pytest.mark.parametrize("size", [256, 320, 512, 1024])
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_a_slice_of_noise_alone_has_no_head(size, dtype):
    assert reason(noise(size).astype(dtype)) == "no_head"


def test_noise_that_grows_toward_the_coil_has_no_head():
    shaded = noise(512) * np.linspace(1.0, 2.0, 512)

    assert reason(shaded.astype(np.uint16)) == "no_head"


def test_letters_beside_nothing_are_no_head():
    image = np.zeros((256, 256), np.uint8)
    cv2.putText(image, "R  12/30", (8, 20), cv2.FONT_HERSHEY_SIMPLEX, 0.4, 255)
    image[40:216, 250] = 255

    assert reason(image) == "no_head"


def test_one_hot_pixel_makes_no_head():
    image = np.full((256, 256), 40, np.uint16)
    image[100, 90] = 60_000

    assert reason(image) == "unreadable_contrast"


@pytest.mark.parametrize("size", [64, 100, 224, 512, 1500])
def test_a_head_passes_in_every_form(size):
    image = draw_phantom(seed=3, size=size)

    assert reason(image) is None
    assert reason(np.dstack([image] * 3)) is None
    assert reason(image.astype(np.uint16) * 40 + 300) is None
    assert reason(image // 6) is None


def test_the_tip_of_a_head_passes():
    image = np.zeros((256, 256), np.uint8)
    tip = draw_phantom(seed=3, size=32)
    image[110:142, 100:132] = tip

    assert (image > 20).mean() < 0.015
    assert reason(image) is None


def test_a_head_in_much_noise_passes():
    head = draw_phantom(seed=4, size=256).astype(np.float64) + noise(256, level=30.0)

    assert reason(head.astype(np.uint16)) is None


def test_strips_are_left_to_the_gate_unread():
    assert reason(np.broadcast_to(np.uint8(0), (64, 700_000))) is None


def test_an_empty_slice_is_answered_in_three_milliseconds():
    """From its pixels, in the processor's time, which another process does not lengthen."""
    for image in (noise(512).astype(np.uint16), np.zeros((512, 512), np.uint8)):
        took = []
        for _ in range(9):
            began = time.thread_time()
            nothing_to_read(image)
            took.append(time.thread_time() - began)
        assert sorted(took)[4] < 0.003
