import numpy as np
import pytest

from ml.gate import GATES, SENTENCES, Reason
from ml.gate.contrast_and_color import contrast_and_color
from ml.imaging.phantom import draw_phantom


def reason(pixels: np.ndarray) -> str | None:
    refusal = contrast_and_color(pixels)
    return None if refusal is None else refusal.reason


@pytest.mark.parametrize(
    "image",
    [
        np.zeros((64, 64), np.uint8),
        np.full((64, 64, 3), 255, np.uint8),
        np.full((64, 64), 30000, np.uint16),
        np.random.default_rng(0).integers(100, 105, (64, 64), dtype=np.uint8),
    ],
    ids=["black", "white", "constant 16 bits", "nearly constant"],
)
def test_a_blank_image_is_unreadable(image):
    assert reason(image) == "unreadable_contrast"


def test_one_bright_dot_does_not_make_a_blank_16_bit_image_readable():
    image = np.full((64, 64), 500, np.uint16)
    image[10, 10] = 60000

    assert reason(image) == "unreadable_contrast"


def test_a_colored_photograph_is_not_a_brain_mri():
    rng = np.random.default_rng(0)
    photograph = rng.integers(0, 255, (64, 64, 3), dtype=np.uint8)

    assert reason(photograph) == "not_brain_mri"


@pytest.mark.parametrize("seed", range(5))
def test_a_gray_slice_passes_in_every_form(seed):
    image = draw_phantom(seed=seed, size=200)

    assert reason(image) is None
    assert reason(np.dstack([image] * 3)) is None
    assert reason(image.astype(np.uint16) * 12) is None


def test_a_dark_slice_and_a_colored_mark_pass():
    image = np.dstack([draw_phantom(seed=1, size=200)] * 3)
    image[5:15, 5:60] = (255, 220, 0)

    assert reason(image) is None
    assert reason(draw_phantom(seed=1, size=200) // 6) is None


def test_every_reason_has_a_sentence():
    assert set(SENTENCES) == set(Reason)
    assert all(sentence.endswith(".") for sentence in SENTENCES.values())


def test_the_open_gate_lets_everything_pass():
    assert GATES["none"].before(np.zeros((5, 5), np.uint8)).refusal is None


@pytest.mark.parametrize("gate", GATES.values(), ids=GATES.keys())
@pytest.mark.parametrize("shape", [(64, 700_000), (700_000, 64), (100, 401, 3)])
def test_every_gate_refuses_a_strip_by_its_shape_alone(gate, shape):
    strip = np.broadcast_to(np.uint8(90), shape)  # blank too: were it read, that would be said

    assert gate.before(strip).refusal.reason == "not_brain_mri"


def test_four_times_as_long_as_wide_is_no_strip_yet():
    image = np.tile(draw_phantom(seed=1, size=100), 4)

    assert image.shape == (100, 400)
    assert reason(image) is None
    assert GATES["none"].before(image).refusal is None
