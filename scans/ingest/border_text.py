"""Text drawn into the pixels of an image near its borders, as screens and scanners write names.

Looks for rows of letters: small pieces of strokes that stand out from what is around them, of one
height, side by side. It finds printed text; it reads nothing, and handwriting it does not find.
"""

from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

_SIDE: Final = (
    1024  # pixels; larger images are looked at in this size, smaller ones in twice theirs
)
_SMALL: Final = 300  # pixels
BAND: Final = 0.22  # of the height and of the width: how far from a border text is looked for
_CONTRAST: Final = 60  # of 255, of a stroke against what is around it
_HEIGHTS: Final = (6, 40)  # pixels of a letter
_FEWEST: Final = 4  # letters in a row
_MARGIN: Final = 3  # pixels around what is found


@dataclass(frozen=True, slots=True)
class Rectangle:
    """A part of an image, in its pixels: left and top edge, width and height."""

    left: int
    top: int
    width: int
    height: int


def border_text(pixels: NDArray[np.uint8]) -> tuple[Rectangle, ...]:
    """Where text seems to be drawn near the borders of (H, W) or (H, W, 3) pixels, as shown."""
    gray = pixels if pixels.ndim == 2 else cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY)
    height, width = gray.shape
    longest = max(height, width)
    scale = min(_SIDE / longest, 2.0 if longest < _SMALL * 2 else 1.0)
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    shown = cv2.resize(gray, size, interpolation=cv2.INTER_CUBIC)
    found = [
        *_lines(_strokes(shown.astype(np.uint8))),
        *_lines(_strokes(cv2.bitwise_not(shown).astype(np.uint8))),
    ]
    near = [box for box in found if _is_near_border(box, size)]
    return tuple(_unscaled(box, scale, (width, height)) for box in _merged(near))


def _strokes(shown: NDArray[np.uint8]) -> NDArray[np.uint8]:
    kernel = cv2.getStructuringElement(cv2.MORPH_RECT, (11, 11))
    hat = cv2.morphologyEx(shown, cv2.MORPH_TOPHAT, kernel)
    return (hat > _CONTRAST).astype(np.uint8)


def _lines(strokes: NDArray[np.uint8]) -> list[tuple[int, int, int, int]]:
    """Rows of letters as (left, top, right, bottom)."""
    _, _, stats, _ = cv2.connectedComponentsWithStats(strokes, connectivity=8)
    letters = []
    for left, top, width, height, area in stats[1:].tolist():
        filled = area / (width * height)
        if (
            _HEIGHTS[0] <= height <= _HEIGHTS[1]
            and width <= 1.6 * height
            and (0.2 <= filled <= 0.75 or width <= 0.35 * height)
        ):
            letters.append((left, top, left + width, top + height))
    letters.sort()
    return [_around(row) for row in _rows(letters) if len(row) >= _FEWEST and _is_even(row)]


def _rows(letters: list[tuple[int, int, int, int]]) -> list[list[tuple[int, int, int, int]]]:
    rows: list[list[tuple[int, int, int, int]]] = []
    for letter in letters:
        for row in rows:
            last = row[-1]
            tall = max(last[3] - last[1], letter[3] - letter[1])
            gap = letter[0] - last[2]
            if -2 <= gap <= 1.2 * tall and abs(letter[3] - last[3]) <= 0.25 * tall:
                row.append(letter)
                break
        else:
            rows.append([letter])
    return rows


def _is_even(row: list[tuple[int, int, int, int]]) -> bool:
    """Letters of a line are of nearly one height, on one line, and have strokes apart."""
    heights = np.array([box[3] - box[1] for box in row])
    bottoms = np.array([box[3] for box in row])
    middle = float(np.median(heights))
    alike = int((np.abs(heights - middle) <= max(1.5, 0.2 * middle)).sum())
    return alike >= 0.7 * len(row) and float(bottoms.std()) <= max(1.5, 0.18 * middle)


def _around(row: list[tuple[int, int, int, int]]) -> tuple[int, int, int, int]:
    lefts, tops, rights, bottoms = zip(*row, strict=True)
    return min(lefts), min(tops), max(rights), max(bottoms)


def _is_near_border(box: tuple[int, int, int, int], size: tuple[int, int]) -> bool:
    left, top, right, bottom = box
    width, height = size
    return (
        top < BAND * height
        or bottom > (1 - BAND) * height
        or left < BAND * width
        or right > (1 - BAND) * width
    )


def _merged(boxes: list[tuple[int, int, int, int]]) -> list[tuple[int, int, int, int]]:
    merged: list[tuple[int, int, int, int]] = []
    for box in sorted(boxes):
        for at, other in enumerate(merged):
            if box[0] <= other[2] and box[1] <= other[3] and box[3] >= other[1]:
                merged[at] = _around([box, other])
                break
        else:
            merged.append(box)
    return merged


def _unscaled(box: tuple[int, int, int, int], scale: float, size: tuple[int, int]) -> Rectangle:
    left, top = (max(0, int(edge / scale) - _MARGIN) for edge in box[:2])
    right = min(size[0], int(np.ceil(box[2] / scale)) + _MARGIN)
    bottom = min(size[1], int(np.ceil(box[3] / scale)) + _MARGIN)
    return Rectangle(left, top, right - left, bottom - top)
