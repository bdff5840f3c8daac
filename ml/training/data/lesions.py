"""Outlines of lesions, and how far a point is from them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

import cv2
import numpy as np
import numpy.typing as npt

from ml.imaging.pixels import Float32Array

BoolMask: TypeAlias = npt.NDArray[np.bool_]

_CORNERS = 72  # of the polygon that stands for an ellipse or a circle


def distance_to_lesion(point: tuple[int, int], outlines: Sequence[Mapping[str, Any]]) -> float:
    """Distance in pixels from a point to the nearest lesion; 0 inside one.

    Args:
        point: (x, y) in pixels of the image.
        outlines: at least one, each with "shape": `polygon` (lists x and y), `ellipse` (cx, cy,
            rx, ry, theta in radians) or `circle` (cx, cy, r), in pixels of the image.

    Raises:
        ValueError: no outline, or an unknown shape.
    """
    if not outlines:
        raise ValueError("There is no outline to measure from.")
    x, y = float(point[0]), float(point[1])
    nearest = max(cv2.pointPolygonTest(corners(o), (x, y), True) for o in outlines)
    return max(0.0, -float(nearest))  # OpenCV counts inside as positive


def corners(outline: Mapping[str, Any]) -> Float32Array:
    """The outline as a polygon: shape (N, 2), x and y in pixels of the image.

    Raises:
        ValueError: an unknown shape.
    """
    shape = outline.get("shape")
    if shape == "polygon":
        return np.column_stack([outline["x"], outline["y"]]).astype(np.float32)
    if shape == "circle":
        return _ellipse(outline, rx=outline["r"], ry=outline["r"], theta=0.0)
    if shape == "ellipse":
        return _ellipse(outline, rx=outline["rx"], ry=outline["ry"], theta=outline["theta"])
    raise ValueError(f"There is no outline shape {shape!r}.")


def _ellipse(outline: Mapping[str, Any], *, rx: float, ry: float, theta: float) -> Float32Array:
    angles = np.linspace(0.0, 2.0 * np.pi, _CORNERS, endpoint=False)
    along, across = rx * np.cos(angles), ry * np.sin(angles)
    x = outline["cx"] + along * np.cos(theta) - across * np.sin(theta)
    y = outline["cy"] + along * np.sin(theta) + across * np.cos(theta)
    return np.column_stack([x, y]).astype(np.float32)


def lesion_mask(outlines: Sequence[Mapping[str, Any]], *, height: int, width: int) -> BoolMask:
    """Where the lesions lie: bool, shape (height, width), True inside any outline.

    Raises:
        ValueError: an unknown shape.
    """
    mask = np.zeros((height, width), dtype=np.uint8)
    for outline in outlines:
        # Each on its own: filled together, two outlines that overlap would cut a hole.
        cv2.fillPoly(mask, [np.rint(corners(outline)).astype(np.int32)], (1,))
    return mask.astype(bool)


def mask_outlines(mask: BoolMask) -> tuple[dict[str, Any], ...]:
    """Polygons through the outermost pixels of a mask, from which `lesion_mask` draws it again.

    Holes count as lesion, as they do inside an outline that was drawn by hand.

    Args:
        mask: shape (H, W), True on the lesion.
    """
    found, _ = cv2.findContours(mask.astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
    return tuple(
        {"shape": "polygon", "x": points[:, 0, 0].tolist(), "y": points[:, 0, 1].tolist()}
        for points in found
    )
