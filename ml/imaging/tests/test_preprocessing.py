import cv2
import numpy as np
import pytest

from ml.imaging.phantom import draw_phantom
from ml.imaging.pixels import PixelsError
from ml.imaging.preprocessing import RECIPES, crop_square_area, resize_rgb_255, window_head_area


def described_in_the_model_notes(gray: np.ndarray) -> np.ndarray:
    """The words that came with the weights, once more and differently written."""
    bright = gray > max(10, 0.06 * gray.max())
    rows = [y for y in range(gray.shape[0]) if bright[y].sum() > 0.02 * gray.shape[1]]
    columns = [x for x in range(gray.shape[1]) if bright[:, x].sum() > 0.02 * gray.shape[0]]
    if len(rows) >= 21 and len(columns) >= 21:
        gray = gray[min(rows) : max(rows) + 1, min(columns) : max(columns) + 1]
    height, width = gray.shape
    side = max(height, width)
    top, left = (side - height) // 2, (side - width) // 2
    square = cv2.copyMakeBorder(
        gray,
        top,
        side - height - top,
        left,
        side - width - left,
        cv2.BORDER_CONSTANT,
        value=0,
    )
    small = cv2.resize(square, (224, 224), interpolation=cv2.INTER_AREA)
    return np.stack([small / 255.0] * 3, axis=-1)


@pytest.mark.parametrize("seed", range(5))
def test_the_shipped_recipe_does_what_the_model_notes_say(seed):
    image = draw_phantom(seed=seed, size=180 + 60 * seed)[: 150 + 30 * seed]

    np.testing.assert_allclose(
        crop_square_area(image).tensor, described_in_the_model_notes(image), atol=1e-6
    )


def test_a_tensor_is_224_square_with_three_channels_from_0_to_1(phantom):
    for recipe in RECIPES.values():
        tensor = recipe(phantom).tensor

        assert tensor.shape == (224, 224, 3)
        assert tensor.dtype == np.float32
        assert 0.0 <= tensor.min() < 0.1
        assert 0.5 < tensor.max() <= 1.0


def test_the_crop_is_the_content_and_the_padding_centers_it():
    image = np.zeros((100, 200), np.uint8)
    image[20:80, 50:90] = 200

    geometry = crop_square_area(image).geometry

    assert (geometry.height, geometry.width) == (100, 200)
    assert (geometry.top, geometry.left) == (20, 50)
    assert (geometry.crop_height, geometry.crop_width) == (60, 40)
    assert (geometry.canvas_height, geometry.canvas_width) == (60, 60)
    assert (geometry.pad_top, geometry.pad_left) == (0, 10)


def test_too_little_content_keeps_the_whole_image():
    image = np.zeros((100, 120), np.uint8)
    image[40:60, 10:110] = 200  # 20 rows

    geometry = crop_square_area(image).geometry

    assert (geometry.crop_height, geometry.crop_width) == (100, 120)


def test_black_margins_do_not_change_the_input():
    image = draw_phantom(seed=3, size=256)
    wide = np.pad(image, ((31, 7), (90, 55)))

    # The share of a line that must be bright is of a longer line now, so the box may move a bit.
    difference = crop_square_area(wide).tensor - crop_square_area(image).tensor
    assert np.abs(difference).mean() < 0.02


def test_a_16_bit_image_gives_nearly_the_input_of_its_8_bit_self(phantom):
    stretched = cv2.normalize(phantom, None, 0, 255, cv2.NORM_MINMAX)
    deep = stretched.astype(np.uint16) * 16 + 300

    np.testing.assert_allclose(
        crop_square_area(deep).tensor, crop_square_area(stretched).tensor, atol=1.5 / 255
    )


def test_gray_in_three_channels_gives_the_input_of_gray_in_one(phantom):
    np.testing.assert_array_equal(
        crop_square_area(np.dstack([phantom] * 3)).tensor, crop_square_area(phantom).tensor
    )


def test_the_raw_recipe_keeps_the_whole_image_and_its_colors():
    image = np.zeros((50, 80, 3), np.uint8)
    image[..., 0] = 255

    prepared = resize_rgb_255(image)

    np.testing.assert_array_equal(prepared.tensor[..., 0], 1.0)
    np.testing.assert_array_equal(prepared.tensor[..., 1:], 0.0)
    assert (prepared.geometry.canvas_height, prepared.geometry.canvas_width) == (50, 80)


@pytest.mark.parametrize("recipe", RECIPES.values(), ids=RECIPES.keys())
@pytest.mark.parametrize("shape", [(1, 1), (1, 400), (13, 7), (600, 20)])
def test_odd_sizes_are_read_too(recipe, shape):
    image = np.random.default_rng(0).integers(0, 255, shape, dtype=np.uint8)

    assert recipe(image).tensor.shape == (224, 224, 3)


@pytest.mark.parametrize("recipe", RECIPES.values(), ids=RECIPES.keys())
def test_what_is_not_an_image_is_refused(recipe):
    with pytest.raises(PixelsError):
        recipe(np.zeros((5, 5), np.float64))


@pytest.mark.parametrize(
    "change",
    [
        lambda image: np.clip(np.rint(image * 0.6), 0, 255).astype(np.uint8),
        lambda image: np.rint(24 + image * 0.85).astype(np.uint8),
        lambda image: image.astype(np.uint16) * 200 + 900,
        lambda image: np.pad(image, ((20, 3), (40, 11)), constant_values=255),
        lambda image: np.pad(np.pad(image, 2, constant_values=255), 9),
        lambda image: np.dstack([image.astype(np.uint16) * 16] * 3),
    ],
    ids=["dark", "lifted", "16 bits", "white border", "frame in a margin", "color of 16 bits"],
)
def test_exports_change_next_to_nothing_of_the_windowed_head(change):
    image = draw_phantom(seed=3, size=256)

    difference = window_head_area(change(image)).tensor - window_head_area(image).tensor

    assert np.abs(difference).mean() < 0.012


def test_letters_and_noise_outside_the_head_are_black_and_do_not_move_it():
    image = draw_phantom(seed=3, size=256)
    written = image.copy()
    cv2.putText(written, "R 12:40", (2, 16), cv2.FONT_HERSHEY_SIMPLEX, 0.45, 255, 1)
    noise = np.abs(np.random.default_rng(0).normal(0.0, 4.0, image.shape))
    written = np.clip(written + noise, 0, 255).astype(np.uint8)

    plain, found = window_head_area(image), window_head_area(written)

    assert abs(found.geometry.crop_height - plain.geometry.crop_height) <= 4
    assert found.tensor[:12, :12].max() == 0.0
    assert np.abs(found.tensor - plain.tensor).mean() < 0.03


def test_the_windowed_head_is_the_crop_and_its_brightest_hundredth_is_085():
    image = np.zeros((100, 200), np.uint16)
    image[20:80, 50:90] = 2000
    image[40:45, 60:65] = 2100

    prepared = window_head_area(image)
    geometry = prepared.geometry

    assert (geometry.height, geometry.width) == (100, 200)
    assert abs(geometry.top - 20) <= 2
    assert abs(geometry.left - 50) <= 2
    assert abs(geometry.crop_height - 60) <= 4
    assert geometry.canvas_height == geometry.canvas_width == geometry.crop_height
    assert prepared.tensor[30, 112, 0] == pytest.approx(0.85 * 2000 / 2100, abs=0.05)


@pytest.mark.parametrize("level", [0, 7, 255])
def test_an_image_of_one_gray_level_has_no_head_and_is_read_whole(level):
    prepared = window_head_area(np.full((40, 60), level, np.uint8))
    assert (prepared.geometry.crop_height, prepared.geometry.crop_width) == (40, 60)
    assert prepared.tensor.max() == 0.0
