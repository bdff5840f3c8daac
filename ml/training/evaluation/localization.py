"""Does what the release points at lie on the lesion? One image's facts, for heatmap and regions.

The pointing game (Zhang et al. 2018) asks whether one point lies on the object; here within 5 % of
the image's width of the outline, since an outline is itself drawn by hand. Energy (Wang et al.
2020) asks what share of the heatmap lies inside it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final, Literal, TypeAlias

import cv2
import numpy as np

from ml.imaging.head import find_head
from ml.imaging.pixels import Uint8Array, to_gray
from ml.imaging.regions import Region
from ml.predictor import Prediction
from ml.training.data.lesions import BoolMask, distance_to_lesion, lesion_mask

NEAR: Final = 0.05  # of the image's width: how far a point may lie from the outline and be on it

Size: TypeAlias = Literal["small", "medium", "large"]
# Share of the image's area from which on a lesion is called so. Among the outlined slices a third
# are small and a fifth large.
SIZES: Final[Mapping[Size, float]] = {"small": 0.0, "medium": 0.01, "large": 0.025}


def localized(
    prediction: Prediction, outlines: Sequence[Mapping[str, Any]], *, height: int, width: int
) -> dict[str, Any]:
    """What one outlined image says, as metrics are counted from it; all of it fits into JSON.

    Returns:
        `size` (of the lesion), `area` (its share of the image), `peak_on`, `energy` (share of the
        heatmap inside the outline), `middle_on` (whether the middle of the image, which needs no
        model, lies on it), `regions` (how many), `region_on` (whether the innermost point of the
        best region lies on it), `touched` (whether any region meets the outline) and `dice`.
    """
    mask = lesion_mask(outlines, height=height, width=width)
    area = float(mask.mean())

    def on(point: tuple[int, int] | None) -> bool:
        return point is not None and distance_to_lesion(point, outlines) <= NEAR * width

    regions = prediction.regions or ()
    found = region_mask(regions, height=height, width=width)
    best = max(regions, key=lambda region: region.score, default=None)
    return {
        "size": size_of(area),
        "area": area,
        "peak_on": on(prediction.heatmap_peak),
        "energy": energy_inside(prediction.heatmap, mask),
        "middle_on": on((width // 2, height // 2)),
        "regions": len(regions),
        "region_on": on(innermost(best, height=height, width=width) if best else None),
        "touched": bool((found & mask).any()),
        "dice": dice(found, mask),
    }


def size_of(area: float) -> Size:
    """The class of a lesion by its share of the image's area."""
    sizes: list[Size] = [name for name, least in SIZES.items() if area >= least]
    return sizes[-1]


def share_of_head(image: Uint8Array, outlines: Sequence[Mapping[str, Any]]) -> float:
    """The lesion's pixels for each of the head's (`ml.imaging.head.find_head`).

    Args:
        image: uint8, shape (H, W) or (H, W, 3).
        outlines: of the lesion, in its pixels.

    Returns:
        0 to 1; the share of the image where no head is found in it.
    """
    height, width = image.shape[:2]
    lesion = lesion_mask(outlines, height=height, width=width)
    head = find_head(to_gray(image))
    pixels = lesion.size if head is None else int(head.sum())
    return min(1.0, int(lesion.sum()) / pixels)


def energy_inside(heatmap: Uint8Array, mask: BoolMask) -> float:
    """Share of a heatmap's sum that lies inside a mask of the same shape; 0 for an empty one."""
    total = int(heatmap.sum(dtype=np.int64))
    return int(heatmap[mask].sum(dtype=np.int64)) / total if total else 0.0


def dice(found: BoolMask, truth: BoolMask) -> float:
    """Overlap of two masks of one shape, 0 to 1 (Dice 1945); 1 where both are empty."""
    both = int(found.sum()) + int(truth.sum())
    return 2.0 * int((found & truth).sum()) / both if both else 1.0


def region_mask(regions: Sequence[Region], *, height: int, width: int) -> BoolMask:
    """All regions together: bool, shape (height, width)."""
    mask = np.zeros((height, width), dtype=np.uint8)
    for region in regions:
        cv2.fillPoly(mask, [np.asarray(region.polygon, dtype=np.int32)], (1,))
    return mask.astype(bool)


def innermost(region: Region, *, height: int, width: int) -> tuple[int, int]:
    """The (x, y) inside a region that is farthest from its rim."""
    mask = np.zeros((height + 2, width + 2), dtype=np.uint8)  # the image's rim is a rim as well
    cv2.fillPoly(mask, [np.asarray(region.polygon, dtype=np.int32) + 1], (1,))
    depth = cv2.distanceTransform(mask, cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
    row, column = np.unravel_index(int(depth.argmax()), depth.shape)
    return int(column) - 1, int(row) - 1
