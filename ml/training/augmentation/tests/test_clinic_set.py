"""Slices of other clinics: image and mask change alike, and the label stays true."""

import cv2
import numpy as np
import pytest

from ml.imaging.head import find_head
from ml.imaging.phantom import draw_phantom
from ml.training.augmentation.clinic_set import CLINIC, CLINIC_CHANGES, change_as_clinics
from ml.training.augmentation.skull import put_on_skull, take_off_skull

ALWAYS = {change.name: 1.0 for change in CLINIC_CHANGES}
NEVER = {change.name: 0.0 for change in CLINIC_CHANGES}


def slice_with_mask(*, stripped: bool = False) -> tuple[np.ndarray, np.ndarray]:
    image, mask = draw_phantom(seed=4, size=224, lesion=False), np.zeros((224, 224), np.uint8)
    if stripped:
        disk = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (31, 31))
        image = image * cv2.erode(find_head(image), disk)
    cv2.ellipse(mask, (80, 100), (14, 9), 20, 0, 360, 1, -1)
    image[mask > 0] = 235
    return image, mask


@pytest.mark.parametrize("change", CLINIC, ids=lambda change: change.name)
def test_a_change_gives_an_image_of_that_size_and_always_the_same(change):
    image = draw_phantom(seed=3, size=240)[:, :200].copy()
    before = image.copy()

    changed = change.apply(image, np.random.default_rng(1))

    assert changed.dtype == np.uint8
    assert sorted(changed.shape) == sorted(image.shape)
    assert not np.array_equal(changed, image)
    assert np.array_equal(changed, change.apply(image, np.random.default_rng(1)))
    assert np.array_equal(image, before)


@pytest.mark.parametrize("stripped", [True, False])
@pytest.mark.parametrize("change", CLINIC_CHANGES, ids=lambda change: change.name)
def test_the_mask_follows_the_lesion(change, stripped):
    for seed in range(6):
        image, mask = slice_with_mask(stripped=stripped)
        changed, moved = change.change(image, mask, np.random.default_rng(seed))

        assert moved.shape == changed.shape
        assert set(np.unique(moved)) == {0, 1}
        inside = cv2.erode(moved, np.ones((5, 5), np.uint8)) > 0
        around = (cv2.dilate(moved, np.ones((15, 15), np.uint8)) > 0) & (moved == 0)
        assert float(np.mean(changed[inside])) > float(np.median(changed[around]))


@pytest.mark.parametrize("stripped", [None, True, False])
def test_all_together_come_from_the_seed_and_keep_the_lesion(stripped):
    image, mask = slice_with_mask(stripped=bool(stripped))
    for seed in range(20):
        first, again = (
            change_as_clinics(image, mask, rng=np.random.default_rng(seed), stripped=stripped)
            for _ in range(2)
        )
        assert np.array_equal(first[0], again[0])
        assert np.array_equal(first[1], again[1])
        assert first[0].dtype == first[1].dtype == np.uint8
        assert first[1].any()
        assert change_as_clinics(image, None, rng=np.random.default_rng(seed))[1] is None


def test_shares_are_what_the_caller_says():
    image, mask = slice_with_mask()
    rng = np.random.default_rng(0)
    assert change_as_clinics(image, mask, rng=rng, shares=NEVER)[0] is image
    shares = NEVER | {"gamma": 1.0}
    changed, same = change_as_clinics(image, mask, rng=rng, shares=shares)
    assert not np.array_equal(changed, image)
    assert same is mask


def test_skulls_come_off_those_who_have_one_and_go_on_those_who_have_none():
    bare, whole = slice_with_mask(stripped=True), slice_with_mask()
    shares = NEVER | {"stripped": 1.0, "unstripped": 1.0}
    for image, mask in (bare, whole):
        rng = np.random.default_rng(0)
        assert change_as_clinics(image, mask, rng=rng, shares=shares)[0] is image

    rng = np.random.default_rng(0)
    stripped, _ = change_as_clinics(*whole, rng=rng, stripped=False, shares=shares)
    dressed, _ = change_as_clinics(*bare, rng=rng, stripped=True, shares=shares)

    assert find_head(stripped).sum() < 0.95 * find_head(whole[0]).sum()
    assert (stripped <= whole[0]).all()
    # Outermost is scalp again, and between it and the brain it is darker.
    depth = cv2.distanceTransform(find_head(dressed), cv2.DIST_L2, 5)
    profile = [float(np.mean(dressed[np.rint(depth) == at])) for at in range(2, 16)]
    assert min(profile[2:]) < 0.6 * max(profile[:6])


def test_a_skull_stays_on_where_the_lesion_would_go_with_it():
    image, mask = slice_with_mask()
    head = find_head(image)
    mask[:] = 0
    mask[head > cv2.erode(head, np.ones((9, 9), np.uint8))] = 1
    assert take_off_skull(image, mask, np.random.default_rng(0))[0] is image


@pytest.mark.parametrize("change", [take_off_skull, put_on_skull])
def test_without_a_head_nothing_is_done(change):
    blank = np.zeros((50, 60), np.uint8)
    assert change(blank, None, np.random.default_rng(0))[0] is blank
