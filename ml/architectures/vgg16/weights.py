"""VGG16's weights in a file."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import numpy.typing as npt

from ml.architectures.vgg16.network import KERNEL_SHAPES
from ml.imaging.pixels import Float32Array
from ml.release.weights import expected_shapes, read_arrays, write_arrays


def read_weights(path: Path) -> dict[str, Float32Array]:
    """Read a weights file.

    Args:
        path: an .npz of float arrays, `<layer>/kernel` and `<layer>/bias` of `KERNEL_SHAPES`.

    Returns:
        Every array in float32.

    Raises:
        ReleaseMissingError: there is no such file.
        ReleaseMalformedError: it is not an .npz of plain numbers, or a number is not finite.
        WrongArchitectureError: an array is missing, is too many, or has another shape.
    """
    return read_arrays(path, shapes=expected_shapes(KERNEL_SHAPES), what="weights")


def write_weights(path: Path, weights: Mapping[str, npt.NDArray[np.floating]]) -> None:
    """Write a weights file in float16; the same weights always give the same bytes.

    Raises:
        WrongArchitectureError: an array is missing, is too many, or has another shape.
        ReleaseMalformedError: a number is not finite or too large for float16 (65,504).
    """
    write_arrays(path, weights, shapes=expected_shapes(KERNEL_SHAPES))
