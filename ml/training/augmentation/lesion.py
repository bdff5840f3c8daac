"""A lesion cut out of the slice that shows it, to be set into others."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np

from ml.imaging.head import find_head
from ml.imaging.pixels import Float32Array, Pixels, Uint8Array
from ml.imaging.pixels import to_8bit as window_to_8bit

_FEWEST_PIXELS: Final = 40  # fewer have no texture to speak of
_LARGEST_SHARE: Final = 0.3  # of the head; larger outlines leave no surroundings to compare with
_FAINTEST: Final = 8.0  # of 255: the surroundings are air or bone below it
_RIM: Final = 0.35  # of the lesion's radius: the surroundings that it is compared with


@dataclass(frozen=True, kw_only=True, slots=True)
class Lesion:
    """A lesion as ratio to its surroundings.

    Attributes:
        log_ratio: float32, shape (h, w), logarithm of gray level over that of the surroundings.
        mask: uint8, same shape, 1 in the lesion.
        source: whose it is, as the caller names it, so that its head is not planted with it.
        sequence: what it was seen on ("FLAIR", "T1c", ...); "" where that is not known.
        tumor: False for what is none (multiple sclerosis, for one): planted, it stays a negative.
    """

    log_ratio: Float32Array
    mask: Uint8Array
    source: str = ""
    sequence: str = ""
    tumor: bool = True


def cut_lesion(
    image: Pixels, mask: Uint8Array, *, source: str = "", sequence: str = "", tumor: bool = True
) -> Lesion | None:
    """The largest lesion of the mask, with a rim, or None where `why_unfit` gives a reason.

    Args:
        image: uint8 or uint16, shape (H, W).
        mask: uint8, same shape, not 0 in the lesion.
        source: kept with it, as is `sequence` and `tumor`.
        sequence: see `Lesion`.
        tumor: see `Lesion`.
    """
    if why_unfit(image, mask) is not None:
        return None
    gray = window_to_8bit(image)
    alone = _largest(mask)
    left, top, width, height = cv2.boundingRect(alone)
    radius = float(np.sqrt(alone.sum() / np.pi))
    rim = max(3, round(_RIM * radius))
    rows = np.s_[max(0, top - rim) : top + height + rim]
    columns = np.s_[max(0, left - rim) : left + width + rim]
    patch, alone = gray[rows, columns].astype(np.float32), alone[rows, columns]
    level = _surroundings(patch, alone, rim=rim)
    assert level is not None  # why_unfit asked
    smooth = cv2.GaussianBlur(patch, (0, 0), 0.5)
    log_ratio = np.log((smooth + 4.0) / np.float32(level + 4.0))
    return Lesion(
        log_ratio=np.clip(log_ratio, -1.5, 1.5).astype(np.float32),
        mask=np.ascontiguousarray(alone),
        source=source,
        sequence=sequence,
        tumor=tumor,
    )


def why_unfit(image: Pixels, mask: Uint8Array) -> str | None:
    """Why no lesion can be cut here, in one sentence; None where one can.

    Args:
        image: uint8 or uint16, shape (H, W).
        mask: uint8, same shape, not 0 in the lesion.
    """
    if image.shape != mask.shape or image.ndim != 2:
        return "Image and mask are not gray and of one size."
    alone = _largest(mask)
    area = int(alone.sum())
    if area < _FEWEST_PIXELS:
        return f"The lesion has {area} pixels, fewer than {_FEWEST_PIXELS}."
    left, top, width, height = cv2.boundingRect(alone)
    if min(left, top) == 0 or left + width == mask.shape[1] or top + height == mask.shape[0]:
        return "The lesion touches the border of the image."
    gray = window_to_8bit(image)
    head = find_head(gray)
    if head is None:
        return "There is no head in the image."
    if area > _LARGEST_SHARE * float(head.sum()):
        return f"The lesion covers more than {_LARGEST_SHARE:.0%} of the head."
    if float(head[alone > 0].mean()) < 0.95:
        return "The lesion lies partly outside the head."
    rim = max(3, round(_RIM * float(np.sqrt(area / np.pi))))
    if _surroundings(gray, alone, rim=rim) is None:
        return "There is no tissue around the lesion to compare it with."
    return None


def _largest(mask: Uint8Array) -> Uint8Array:
    """The largest connected part alone, its holes filled."""
    whole = (mask > 0).astype(np.uint8)
    outlines = cv2.findContours(whole, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)[0]
    alone = np.zeros_like(whole)
    if outlines:
        largest = max(outlines, key=cv2.contourArea)
        cv2.drawContours(alone, [largest], -1, 1, cv2.FILLED)
    return alone


def _surroundings(gray: Uint8Array | Float32Array, alone: Uint8Array, *, rim: int) -> float | None:
    """Median gray level of the tissue around the lesion; None where there is too little."""
    disk = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * rim + 1, 2 * rim + 1))
    around = cv2.dilate(alone, disk) > alone
    values = gray[around]
    tissue = values[values > _FAINTEST]
    if tissue.size < 0.3 * values.size or tissue.size < 10:
        return None
    return float(np.median(tissue))
