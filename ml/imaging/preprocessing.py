"""From an image's pixels to the network's input, in versioned recipes.

A release names its recipe. A recipe that a release was made with is never changed: a different
way of preparing images gets a new name.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final, TypeAlias

import cv2
import numpy as np

from ml.imaging.head import find_head
from ml.imaging.pixels import (
    Float32Array,
    Pixels,
    Uint8Array,
    check_pixels,
    to_8bit,
    to_gray,
    to_rgb,
)
from ml.imaging.windowing import (
    air_level,
    gray_of_any_depth,
    roughly_8bit,
    windowed,
    without_borders,
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Geometry:
    """Where the network's square input lies in the image's own pixel grid; all in whole pixels.

    The rows `top` to `top + crop_height` and the columns `left` to `left + crop_width` of the
    image were placed at (`pad_left`, `pad_top`) on a black canvas of `canvas_width` times
    `canvas_height`, and the canvas was scaled to the input. The canvas is a square where the
    recipe keeps proportions, and the image itself where it does not.
    """

    height: int
    width: int
    top: int
    left: int
    crop_height: int
    crop_width: int
    pad_top: int
    pad_left: int
    canvas_height: int
    canvas_width: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Prepared:
    """The network's input and the way back.

    Attributes:
        tensor: float32, shape (224, 224, 3), 0 to 1, RGB.
        geometry: how the tensor lies in the image.
    """

    tensor: Float32Array
    geometry: Geometry


Recipe: TypeAlias = Callable[[Pixels], Prepared]

SIDE: Final = 224  # of the square that every recipe makes, in pixels
_UNIT = (np.arange(256, dtype=np.float32) / np.float32(255.0)).reshape(1, 256)
_DARKEST_CONTENT = 10  # of 255; JPEG noise in the black background stays below it
_SHARE_OF_MAXIMUM = 0.06
_SHARE_OF_LINE = 0.02  # a row or column belongs to the content where more of it is bright
_FEWEST_LINES = 21  # with fewer rows or columns there is no head to crop to


def crop_square_area(pixels: Pixels) -> Prepared:
    """The recipe `crop-square-area-1`, which the shipped release was trained with.

    Gray, 8 bits; crop to the rows and columns of which more than 2 % is brighter than
    max(10, 6 % of the maximum) (from the first to the last such line; the whole image where fewer
    than 21 such rows or columns remain); pad with black to a centered square; scale to 224 x 224
    by area; divide by 255; repeat to three channels.

    Args:
        pixels: uint8 or uint16, shape (H, W) or (H, W, 3); 16 bits are windowed by min and max.

    Raises:
        PixelsError: the array is not such an image.
    """
    check_pixels(pixels)
    gray = to_gray(to_8bit(pixels))
    height, width = gray.shape
    top, left, crop_height, crop_width = _content_box(gray)
    side = max(crop_height, crop_width)
    pad_top, pad_left = (side - crop_height) // 2, (side - crop_width) // 2
    canvas = np.zeros((side, side), dtype=np.uint8)
    canvas[pad_top : pad_top + crop_height, pad_left : pad_left + crop_width] = gray[
        top : top + crop_height, left : left + crop_width
    ]
    return Prepared(
        tensor=to_rgb_tensor(_resize(canvas, interpolation=cv2.INTER_AREA)),
        geometry=Geometry(
            height=height,
            width=width,
            top=top,
            left=left,
            crop_height=crop_height,
            crop_width=crop_width,
            pad_top=pad_top,
            pad_left=pad_left,
            canvas_height=side,
            canvas_width=side,
        ),
    )


def resize_rgb_255(pixels: Pixels) -> Prepared:
    """The recipe `resize-rgb-255-1`, the usual one of models trained elsewhere.

    The whole image, stretched to 224 x 224 with bilinear interpolation (`cv2.resize`'s default),
    RGB, divided by 255. Gray is repeated to three channels.

    Args:
        pixels: uint8 or uint16, shape (H, W) or (H, W, 3); 16 bits are windowed by min and max.

    Raises:
        PixelsError: the array is not such an image.
    """
    check_pixels(pixels)
    image = to_8bit(pixels)
    height, width = image.shape[:2]
    return Prepared(
        tensor=to_rgb_tensor(_resize(image, interpolation=cv2.INTER_LINEAR)),
        geometry=Geometry(
            height=height,
            width=width,
            top=0,
            left=0,
            crop_height=height,
            crop_width=width,
            pad_top=0,
            pad_left=0,
            canvas_height=height,
            canvas_width=width,
        ),
    )


def window_head_area(pixels: Pixels) -> Prepared:
    """The recipe `head-window-area-1`: the head alone, windowed by what is in it.

    Gray; borders of one gray level cut off; crop to the head (`ml.imaging.head`; what the borders
    left where there is none); pad to a centered square; scale to 224 x 224 by area; window so that
    air (the median outside the head, or the darkest 0.5 % where little is outside) is 0 and the
    99th percentile inside it 0.85 of white, so that only what is far brighter is clipped; black
    outside the head and a rim of 2 %, so that letters, lines and noise in the air are gone; 8
    bits; divide by 255; repeat to three channels.

    Against `crop-square-area-1`: brightness, contrast, depth of 16 bits, dark gray air, white
    borders and burned-in letters change next to nothing of the input.

    Args:
        pixels: uint8 or uint16, shape (H, W) or (H, W, 3).

    Raises:
        PixelsError: the array is not such an image.
    """
    check_pixels(pixels)
    gray = gray_of_any_depth(pixels)
    height, width = gray.shape
    top, left, rows, columns = without_borders(roughly_8bit(gray))
    framed = gray[top : top + rows, left : left + columns]
    head = find_head(roughly_8bit(framed))
    if head is None:
        head = np.ones(framed.shape, dtype=np.uint8)
    air = air_level(framed, head)
    x, y, crop_width, crop_height = cv2.boundingRect(head)
    head = head[y : y + crop_height, x : x + crop_width]
    top, left = top + y, left + x
    side = max(crop_height, crop_width)
    pad_top, pad_left = (side - crop_height) // 2, (side - crop_width) // 2
    canvas = np.full((side, side), round(air), dtype=gray.dtype)
    inside = np.zeros((side, side), dtype=np.uint8)
    box = np.s_[pad_top : pad_top + crop_height, pad_left : pad_left + crop_width]
    canvas[box] = gray[top : top + crop_height, left : left + crop_width]
    inside[box] = head
    small = cv2.resize(canvas, (SIDE, SIDE), interpolation=cv2.INTER_AREA).astype(np.float32)
    within = _resize(inside * np.uint8(255), interpolation=cv2.INTER_AREA) > 127
    return Prepared(
        tensor=to_rgb_tensor(windowed(small, within, air=air)),
        geometry=Geometry(
            height=height,
            width=width,
            top=top,
            left=left,
            crop_height=crop_height,
            crop_width=crop_width,
            pad_top=pad_top,
            pad_left=pad_left,
            canvas_height=side,
            canvas_width=side,
        ),
    )


_TABLE: Final[tuple[tuple[str, Recipe, str], ...]] = (
    ("crop-square-area-1", crop_square_area, "cropped to the head, on a black square"),
    (
        "resize-rgb-255-1",
        resize_rgb_255,
        "the whole image stretched to a square, as most notebooks do",
    ),
    ("head-window-area-1", window_head_area, "the head alone, windowed by what is in it"),
)
RECIPES: Final[Mapping[str, Recipe]] = MappingProxyType({name: one for name, one, _ in _TABLE})


def ask_for_preprocessing() -> str:
    """The sentence for who has not said how the images of a model were prepared."""
    named = [f"{name} ({words})" for name, _, words in _TABLE]
    return (
        "Say with --preprocessing how the model's training images were prepared, which its file "
        f"does not tell: {', '.join(named[:-1])} or {named[-1]}. Pixels then go from 0 to 1."
    )


def to_rgb_tensor(image: Uint8Array) -> Float32Array:
    """Scale 0..255 to 0..1 and make three channels: (H, W) or (H, W, 3) to (H, W, 3) float32."""
    return cv2.LUT(to_rgb(image), _UNIT).astype(np.float32, copy=False)


def _resize(image: Uint8Array, *, interpolation: int) -> Uint8Array:
    size = (SIDE, SIDE)
    return cv2.resize(image, size, interpolation=interpolation).astype(np.uint8, copy=False)


def _content_box(gray: Uint8Array) -> tuple[int, int, int, int]:
    """Top, left, height and width of the content; the whole image where there is too little."""
    height, width = gray.shape
    limit = max(_DARKEST_CONTENT, _SHARE_OF_MAXIMUM * float(gray.max()))
    _, bright = cv2.threshold(gray, math.floor(limit), 1, cv2.THRESH_BINARY)
    in_rows = cv2.reduce(bright, 1, cv2.REDUCE_SUM, dtype=cv2.CV_32S).ravel()
    in_columns = cv2.reduce(bright, 0, cv2.REDUCE_SUM, dtype=cv2.CV_32S).ravel()
    rows = np.flatnonzero(in_rows / width > _SHARE_OF_LINE)
    columns = np.flatnonzero(in_columns / height > _SHARE_OF_LINE)
    if rows.size < _FEWEST_LINES or columns.size < _FEWEST_LINES:
        return 0, 0, height, width
    top, left = int(rows[0]), int(columns[0])
    return top, left, int(rows[-1]) + 1 - top, int(columns[-1]) + 1 - left
