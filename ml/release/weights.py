"""Weights in a file: one .npz of float16 arrays, read without running any code."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from ml.imaging.pixels import Float32Array
from ml.release.archives import ArchiveError, read_archive
from ml.release.releases import ReleaseMalformedError, ReleaseMissingError, WrongArchitectureError


def expected_shapes(kernels: Mapping[str, tuple[int, ...]]) -> dict[str, tuple[int, ...]]:
    """Array name (`<layer>/kernel`, `<layer>/bias`) to shape, in the order of the layers.

    Args:
        kernels: layer name to the shape of its kernel, whose last axis is the output channel.
    """
    shapes: dict[str, tuple[int, ...]] = {}
    for layer, kernel in kernels.items():
        shapes[f"{layer}/kernel"] = kernel
        shapes[f"{layer}/bias"] = kernel[-1:]
    return shapes


def read_arrays(
    path: Path, *, shapes: Mapping[str, tuple[int, ...]], what: str
) -> dict[str, Float32Array]:
    """Read an .npz that holds exactly the arrays named in `shapes`, in float32.

    Args:
        path: the file.
        shapes: array name to shape.
        what: what it holds, for the messages: "weights" or "decoder".

    Raises:
        ReleaseMissingError: there is no such file.
        ReleaseMalformedError: it is not an .npz of plain numbers, or a number is not finite.
        WrongArchitectureError: an array is missing, is too many, or has another shape.
    """
    arrays = read_npz(path, what=what)
    check_shapes({name: array.shape for name, array in arrays.items()}, shapes=shapes)
    for name, array in arrays.items():
        if not np.issubdtype(array.dtype, np.floating) or not np.isfinite(array).all():
            raise ReleaseMalformedError(
                f"{name} in {path} must hold finite floating-point numbers."
            )
    return {name: array.astype(np.float32) for name, array in arrays.items()}


def read_npz(path: Path, *, what: str) -> dict[str, npt.NDArray[Any]]:
    """Read all arrays of an .npz, whatever their names and shapes are.

    Args:
        path: the file.
        what: what it holds, for the messages.

    Raises:
        ReleaseMissingError: there is no such file.
        ReleaseMalformedError: it is not an .npz of plain numbers.
    """
    try:
        return read_archive(path)
    except FileNotFoundError:
        raise ReleaseMissingError(f"The {what} file {path} is not there.") from None
    except ArchiveError as error:
        raise ReleaseMalformedError(f"The {what} file {path} cannot be read: {error}.") from error


def write_arrays(
    path: Path,
    arrays: Mapping[str, npt.NDArray[np.floating]],
    *,
    shapes: Mapping[str, tuple[int, ...]],
) -> None:
    """Write the arrays named in `shapes` in float16; the same arrays always give the same bytes.

    Half precision halves the file and moves a probability by less than 0.001.

    Raises:
        WrongArchitectureError: an array is missing, is too many, or has another shape.
        ReleaseMalformedError: a number is not finite or too large for float16 (65,504).
    """
    check_shapes({name: array.shape for name, array in arrays.items()}, shapes=shapes)
    halves: dict[str, npt.NDArray[np.float16]] = {}
    for name in shapes:
        with np.errstate(over="ignore"):
            halves[name] = arrays[name].astype(np.float16)
        if not np.isfinite(halves[name]).all():
            raise ReleaseMalformedError(f"{name} holds a number that does not fit into float16.")
    with path.open("wb") as file:
        np.savez(file, allow_pickle=False, **halves)


def check_shapes(
    found: Mapping[str, tuple[int, ...]], *, shapes: Mapping[str, tuple[int, ...]]
) -> None:
    """Compare array names and shapes with those that a network needs.

    Raises:
        WrongArchitectureError: naming the first array that differs.
    """
    for name, shape in shapes.items():
        if name not in found:
            raise WrongArchitectureError(f"The weights lack {name}, which this network needs.")
        if tuple(found[name]) != shape:
            raise WrongArchitectureError(f"{name} has the shape {found[name]}, not {shape}.")
    for name in found:
        if name not in shapes:
            raise WrongArchitectureError(
                f"The weights hold {name}, which this network does not have."
            )
