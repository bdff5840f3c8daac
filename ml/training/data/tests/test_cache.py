from pathlib import Path

import numpy as np

from ml.imaging.preprocessing import crop_square_area
from ml.training.data.cache import Cache, draw_mask, open_cache
from ml.training.data.folder import Labeled
from ml.training.data.lesions import distance_to_lesion
from ml.training.data.manifest import read_image


def test_slices_are_cached_exactly_as_serving_prepares_them(cache: Cache):
    for index in (0, 5, 11):
        tensor = crop_square_area(read_image(cache.items[index].slice.path)).tensor

        assert np.array_equal(cache.images[index] / np.float32(255.0), tensor[:, :, 0])


def test_a_mask_covers_the_outline_in_the_prepared_slice(cache: Cache):
    index = next(i for i, row in enumerate(cache.mask_row) if row >= 0)
    mask, image = cache.mask(index), cache.images[index]

    assert mask is not None
    assert image[mask > 0].mean() > 235  # the phantom's lesion is the brightest there is
    rows, columns = np.nonzero(mask)
    bright = np.argwhere(image > 235)
    assert abs(rows.mean() - bright[:, 0].mean()) < 1.5
    assert abs(columns.mean() - bright[:, 1].mean()) < 1.5


def test_the_same_mask_comes_from_measuring_in_the_image_itself():
    outlines = [{"shape": "ellipse", "cx": 30.0, "cy": 70.0, "rx": 20, "ry": 9, "theta": 0.5}]
    image = np.full((100, 100), 200, dtype=np.uint8)
    geometry = crop_square_area(image).geometry

    mask = draw_mask(outlines, geometry=geometry)

    inside = [
        distance_to_lesion((int(x / 2.24), int(y / 2.24)), outlines)
        for y, x in np.argwhere(mask)[::50]
    ]
    assert max(inside) <= 1.0
    assert abs(mask.sum() / 2.24**2 - np.pi * 20 * 9) < 20


def test_without_a_tumor_the_mask_is_empty_and_without_an_outline_unknown(cache: Cache):
    for index, item in enumerate(cache.items):
        mask = cache.mask(index)
        if not item.slice.tumor:
            assert mask is not None
            assert not mask.any()
        elif not item.slice.outlines:
            assert mask is None


def test_a_second_opening_prepares_nothing(items: list[Labeled], tmp_path: Path):
    calls: list[int] = []

    for _ in range(2):
        open_cache(items[:3], folder=tmp_path, progress=lambda done, total: calls.append(done))

    assert calls == [1, 2, 3]


def test_other_data_is_prepared_anew(items: list[Labeled], tmp_path: Path):
    calls: list[int] = []
    for part in (items[:2], items[1:3]):
        cache = open_cache(part, folder=tmp_path, progress=lambda done, total: calls.append(done))

    assert calls == [1, 2, 1, 2]
    assert cache.images.shape == (2, 224, 224)
