"""What an image looks like, in numbers that a gate can compare: cheap, and without the network.

Three descriptions of the network's input, which the recipe has cropped to its content: where
edges run in which direction (histograms of oriented gradients, Dalal and Triggs 2005, on 64 x 64
pixels), a 16 x 16 thumbnail, and the histogram of grays.
"""

from __future__ import annotations

from typing import Final

import cv2
import numpy as np

from ml.imaging.pixels import Float32Array, Uint8Array

BLOCKS: Final = ("edges", "thumbnail", "grays")
SIZES: Final = (512, 256, 16)
_SIDE = 64
_CELL = 8  # pixels
_DIRECTIONS = 8  # of half a turn
_FAINT = 2.0  # gray levels a pixel: keeps noise on a flat image from looking like edges
_GRID = _SIDE // _CELL
_ROWS = np.arange(_SIDE) // _CELL
_FIRST_BIN = ((_ROWS[:, None] * _GRID + _ROWS[None]) * _DIRECTIONS).ravel()


def describe(gray: Uint8Array) -> tuple[Float32Array, Float32Array, Float32Array]:
    """Describe a prepared image.

    Args:
        gray: the network's input as 8-bit gray, shape (224, 224).

    Returns:
        Edges (512,), thumbnail (256,) and grays (16,), each 0 and up, of the order of 1.
    """
    small = cv2.resize(gray, (_SIDE, _SIDE), interpolation=cv2.INTER_AREA).astype(np.uint8)
    tiny = cv2.resize(small, (16, 16), interpolation=cv2.INTER_AREA)
    grays = np.bincount(small.ravel() // 16, minlength=16) / small.size
    return (
        _edges(small.astype(np.float32)),
        (tiny.ravel() / 255.0).astype(np.float32),
        np.sqrt(grays).astype(np.float32),
    )


def _edges(small: Float32Array) -> Float32Array:
    across = cv2.Sobel(small, cv2.CV_32F, 1, 0, ksize=1)
    down = cv2.Sobel(small, cv2.CV_32F, 0, 1, ksize=1)
    strength, angle = cv2.cartToPolar(across, down)
    direction = (angle * (_DIRECTIONS / np.pi)).astype(np.intp).ravel() % _DIRECTIONS
    sums = np.bincount(
        _FIRST_BIN + direction, weights=strength.ravel(), minlength=_GRID**2 * _DIRECTIONS
    )
    mean = float(strength.mean())
    return np.sqrt(sums / _CELL**2 / (mean + _FAINT)).astype(np.float32)
