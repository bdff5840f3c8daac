import cv2
import numpy as np
import pytest

from ml.imaging.overlay import COLOR_MAPS, blend, encode_png
from ml.imaging.pixels import PixelsError


def test_every_color_map_is_256_rgb_rows_that_nobody_can_change():
    assert set(COLOR_MAPS) == {"warm_cool", "inferno", "viridis"}
    for lut in COLOR_MAPS.values():
        assert lut.shape == (256, 3)
        assert lut.dtype == np.uint8
        with pytest.raises(ValueError, match="read-only"):
            lut[0] = 0


def test_warm_cool_goes_from_blue_to_red():
    cold, hot = COLOR_MAPS["warm_cool"][0], COLOR_MAPS["warm_cool"][255]

    assert cold[2] > cold[0]
    assert hot[0] > hot[2]


@pytest.mark.parametrize("name", ["inferno", "viridis"])
def test_the_even_maps_get_brighter_all_the_way(name):
    luma = COLOR_MAPS[name].astype(float) @ [0.299, 0.587, 0.114]

    assert np.all(np.diff(luma) > -1.0)
    assert luma[255] - luma[0] > 150


def test_without_opacity_or_without_heat_the_image_stays(phantom):
    gray = np.dstack([phantom] * 3)
    hot, cold = np.full_like(phantom, 255), np.zeros_like(phantom)

    np.testing.assert_array_equal(blend(phantom, hot, color_map="inferno", opacity=0.0), gray)
    np.testing.assert_array_equal(blend(phantom, cold, color_map="inferno", opacity=1.0), gray)


def test_full_heat_at_full_opacity_is_the_color_itself(phantom):
    hot = np.full_like(phantom, 255)

    painted = blend(phantom, hot, color_map="warm_cool", opacity=1.0)

    assert (painted == COLOR_MAPS["warm_cool"][255]).all()


def test_half_the_opacity_is_half_way():
    mixed = blend(
        np.full((1, 1), 100, np.uint8),
        np.full((1, 1), 255, np.uint8),
        color_map="viridis",
        opacity=0.5,
    )

    np.testing.assert_allclose(mixed[0, 0], (100 + COLOR_MAPS["viridis"][255].astype(int)) / 2, 1)


def test_16_bit_and_color_images_blend_too(phantom):
    heatmap = np.zeros_like(phantom)

    assert blend(
        phantom.astype(np.uint16) * 9, heatmap, color_map="inferno", opacity=0.4
    ).shape == (
        *phantom.shape,
        3,
    )
    color = np.dstack([phantom, phantom // 2, phantom // 3])
    np.testing.assert_array_equal(blend(color, heatmap, color_map="inferno", opacity=0.4), color)


def test_wrong_arguments_are_refused_with_a_sentence(phantom):
    heatmap = np.zeros_like(phantom)
    with pytest.raises(ValueError, match="choose one of: warm_cool, inferno, viridis"):
        blend(phantom, heatmap, color_map="rainbow", opacity=0.5)
    with pytest.raises(ValueError, match="between 0 and 1"):
        blend(phantom, heatmap, color_map="inferno", opacity=1.5)
    with pytest.raises(PixelsError, match="size of the image"):
        blend(phantom, heatmap[1:], color_map="inferno", opacity=0.5)
    with pytest.raises(PixelsError, match="heatmap"):
        blend(phantom, heatmap.astype(np.float32), color_map="inferno", opacity=0.5)
    with pytest.raises(PixelsError, match="8-bit"):
        encode_png(phantom.astype(np.uint16))


def test_png_is_lossless_and_rgb(phantom):
    color = np.dstack([phantom, phantom // 2, phantom // 3])

    for image in (phantom, color):
        encoded = np.frombuffer(encode_png(image), np.uint8)
        decoded = cv2.imdecode(encoded, cv2.IMREAD_UNCHANGED)
        if decoded.ndim == 3:
            decoded = decoded[:, :, ::-1]
        np.testing.assert_array_equal(decoded, image)
