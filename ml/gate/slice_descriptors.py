"""What an image looks like, in numbers for the gate `brain-mri-2`: of its pixels alone.

The image is framed (borders of one gray level cut off), what is brighter than air is cropped to a
square of 96 x 96 pixels and windowed by what is in it, so that neither export nor display changes
much. Then, in blocks:

- edges: histograms of oriented gradients (Dalal and Triggs 2005), 8 x 8 cells of 8 directions;
- thumbnail: 12 x 12 grays;
- shells: the histogram of grays at each depth below the outline, which tells a skull of CT (white)
  from one of MRI (black), and the strength of edges there;
- grays: histograms inside the outline, and of the whole frame;
- texture: local binary patterns (Ojala, Pietikainen and Maenpaa 2002, rotation invariant and
  uniform) at two radii, and how much of the variance is in which band of frequencies;
- outline: its shape as Fourier descriptors, and where it meets the frame; air, color, symmetry.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

import cv2
import numpy as np

from ml.imaging.head import find_head
from ml.imaging.pixels import Float32Array, Pixels, Uint8Array, to_8bit, to_gray
from ml.imaging.windowing import air_level, without_borders

SIDE: Final = 96  # pixels of the cropped square
_FRAME: Final = 128  # pixels of the longer side of the frame
_FINEST: Final = 256  # likewise of what the square is cut from; more costs time and tells no more
_CELL, _DIRECTIONS = 12, 8
_GRID: Final = SIDE // _CELL
_FAINT: Final = 2.0  # gray levels a pixel: keeps noise on a flat image from looking like edges
_THUMBNAIL: Final = 12
_BRIGHT: Final = 0.85 * 255.0  # what the 99th percentile inside becomes
# Depth below the outline in pixels of the square: thin shells about scalp and skull, then wide.
_SHELLS: Final = np.array([1.5, 3.0, 4.5, 6.0, 8.0, 10.0, 13.0, 18.0, 26.0], dtype=np.float32)
_SHELL_GRAYS: Final = 8
_RADII: Final = (1, 3)
_OCTAVES: Final = 4
_HARMONICS, _POINTS = 12, 64

BLOCKS: Final[Mapping[str, int]] = MappingProxyType(
    {
        "edges": _GRID**2 * _DIRECTIONS,
        "thumbnail": _THUMBNAIL**2,
        "shells": (len(_SHELLS) + 1) * (_SHELL_GRAYS + 1),
        "grays": 32 + 16,
        "texture": 10 * len(_RADII) + _OCTAVES + 1,
        "outline": _HARMONICS + 18,
    }
)

SIZE: Final = sum(BLOCKS.values())
_AROUND: Final = ((-1, -1), (-1, 0), (-1, 1), (0, 1), (1, 1), (1, 0), (1, -1), (0, -1))


def _uniform_patterns() -> Uint8Array:
    """Of each code of eight bits: how many are set, or 9 where they change more than twice."""
    bits = (np.arange(256)[:, np.newaxis] >> np.arange(8)) & 1
    changes = (bits != np.roll(bits, 1, axis=1)).sum(axis=1)
    return np.where(changes <= 2, bits.sum(axis=1), 9).astype(np.uint8)


_UNIFORM: Final = _uniform_patterns()
_ROWS = np.arange(SIDE) // _CELL
_FIRST_BIN = ((_ROWS[:, None] * _GRID + _ROWS[None]) * _DIRECTIONS).ravel()


@dataclass(frozen=True, kw_only=True, slots=True)
class View:
    """An image as the gate sees it.

    Attributes:
        whole: the image, uint8, gray or RGB, its longer side 128 pixels at most.
        frame: gray, the same without borders.
        head: what is brighter than air there, uint8, 0 or 1, same shape.
        square: the same cropped and windowed, uint8, shape (96, 96).
        inside: what of it is within the outline, bool, shape (96, 96).
        air: gray level of air in the frame.
        colored: share of the pixels that are no gray, and mean difference of the channels of 255.
    """

    whole: Uint8Array
    frame: Uint8Array
    head: Uint8Array
    square: Uint8Array
    inside: np.ndarray
    air: float
    colored: tuple[float, float]


def view(pixels: Pixels) -> View:
    """Frame, crop and window an image.

    Args:
        pixels: uint8 or uint16, shape (H, W) or (H, W, 3).
    """
    image = _at_most(to_8bit(pixels), side=_FINEST)
    whole = _at_most(image, side=_FRAME)
    colored = _colors(whole) if whole.ndim == 3 else (0.0, 0.0)
    gray, small = to_gray(image), to_gray(whole)
    top, left, height, width = without_borders(small)
    frame = np.ascontiguousarray(small[top : top + height, left : left + width])
    head = find_head(frame)
    if head is None:
        head = np.ones(frame.shape, dtype=np.uint8)
    air = air_level(frame, head)
    x, y, columns, rows = cv2.boundingRect(head)
    square, inside = _square(gray, small.shape, head, (top, left), (y, x, rows, columns), air=air)
    return View(
        whole=whole,
        frame=frame,
        head=head,
        square=square,
        inside=inside,
        air=air,
        colored=colored,
    )


def describe_view(seen: View) -> Float32Array:
    """The blocks of `BLOCKS` one after another, float32, each value of the order of 1."""
    square = seen.square.astype(np.float32)
    padded = cv2.distanceTransform(np.pad(seen.inside.astype(np.uint8), 1), cv2.DIST_L2, 3)
    depth = np.asarray(padded[1:-1, 1:-1], dtype=np.float32)
    edges, strength = _edges(square)
    thumbnail = cv2.resize(seen.square, (_THUMBNAIL, _THUMBNAIL), interpolation=cv2.INTER_AREA)
    return np.concatenate(
        [
            edges,
            thumbnail.ravel() / 255.0,
            _shells(seen, depth, strength),
            _grays(seen),
            _texture(seen.square, seen.inside),
            _outline(seen, thumbnail),
        ]
    ).astype(np.float32)


def describe(pixels: Pixels) -> Float32Array:
    """What `describe_view` says of the image; shape (sum of `BLOCKS`,)."""
    return describe_view(view(pixels))


def _at_most(image: Uint8Array, *, side: int) -> Uint8Array:
    height, width = image.shape[:2]
    scale = side / max(height, width)
    if scale >= 1.0:
        return image
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    return cv2.resize(image, size, interpolation=cv2.INTER_AREA).astype(np.uint8, copy=False)


def _colors(image: Uint8Array) -> tuple[float, float]:
    red, green, blue = cv2.split(image)
    brightest, darkest = cv2.max(cv2.max(red, green), blue), cv2.min(cv2.min(red, green), blue)
    apart = cv2.subtract(brightest, darkest)
    return float((apart > 24).mean()), float(apart.mean()) / 255.0


def _square(
    gray: Uint8Array,
    small: tuple[int, ...],
    head: Uint8Array,
    corner: tuple[int, int],
    box: tuple[int, int, int, int],
    *,
    air: float,
) -> tuple[Uint8Array, np.ndarray]:
    """The head on a square of air, windowed, and what is inside it, both (96, 96)."""
    y, x, rows, columns = box
    times = gray.shape[0] / small[0], gray.shape[1] / small[1]
    top, left = round((corner[0] + y) * times[0]), round((corner[1] + x) * times[1])
    height, width = max(1, round(rows * times[0])), max(1, round(columns * times[1]))
    part = gray[top : top + height, left : left + width]
    scale = SIDE / max(part.shape)
    size = max(1, round(part.shape[1] * scale)), max(1, round(part.shape[0] * scale))
    way = cv2.INTER_AREA if scale < 1.0 else cv2.INTER_LINEAR
    resized = cv2.resize(part, size, interpolation=way)
    mask = cv2.resize(
        head[y : y + rows, x : x + columns] * np.uint8(255), size, interpolation=cv2.INTER_LINEAR
    )
    pad = (SIDE - size[1]) // 2, (SIDE - size[0]) // 2
    placed = np.s_[pad[0] : pad[0] + size[1], pad[1] : pad[1] + size[0]]
    square = np.full((SIDE, SIDE), round(air), dtype=np.uint8)
    inside = np.zeros((SIDE, SIDE), dtype=bool)
    square[placed], inside[placed] = resized, mask > 127
    bright = _percentile(square[inside] if inside.any() else square, 0.99)
    levels = (np.arange(256) - air) * (_BRIGHT / max(1.0, bright - air))
    table = np.clip(np.rint(levels), 0, 255).astype(np.uint8)
    return cv2.LUT(square, table).astype(np.uint8, copy=False), inside


def _percentile(grays: Uint8Array, share: float) -> float:
    below = np.cumsum(np.bincount(grays.ravel(), minlength=256))
    return float(np.searchsorted(below, share * below[-1]))


def _edges(square: Float32Array) -> tuple[Float32Array, Float32Array]:
    across = cv2.Sobel(square, cv2.CV_32F, 1, 0, ksize=1)
    down = cv2.Sobel(square, cv2.CV_32F, 0, 1, ksize=1)
    strength, angle = cv2.cartToPolar(across, down)
    direction = (angle * np.float32(_DIRECTIONS / np.pi)).astype(np.intp).ravel() % _DIRECTIONS
    sums = np.bincount(_FIRST_BIN + direction, weights=strength.ravel(), minlength=BLOCKS["edges"])
    mean = float(strength.mean())
    return np.sqrt(sums / _CELL**2 / (mean + _FAINT)).astype(np.float32), np.asarray(
        strength, np.float32
    )


def _shells(seen: View, depth: Float32Array, strength: Float32Array) -> Float32Array:
    within = depth > 0
    shell = np.searchsorted(_SHELLS, depth[within])
    gray = seen.square[within] // (256 // _SHELL_GRAYS)
    count = len(_SHELLS) + 1
    pixels = np.maximum(np.bincount(shell, minlength=count), 1.0)
    joint = np.bincount(shell * _SHELL_GRAYS + gray, minlength=count * _SHELL_GRAYS)
    shares = np.sqrt(joint.reshape(count, _SHELL_GRAYS) / pixels[:, None])
    edge = np.bincount(shell, weights=strength[within], minlength=count) / pixels / 32.0
    found: Float32Array = np.concatenate([shares.ravel(), edge]).astype(np.float32)
    return found


def _grays(seen: View) -> Float32Array:
    inner = np.bincount(seen.square[seen.inside] // 8, minlength=32)
    frame = np.bincount(seen.frame.ravel() // 16, minlength=16)
    shares = np.concatenate([inner / max(1, inner.sum()), frame / max(1, frame.sum())])
    found: Float32Array = np.sqrt(shares).astype(np.float32)
    return found


def _texture(square: Uint8Array, inside: np.ndarray) -> Float32Array:
    if not inside.any():
        inside = np.ones_like(inside)
    places = np.flatnonzero(inside)
    most = max(_RADII)
    padded = np.asarray(
        cv2.copyMakeBorder(square, most, most, most, most, cv2.BORDER_REPLICATE), dtype=np.uint8
    )
    parts = []
    for radius in _RADII:
        codes = _patterns(padded, radius).ravel()[places]
        parts.append(np.sqrt(np.bincount(codes, minlength=10) / codes.size))
    spread = _spread(square, inside) ** 2 + 1.0
    # A pyramid: what each halving of the size takes away.
    last, share = square.astype(np.float32), inside.astype(np.float32)
    bands = []
    for _ in range(_OCTAVES):
        half = np.asarray(cv2.pyrDown(last), dtype=np.float32)
        lost = last - cv2.pyrUp(half, dstsize=last.shape[::-1])
        bands.append(float(cv2.sumElems(lost * lost * share)[0]) / max(1.0, float(share.sum())))
        last, share = half, np.ascontiguousarray(share[::2, ::2])
    parts.append(np.log(np.array(bands) / spread + 1e-4) / 4.0)
    parts.append(np.array([np.log(spread) / 8.0]))
    return np.concatenate(parts).astype(np.float32)


def _patterns(padded: Uint8Array, radius: int) -> Uint8Array:
    """Rotation invariant uniform patterns, 0 to 9, shape (96, 96)."""
    most = max(_RADII)
    center = padded[most : most + SIDE, most : most + SIDE]
    code = np.zeros((SIDE, SIDE), dtype=np.uint8)
    for bit, (row, column) in enumerate(_AROUND):
        top, left = most + radius * row, most + radius * column
        brighter = cv2.compare(padded[top : top + SIDE, left : left + SIDE], center, cv2.CMP_GT)
        code |= np.asarray(brighter, dtype=np.uint8) & np.uint8(1 << bit)
    return cv2.LUT(code, _UNIFORM).astype(np.uint8, copy=False)


def _spread(gray: Uint8Array, mask: np.ndarray) -> float:
    """Standard deviation of the pixels in a mask; 0 where there are none."""
    return float(cv2.meanStdDev(gray, mask=mask.view(np.uint8))[1][0, 0])


def _outline(seen: View, thumbnail: np.ndarray) -> Float32Array:
    frame, head = seen.frame, seen.head
    outlines = cv2.findContours(head, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)[0]
    largest = max(outlines, key=len)
    points = largest[:, 0, :].astype(np.float64) @ np.array([1.0, 1.0j])
    area = float(head.sum())
    # Fourier descriptors of the largest part: both directions, against the first.
    points = points[np.linspace(0, len(points) - 1, _POINTS).astype(np.intp)]
    spectrum = np.abs(np.fft.fft(points - points.mean())) / _POINTS
    half = _HARMONICS // 2
    around = np.zeros(_HARMONICS)
    first = max(float(spectrum[1]), float(spectrum[-1]), 1e-6)
    around[0] = min(float(spectrum[1]), float(spectrum[-1])) / first
    around[1:half] = np.log1p(spectrum[2 : half + 1] / first * 20.0)
    around[half:] = np.log1p(spectrum[-half - 1 : -1] / first * 20.0)
    hull = float(cv2.contourArea(cv2.convexHull(largest))) + 1.0
    _, _, width, height = cv2.boundingRect(head)
    sides = sorted(float(side.mean()) for side in (head[0], head[-1], head[:, 0], head[:, -1]))
    air_spread = _spread(frame, head == 0) / 64.0
    mirrored = [_correlation(thumbnail, other) for other in (thumbnail[:, ::-1], thumbnail[::-1])]
    grays = np.count_nonzero(np.bincount(frame.ravel(), minlength=256)) / 256.0
    rest = [
        *sides,
        area / head.size,
        area / max(1, width * height),
        float(cv2.contourArea(largest)) / hull,
        min(width, height) / max(width, height),
        np.log1p(len(outlines)) / 2.0,
        seen.air / 255.0,
        air_spread,
        *mirrored,
        grays,
        float((frame == 0).mean()),
        float((frame == 255).mean()),
        np.sqrt(seen.colored[0]),
        np.sqrt(seen.colored[1]),
    ]
    return np.concatenate([around, rest]).astype(np.float32)


def _correlation(one: np.ndarray, other: np.ndarray) -> float:
    a, b = one - one.mean(), other - other.mean()
    return float((a * b).sum() / (np.sqrt((a * a).sum() * (b * b).sum()) + 1.0))
