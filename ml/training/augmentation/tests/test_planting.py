"""What holds for every planted slice, on drawn heads."""

import time
from dataclasses import replace

import cv2
import numpy as np
import pytest

from ml.imaging.head import find_head
from ml.imaging.phantom import draw_phantom
from ml.training.augmentation.lesion import Lesion, cut_lesion, why_unfit
from ml.training.augmentation.planting import Planted, plant
from ml.training.augmentation.planting_settings import Planting
from ml.training.augmentation.spots import plant_spots

SEQUENCES = ("FLAIR", "T2", "T1", "T1c", "unknown")
BARE = Planting(edema_share=0.0, mass_share=0.0, soft_share=0.0)  # a lesion and nothing around it


def head_with_lesion(*, gray: int = 200, size: int = 256) -> tuple[np.ndarray, np.ndarray]:
    """A drawn head with an irregular lesion, and its mask."""
    image, mask = draw_phantom(seed=1, size=size, lesion=False), np.zeros((size, size), np.uint8)
    corners = np.array([[70, 120], [95, 105], [108, 130], [96, 158], [84, 140], [66, 150]])
    cv2.fillPoly(mask, [corners * size // 256], (1,))
    texture = np.random.default_rng(0).normal(0.0, 8.0, image.shape)
    image[mask > 0] = np.clip(gray + texture, 0, 255).astype(np.uint8)[mask > 0]
    return image, mask


def lesion(**changes: object) -> Lesion:
    image, mask = head_with_lesion()
    found = cut_lesion(image, mask, source="drawn", sequence="FLAIR")
    assert found is not None
    return replace(found, **changes)


def planted(seed: int, *, sequence: str = "FLAIR", **options: object) -> tuple[np.ndarray, Planted]:
    image = options.pop("image", None)
    if image is None:
        image = draw_phantom(seed=seed, size=256, lesion=False)
    rng = np.random.default_rng(seed)
    found = plant(image, options.pop("what", lesion()), rng=rng, sequence=sequence, **options)
    assert found is not None
    return image, found


@pytest.mark.parametrize("sequence", SEQUENCES)
@pytest.mark.parametrize("seed", range(8))
def test_the_outline_lies_in_the_head_has_the_asked_size_and_marks_what_changed(seed, sequence):
    image, found = planted(seed, sequence=sequence)
    head = find_head(image)
    share = float(found.mask.sum()) / float(head.sum())

    assert found.image.shape == image.shape
    assert found.image.dtype == image.dtype
    assert found.label == 1
    assert set(np.unique(found.mask)) == {0, 1}
    assert (head[found.mask > 0] == 1).all()
    assert 0.7 * 0.003 <= share <= 1.02 * 0.06
    assert np.array_equal(found.image[~found.changed], image[~found.changed])
    assert (found.changed & (found.mask > 0)).sum() > 0.5 * found.mask.sum()


@pytest.mark.parametrize("share", [(0.004, 0.005), (0.03, 0.04)])
def test_the_size_is_what_the_settings_ask_for(share):
    for seed in range(6):
        image, found = planted(seed, settings=Planting(share=share))
        got = float(found.mask.sum()) / float(find_head(image).sum())
        assert 0.7 * share[0] <= got <= 1.03 * share[1]


@pytest.mark.parametrize("seed", range(8))
def test_nothing_changes_beyond_the_reach_of_the_lesion(seed):
    settings = Planting(edema_share=1.0, mass_share=1.0, soft_share=1.0)
    image, found = planted(seed, settings=settings)
    radius = np.sqrt(found.mask.sum() / 0.7 / np.pi)
    far = cv2.distanceTransform(1 - found.mask, cv2.DIST_L2, 5) > settings.reach * radius + 3.0

    assert np.array_equal(found.image[far], image[far])
    head = cv2.dilate(find_head(image), np.ones((7, 7), np.uint8))
    assert np.array_equal(found.image[head == 0], image[head == 0])


def test_one_seed_gives_one_slice_and_leaves_what_it_was_given():
    what, image = lesion(), draw_phantom(seed=4, size=256, lesion=False)
    before, patch = image.copy(), what.log_ratio.copy()
    first, again = (
        plant(image, what, rng=np.random.default_rng(9), sequence="T1c") for _ in range(2)
    )
    other = plant(image, what, rng=np.random.default_rng(10), sequence="T1c")

    assert np.array_equal(first.image, again.image)
    assert np.array_equal(first.mask, again.mask)
    assert not np.array_equal(first.image, other.image)
    assert np.array_equal(image, before)
    assert np.array_equal(what.log_ratio, patch)


@pytest.mark.parametrize(
    ("sequence", "sign"), [("FLAIR", 1), ("T2", 1), ("PD", 1), ("DWI", 1), ("T1", -1)]
)
def test_it_is_bright_or_dark_as_the_sequence_shows_tumors(sequence, sign):
    settings = replace(BARE, core_share=0.0, own_share=0.0, keep=(0.0, 0.0))
    for seed in range(6):
        image, found = planted(seed, sequence=sequence, settings=settings)
        inside = found.mask > 0
        around = cv2.dilate(found.mask, np.ones((9, 9), np.uint8)) > found.mask
        tissue = np.median(image[around & (image > 60)])
        assert sign * (float(np.mean(found.image[inside])) - float(tissue)) > 0


def test_with_contrast_some_have_a_bright_ring_around_a_dark_core():
    settings = replace(BARE, ring_share=1.0, solid_share=0.0, own_share=0.0, keep=(0.0, 0.0))
    settings = replace(settings, share=(0.05, 0.05), enhancing=(0.5, 0.6), dark=(0.3, 0.4))
    rings = 0
    for seed in range(8):
        _, found = planted(seed, sequence="T1c", settings=settings)
        depth = cv2.distanceTransform(found.mask, cv2.DIST_L2, 5)
        levels = [
            float(np.mean(found.image[(depth > low * depth.max()) & (depth <= high * depth.max())]))
            for low, high in ((0.1, 0.5), (0.8, 1.0))
        ]
        rings += levels[0] > levels[1] + 10
    assert rings >= 6


def test_a_lesion_of_the_same_sequence_can_keep_its_own_contrast():
    faint = lesion(sequence="T1")
    faint = replace(faint, log_ratio=faint.log_ratio * np.float32(0.2))
    settings = replace(BARE, own_share=1.0, own_times=(1.0, 1.0), keep=(0.0, 0.0))
    image, found = planted(3, sequence="T1", what=faint, settings=settings)
    inside = found.mask > 0

    # Brighter, as it was where it was cut, though T1 shows most tumors dark.
    assert 0 < float(np.mean(found.image[inside])) - float(np.median(image[inside])) < 50


def test_faint_ones_are_among_them_and_none_is_invisible():
    changes = []
    for seed in range(30):
        image, found = planted(seed, sequence="T1", settings=replace(BARE, keep=(0.0, 0.0)))
        inside = found.mask > 0
        changes.append(float(np.abs(found.image[inside].astype(float) - image[inside]).mean()))
    assert min(changes) > 3
    assert min(changes) < 20
    assert max(changes) > 25


@pytest.mark.parametrize("size", [(64, 64), (180, 240), (512, 400)])
def test_any_size_is_planted(size):
    image = cv2.resize(draw_phantom(seed=2, size=256, lesion=False), size[::-1])
    _, found = planted(0, image=image)
    assert found.image.shape == found.mask.shape == size


def test_16_bits_stay_16_bits_and_nothing_wraps_around():
    image = draw_phantom(seed=2, size=256, lesion=False).astype(np.uint16) * 250 + 1000
    image[:, 0] = 65535  # a line at the end of the range
    strong = Planting(bright=(2.0, 2.0), dark=(2.0, 2.0), own_share=0.0, keep=(0.0, 0.0))
    for sequence, compare in (("FLAIR", np.greater), ("T1", np.less)):
        for pixels in (image, (image >> 8).astype(np.uint8)):
            _, found = planted(5, image=pixels, sequence=sequence, settings=strong)
            inside = cv2.erode(found.mask, np.ones((3, 3), np.uint8)) > 0
            assert found.image.dtype == pixels.dtype
            # Wrapped around, what is brightest would be darkest.
            middle = float(np.median(pixels[pixels > pixels.max() // 4]))
            assert compare(found.image[inside], middle).mean() > 0.9
            assert np.array_equal(found.image[~found.changed], pixels[~found.changed])


def test_what_is_no_tumor_stays_a_negative():
    image, found = planted(1, what=lesion(tumor=False))
    assert found.label == 0
    assert not found.mask.any()
    assert not np.array_equal(found.image, image)


@pytest.mark.parametrize(("sequence", "sign"), [("FLAIR", 1), ("T2", 1), ("T1", -1)])
def test_spots_are_small_many_no_tumor_and_bright_or_dark(sequence, sign):
    for seed in range(5):
        image = draw_phantom(seed=seed, size=256, lesion=False)
        rng = np.random.default_rng(seed)
        found = plant_spots(image, rng=rng, sequence=sequence)
        again = plant_spots(image, rng=np.random.default_rng(seed), sequence=sequence)
        difference = found.image.astype(int) - image

        assert found.label == 0
        assert not found.mask.any()
        assert found.image.dtype == np.uint8
        assert (sign * difference >= 0).all()
        assert 0 < found.changed.sum() < 0.08 * find_head(image).sum()
        assert np.array_equal(difference != 0, found.changed)
        assert np.array_equal(found.image, again.image)


@pytest.mark.parametrize("blank", [np.zeros((200, 200), np.uint8), np.zeros((3, 5), np.uint16)])
def test_where_there_is_no_head_nothing_is_planted(blank):
    rng = np.random.default_rng(0)
    assert plant(blank, lesion(), rng=rng, sequence="T2") is None
    assert plant_spots(blank, rng=rng, sequence="T2") is None


def test_a_lesion_is_cut_with_a_rim_as_ratio_to_its_surroundings():
    image, mask = head_with_lesion()
    found = cut_lesion(image, mask, source="head 7", sequence="FLAIR")

    assert (found.source, found.sequence, found.tumor) == ("head 7", "FLAIR", True)
    assert int(found.mask.sum()) == int(mask.sum())
    assert min(found.mask[0].sum(), found.mask[-1].sum(), found.mask[:, 0].sum()) == 0
    assert float(np.median(found.log_ratio[found.mask > 0])) == pytest.approx(0.5, abs=0.25)
    bright = (image.astype(np.uint16) * 200) + 3
    deep = cut_lesion(bright, mask)
    assert float(np.abs(deep.log_ratio - found.log_ratio).mean()) < 0.1


def test_what_cannot_be_cut_says_why():
    image, mask = head_with_lesion()
    small, edge, outside, large = (np.zeros_like(mask) for _ in range(4))
    small[120:124, 120:124] = 1
    edge[:40, 100:140] = 1
    outside[4:20, 4:20] = 1
    large[60:200, 70:190] = 1
    reasons = {
        "fewer than": small,
        "touches the border": edge,
        "outside the head": outside,
        "more than 30%": large,
    }

    for reason, unfit in reasons.items():
        assert reason in why_unfit(image, unfit)
        assert cut_lesion(image, unfit) is None
    assert "no head" in why_unfit(np.zeros_like(image), mask)
    assert "one size" in why_unfit(image, mask[:100])
    assert why_unfit(image, mask) is None


def test_a_slice_takes_milliseconds():
    image, what = draw_phantom(seed=0, size=256, lesion=False), lesion()
    took = []
    for seed in range(40):
        start = time.thread_time()
        plant(image, what, rng=np.random.default_rng(seed), sequence="FLAIR")
        took.append(time.thread_time() - start)
    # About 3 ms; the bound is wide for machines that are slow or busy.
    assert float(np.median(took)) < 0.02
