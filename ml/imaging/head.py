"""Where the head lies in a slice, by one rule for whoever needs to know."""

from __future__ import annotations

import math
from typing import Final

import cv2
import numpy as np

from ml.imaging.pixels import Uint8Array

_COARSE: Final = 128  # pixels of the longer side; finer outlines cost time and tell nothing more
_DARKEST: Final = 10  # of 255; JPEG noise in the black background stays below it
_SHARE_OF_RANGE: Final = 0.08  # from air to the brightest tissue
_SMALLEST: Final = 0.03  # of the image; less is no head
_SMALLEST_PART: Final = 0.1  # of the largest; low slices show lobes and eyes apart
_CLOSING: Final = 0.06  # of the longer side: bridges dark bone and sulci


def find_head(gray: Uint8Array) -> Uint8Array | None:
    """What is brighter than the air, but for small things; holes filled.

    Looked for in the image shrunk to 128 pixels. Left out is what has less than a tenth of the
    largest part's area: letters and lines, where they do not touch the head. What is brighter than
    air lies more than 8 % of the range from the second to the 99th percentile above the second, and
    above 10 of 255.

    Args:
        gray: uint8, shape (H, W).

    Returns:
        uint8, same shape, 1 in the head; None where nothing covers 3 % of the image.
    """
    height, width = gray.shape
    scale = _COARSE / max(height, width)
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    small = cv2.resize(gray, size, interpolation=cv2.INTER_AREA) if scale < 1.0 else gray
    air, top = np.percentile(small, (2.0, 99.0))
    limit = max(float(_DARKEST), float(air) + _SHARE_OF_RANGE * float(top - air))
    _, bright = cv2.threshold(small, math.floor(limit), 1, cv2.THRESH_BINARY)
    opened = cv2.morphologyEx(bright, cv2.MORPH_OPEN, np.ones((3, 3), np.uint8))
    pad = max(1, round(_CLOSING * max(small.shape)))
    disk = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (pad + 1 | 1, pad + 1 | 1))
    closed = cv2.morphologyEx(np.pad(opened, pad), cv2.MORPH_CLOSE, disk)
    outlines = cv2.findContours(closed, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)[0]
    if not outlines:
        return None
    least = _SMALLEST_PART * max(map(cv2.contourArea, outlines))
    parts = [outline for outline in outlines if cv2.contourArea(outline) >= least]
    filled = cv2.drawContours(np.zeros_like(closed), parts, -1, 1, cv2.FILLED)
    filled = filled[pad:-pad, pad:-pad]
    if float(filled.mean()) < _SMALLEST:
        return None
    if scale < 1.0:
        soft = cv2.resize(filled * np.uint8(255), (width, height), interpolation=cv2.INTER_LINEAR)
        filled = (soft > 127).astype(np.uint8)
    return np.ascontiguousarray(filled, dtype=np.uint8)
