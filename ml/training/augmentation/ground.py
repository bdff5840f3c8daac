"""Where in a slice there is brain to plant in."""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

from ml.imaging.head import find_head
from ml.imaging.pixels import Float32Array, Pixels, Uint8Array
from ml.training.augmentation.operations import as_uint8

_COARSE: Final = 128  # pixels of the longer side in which the brain is looked for
_SCALP: Final = 0.075  # of the head's diameter: scalp and skull are thinner nearly everywhere
_PEEL: Final = 0.015  # likewise, off a stripped brain's own border
_REACH: Final = MappingProxyType({"coronal": 0.62, "sagittal": 0.55})
"""How far below the vertex brain reaches, of the head's width there (its length, sagittally)."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Ground:
    """A slice's gray levels and its brain.

    Attributes:
        values: float32, shape (H, W), 0 to 255.
        black: what 0 stands for in the image's own levels.
        step: how many of the image's own levels are one here.
        head: uint8, same shape, 1 in the head.
        depth: float32, same shape, pixels to the brain's border; 0 outside it.
        lowest: the row below which no lesion's middle may lie; there are face and neck.
        tissue: float32, shape (h, w) of at most 128, 1 where the gray level is that of brain, 0 in
            air, bone, fluid and fat.
        diameter: of a disk as large as the head, in pixels.
        level: median of the brain's tissue.
        whitest: what a lesion may have: 1.35 times the 99.7th percentile in the head, for tumors
            are brighter than any tissue, or the image's own white.
    """

    values: Float32Array
    black: float
    step: float
    head: Uint8Array
    depth: Float32Array
    lowest: int
    tissue: Float32Array
    diameter: float
    level: float
    whitest: float

    def back(self, values: Float32Array, *, like: Pixels) -> Pixels:
        """Gray levels as the image had them, rounded and held within its type."""
        most = float(np.iinfo(like.dtype).max)
        own = np.clip(np.rint(values * self.step + self.black), 0.0, most)
        wide: npt.NDArray[np.uint16] = own.astype(np.uint16)
        return as_uint8(wide) if like.dtype == np.uint8 else wide


def find_ground(image: Pixels, *, stripped: bool, plane: str = "axial") -> Ground | None:
    """Measure a slice; None where there is no head, or no tissue in it.

    Args:
        image: uint8 or uint16, shape (H, W).
        stripped: whether the skull was removed; else the outermost 7.5 % of the head's diameter
            are taken for scalp and skull, and what hangs on the brain by a narrow bridge (eyes,
            face, neck) is left out where it is smaller.
        plane: "axial", "coronal" or "sagittal"; of the latter two, upright and with skull, the
            brain is only looked for as far below the vertex as it reaches.
    """
    black, step = 0.0, 1.0
    if image.dtype == np.uint16:
        low, high = np.percentile(image[::2, ::2], (0.5, 99.9))
        black, step = float(low), max(1.0, float(high - low)) / 255.0
    values = (image.astype(np.float32) - np.float32(black)) / np.float32(step)
    gray = np.clip(values, 0.0, 255.0).astype(np.uint8)
    head = find_head(gray)
    if head is None:
        return None
    diameter = 2.0 * float(np.sqrt(head.sum() / np.pi))
    depth = _depth(head, diameter=diameter, stripped=stripped)
    lowest = len(head)
    if not stripped and plane in _REACH:
        lowest = _lowest_row(head, reach=_REACH[plane])
    inside = gray[:lowest:2, ::2][depth[:lowest:2, ::2] > 0]
    tissue = inside[inside > 12]
    if tissue.size < 50:
        return None
    level = float(np.median(tissue))
    scale = min(1.0, _COARSE / max(gray.shape))
    small = cv2.resize(gray, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    return Ground(
        values=values,
        black=black,
        step=step,
        head=head,
        depth=depth,
        lowest=lowest,
        tissue=((small > 0.6 * level) & (small < 1.9 * level)).astype(np.float32),
        diameter=diameter,
        level=level,
        whitest=min(255.0, 1.35 * float(np.percentile(gray[::2, ::2][head[::2, ::2] > 0], 99.7))),
    )


def _depth(head: Uint8Array, *, diameter: float, stripped: bool) -> Float32Array:
    """Pixels to the brain's border; of several parts of the brain, the one that goes deepest."""
    height, width = head.shape
    scale = min(1.0, _COARSE / max(height, width))
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    small = cv2.resize(head, size, interpolation=cv2.INTER_NEAREST)
    # The image's border is as good as air: a head cut off there ends there.
    bordered = np.pad(small, 1)
    depth = cv2.distanceTransform(bordered, cv2.DIST_L2, 5)[1:-1, 1:-1]
    peel = (_PEEL if stripped else _SCALP) * diameter * scale
    depth = np.maximum(depth - peel, 0.0)
    if not stripped:
        depth = _deepest_part(depth, neck=0.09 * diameter * scale)
    grown = cv2.resize(depth, (width, height), interpolation=cv2.INTER_LINEAR) / scale
    return np.ascontiguousarray(grown, dtype=np.float32)


def _lowest_row(head: Uint8Array, *, reach: float) -> int:
    """The row below which an upright head has no brain, `reach` of its width under the vertex."""
    in_rows = head.sum(axis=1, dtype=np.int32)
    top = int(np.argmax(in_rows > 0))
    upper = in_rows[top : top + max(1, round(0.5 * float(np.count_nonzero(in_rows))))]
    return min(len(in_rows), top + round(reach * float(upper.max())))


def tissue_around(ground: Ground, *, radius: float) -> Float32Array:
    """Of every place's surroundings, the share that is brain by its gray level: shape (H, W).

    Args:
        ground: the slice.
        radius: how far around, in pixels of the slice.
    """
    height, width = ground.head.shape
    side = 2 * max(1, round(radius * ground.tissue.shape[0] / height)) + 1
    share = cv2.blur(ground.tissue, (side, side), borderType=cv2.BORDER_CONSTANT)
    return np.asarray(cv2.resize(share, (width, height)), dtype=np.float32)


def _deepest_part(depth: Float32Array, *, neck: float) -> Float32Array:
    """What stays together where bridges of twice `neck` pixels are cut, grown back."""
    core = (depth > neck).astype(np.uint8)
    count, labels = cv2.connectedComponents(core)
    if count < 3:
        return depth
    deepest = labels == labels.flat[int(np.argmax(depth))]
    near = cv2.distanceTransform((~deepest).astype(np.uint8), cv2.DIST_L2, 5)
    return np.where(near <= 1.5 * neck, depth, 0.0).astype(np.float32)
