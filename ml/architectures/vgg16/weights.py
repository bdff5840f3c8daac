"""VGG16's weights in a file."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import numpy.typing as npt

from ml.architectures.vgg16.network import FULL, Widths, widths_of
from ml.imaging.pixels import Float32Array
from ml.release.releases import WrongArchitectureError
from ml.release.weights import check_shapes, expected_shapes, read_arrays, read_npz, write_arrays


def read_weights(path: Path, *, widths: Widths = FULL) -> dict[str, Float32Array]:
    """Read a weights file.

    Args:
        path: an .npz of float arrays, `<layer>/kernel` and `<layer>/bias` of
            `Widths.kernel_shapes`.
        widths: those that the release says.

    Returns:
        Every array in float32.

    Raises:
        ReleaseMissingError: there is no such file.
        ReleaseMalformedError: it is not an .npz of plain numbers, or a number is not finite.
        WrongArchitectureError: an array is missing, is too many, or has another shape.
    """
    try:
        return read_arrays(path, shapes=expected_shapes(widths.kernel_shapes()), what="weights")
    except WrongArchitectureError:
        found = stored_widths(path)
        if found == widths:
            raise
        raise WrongArchitectureError(
            f"The weights in {path} have the widths {found}; the release is to have {widths}."
        ) from None


def stored_widths(path: Path) -> Widths:
    """The widths of the network whose weights a file holds.

    Raises:
        ReleaseMissingError: there is no such file.
        ReleaseMalformedError: it is not an .npz of plain numbers.
        WrongArchitectureError: they are those of another network.
    """
    shapes = {name: array.shape for name, array in read_npz(path, what="weights").items()}
    widths = widths_of(shapes)
    check_shapes(shapes, shapes=expected_shapes(widths.kernel_shapes()))
    return widths


def write_weights(path: Path, weights: Mapping[str, npt.NDArray[np.floating]]) -> None:
    """Write a weights file in float16, of whatever widths the weights are.

    The same weights always give the same bytes.

    Raises:
        WrongArchitectureError: an array is missing, is too many, or has another shape.
        ReleaseMalformedError: a number is not finite or too large for float16 (65,504).
    """
    widths = widths_of({name: array.shape for name, array in weights.items()})
    write_arrays(path, weights, shapes=expected_shapes(widths.kernel_shapes()))
