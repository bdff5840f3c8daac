"""The shapes of planting: a lesion bent, and what is around it pushed aside."""

from __future__ import annotations

from typing import Final

import cv2
import numpy as np

from ml.imaging.pixels import Float32Array, Uint8Array
from ml.training.augmentation.operations import as_float32
from ml.training.augmentation.planting_settings import Planting

_ROUGH: Final = 0.10  # of the radius: how far a point of the outline is moved, about
_WAVES: Final = 5  # knots across a lesion


def bend(
    log_ratio: Float32Array, mask: Uint8Array, *, area: float, rng: np.random.Generator
) -> tuple[Float32Array, Uint8Array]:
    """Turned, mirrored, squeezed, scaled to an area and bent, in one resampling.

    The bending makes every outline a new one: a collection's ellipses would teach ellipses.

    Args:
        log_ratio: float32, shape (h, w).
        mask: uint8, same shape, 1 in the lesion.
        area: about how many pixels the lesion is to have.
        rng: the only source of chance.

    Returns:
        Both on a square whose middle is the lesion's.
    """
    moments = cv2.moments(mask, binaryImage=True)
    center = np.array([moments["m10"], moments["m01"]]) / moments["m00"]
    scale = float(np.sqrt(area / moments["m00"]))
    left, top, width, height = cv2.boundingRect(mask)
    corners = np.array([[left, top], [left + width, top], [left, top + height]])
    corners = np.vstack([corners, [left + width, top + height]]) - center
    squeeze = float(np.exp(rng.uniform(-0.2, 0.2)))
    angle = rng.uniform(0.0, 2.0 * np.pi)
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    flip = np.diag([float(rng.choice([-1.0, 1.0])), 1.0])
    forward = scale * turn @ np.diag([squeeze, 1.0 / squeeze]) @ flip
    radius = float(np.sqrt(area / np.pi))
    half = int(np.ceil(np.abs(corners @ forward.T).max() + 2.5 * _ROUGH * radius)) + 2
    side = 2 * half + 1
    back = np.linalg.inv(forward)
    grid = np.arange(-half, half + 1, dtype=np.float32)
    knots = max(3, round(_WAVES * half / max(radius, 1.0) / 1.5))
    waves = as_float32(rng.normal(0.0, _ROUGH * radius, (knots, knots, 2)))
    rough = cv2.resize(waves, (side, side), interpolation=cv2.INTER_CUBIC)
    x, y = grid[None, :] + rough[..., 0], grid[:, None] + rough[..., 1]
    map_x = as_float32(back[0, 0] * x + back[0, 1] * y + center[0])
    map_y = as_float32(back[1, 0] * x + back[1, 1] * y + center[1])
    soft = cv2.remap(as_float32(mask), map_x, map_y, cv2.INTER_LINEAR)
    picture: Float32Array = log_ratio
    if scale < 0.7:  # else shrinking would take one pixel of many
        picture = as_float32(cv2.GaussianBlur(log_ratio, (0, 0), 0.4 / scale))
    bent = cv2.remap(picture, map_x, map_y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return as_float32(bent), _to_area(as_float32(soft), area=area)


def _to_area(soft: Float32Array, *, area: float) -> Uint8Array:
    """The outline, drawn in or out until the area is about right (bending changes it)."""
    shape = (soft > 0.5).astype(np.uint8)
    within = cv2.distanceTransform(np.pad(shape, 1), cv2.DIST_L2, 5)[1:-1, 1:-1]
    signed = within - cv2.distanceTransform(1 - shape, cv2.DIST_L2, 5)
    rank = min(int(area), signed.size - 1)
    limit = float(np.partition(signed.ravel(), signed.size - 1 - rank)[signed.size - 1 - rank])
    return (signed > limit).astype(np.uint8)


def push_aside(
    host: Float32Array,
    distance: Float32Array,
    *,
    free: Float32Array,
    radius: float,
    rng: np.random.Generator,
    settings: Planting,
) -> Float32Array:
    """The surroundings moved away from the lesion, less the farther they are.

    Args:
        host: float32, shape (h, w).
        distance: pixels to the outline, positive within it.
        free: how far each place can move, from 0 (skull) to 1.
        radius: of the lesion, in pixels.
        rng: the only source of chance.
        settings: how often and how far.
    """
    if rng.random() >= settings.mass_share:
        return host
    height, width = host.shape
    push = float(rng.uniform(*settings.mass)) * radius
    # Within the lesion all lies under it; around it the shift ends smoothly where the reach does.
    away = np.clip(-distance / np.float32(settings.reach * radius), 0.0, 1.0)
    strength = push * (1.0 - away * away) ** 2 * free
    soft = cv2.GaussianBlur(distance, (0, 0), max(1.0, 0.3 * radius))
    slope_x = cv2.Sobel(soft, cv2.CV_32F, 1, 0, ksize=3)
    slope_y = cv2.Sobel(soft, cv2.CV_32F, 0, 1, ksize=3)
    length = np.sqrt(slope_x * slope_x + slope_y * slope_y) + np.float32(1e-3)
    x = np.arange(width, dtype=np.float32)[None, :] + strength * slope_x / length
    y = np.arange(height, dtype=np.float32)[:, None] + strength * slope_y / length
    moved = cv2.remap(
        host, as_float32(x), as_float32(y), cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
    )
    return as_float32(np.where(strength > 0.05, moved, host))
