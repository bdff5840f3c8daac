import cv2
import numpy as np
import pytest

from ml.imaging.phantom import draw_phantom
from ml.training.augmentation.cover import cover, lesion_region, other_region
from ml.training.augmentation.settings import Augmentation
from ml.training.augmentation.training_set import augment

STILL = Augmentation(
    **dict.fromkeys(Augmentation.__dataclass_fields__, 0.0)  # nothing but flips
)


def lesion() -> tuple[np.ndarray, np.ndarray]:
    image = draw_phantom(seed=3, size=224, lesion=False)
    mask = np.zeros_like(image)
    cv2.circle(mask, (90, 120), 14, 1, -1)
    image[mask > 0] = 255
    return image, mask


def test_the_mask_moves_with_the_image():
    image, mask = lesion()
    moves = Augmentation(
        **{
            name: getattr(Augmentation(), name) if name in MOVES else 0.0
            for name in Augmentation.__dataclass_fields__
        }
    )
    for seed in range(20):
        picture, moved = augment(image, mask, settings=moves, rng=np.random.default_rng(seed))

        core = cv2.erode(moved, np.ones((3, 3), np.uint8)) > 0
        assert core.any()
        assert picture[core].min() > 0.9


MOVES = ("rotation", "quarter_turn_share", "shift", "shear", "zoom")


def test_values_stay_between_0_and_1_and_air_stays_dark():
    image, mask = lesion()
    for seed in range(30):
        picture, _ = augment(image, mask, settings=Augmentation(), rng=np.random.default_rng(seed))

        assert picture.dtype == np.float32
        assert picture.shape == (224, 224)
        assert picture.min() >= 0.0
        assert picture.max() <= 1.0
        assert np.median(picture[:12, :12]) < 0.15 or picture[:12, :12].std() > 0


def test_the_same_generator_gives_the_same_copy():
    image, mask = lesion()

    first, second = (
        augment(image, mask, settings=Augmentation(), rng=np.random.default_rng([1, 2, 3]))
        for _ in range(2)
    )

    assert np.array_equal(first[0], second[0])
    assert np.array_equal(first[1], second[1])


def test_with_everything_at_zero_only_flips_are_left():
    image, _ = lesion()

    picture, mask = augment(image, None, settings=STILL, rng=np.random.default_rng(0))

    assert mask is None
    flips = [image, image[::-1], image[:, ::-1], image[::-1, ::-1]]
    assert any(np.allclose(picture * 255, flip, atol=1.5) for flip in flips)


def test_cutouts_leave_most_of_the_lesion():
    image, mask = lesion()
    often = Augmentation(
        **{name: float(name == "cutout_share") for name in Augmentation.__dataclass_fields__}
    )
    for seed in range(40):
        _, left = augment(image, mask, settings=often, rng=np.random.default_rng(seed))

        assert left.sum() > 0.25 * mask.sum()


@pytest.mark.parametrize("seed", range(12))
def test_a_covered_lesion_is_gone_and_the_rest_is_as_before(seed):
    image, mask = lesion()
    rng = np.random.default_rng(seed)
    region = lesion_region(mask, rng=rng)

    covered = cover(image, region, rng=rng)

    assert covered[mask > 0].mean() < 200 < image[mask > 0].mean()
    far = cv2.dilate(region, np.ones((41, 41), np.uint8)) == 0
    assert np.array_equal(covered[far], image[far])


def test_another_region_lies_on_tissue_and_clear_of_the_lesion():
    image, mask = lesion()
    found = [
        other_region(mask, image=image, mask=mask, rng=np.random.default_rng(seed))
        for seed in range(10)
    ]

    regions = [region for region in found if region is not None]
    assert len(regions) > 5
    assert not any((region & mask).any() for region in regions)
