"""Parts of an image covered, so that what is drawn there is not seen."""

import math
from collections.abc import Iterator, Sequence
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

# Left, top, width and height in the pixels of the image, as a row holds them.
Box = Sequence[int]


def covered(pixels: NDArray[Any], boxes: Sequence[Box], *, size: tuple[int, int]) -> NDArray[Any]:
    """The pixels of an image of `size` (width, height), with these parts as dark as its darkest."""
    made = pixels.copy()
    for rows, columns in _parts(made, boxes, size):
        made[rows, columns] = pixels.min()
    return made


def covered_picture(content: bytes, boxes: Sequence[Box], *, size: tuple[int, int]) -> bytes:
    """The PNG picture of an image of `size`, or of a smaller copy of it, with these parts black."""
    picture = cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_COLOR)
    if picture is None:
        raise ValueError("The picture cannot be read.")
    for rows, columns in _parts(picture, boxes, size):
        picture[rows, columns] = 0
    _, encoded = cv2.imencode(".png", picture)
    return encoded.tobytes()


def _parts(
    pixels: NDArray[Any], boxes: Sequence[Box], size: tuple[int, int]
) -> Iterator[tuple[slice, slice]]:
    height, width = pixels.shape[:2]
    across, down = width / size[0], height / size[1]
    for left, top, wide, high in boxes:
        rows = slice(int(top * down), math.ceil((top + high) * down))
        yield rows, slice(int(left * across), math.ceil((left + wide) * across))
