"""The numbers that turn the network into 8-bit integers, in a file beside the weights.

The file holds no second copy of the weights: for each layer that runs in 8 bits the range of its
input, the step of its weights in each output channel, and its bias, which quantization corrects.
They are some ten thousand numbers, and they are data: nothing in them is a graph or code, as in
OpenVINO's own .xml and .bin. The engine rounds the release's own weights to these steps.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt

from ml.imaging.pixels import Float32Array
from ml.release.releases import ReleaseMalformedError, WrongArchitectureError
from ml.release.weights import read_npz

INT8_FILE: Final = "openvino-int8.npz"
LARGEST: Final = 127  # of an 8-bit weight, either way: -128 would have no counterpart
_PARTS: Final = ("range", "step", "bias")


@dataclass(frozen=True, kw_only=True, slots=True)
class Int8Layer:
    """How one layer runs in 8 bits.

    Attributes:
        range: lowest and highest value of its input, float32, shape (2,); 256 levels lie between.
        step: the value of one level of its weights, float32, above 0, one for each of its output
            channels.
        bias: its bias, corrected for what rounding the weights moves on average; float32, one for
            each of its output channels.
    """

    range: Float32Array
    step: Float32Array
    bias: Float32Array

    def round(self, kernel: Float32Array) -> npt.NDArray[np.int8]:
        """Weights in levels: a kernel whose last axis is the output channel, same shape."""
        levels: npt.NDArray[np.int8] = np.clip(
            np.rint(kernel / self.step), -LARGEST, LARGEST
        ).astype(np.int8)
        return levels


def read_int8(path: Path, *, kernels: Mapping[str, tuple[int, ...]]) -> dict[str, Int8Layer]:
    """Read the file: layer name to its numbers. Layers that are not in it run in floating point.

    Args:
        path: the file.
        kernels: the network's layers, each with the shape of its kernel, whose last axis is the
            output channel.

    Raises:
        ReleaseMissingError: there is no such file.
        ReleaseMalformedError: it is not an .npz of plain numbers, or a number cannot be right.
        WrongArchitectureError: it names a layer that the network does not have, or an array is
            missing or has another shape than its layer needs.
    """
    arrays = read_npz(path, what="8-bit numbers'")
    layers = sorted({name.rpartition("/")[0] for name in arrays})
    for layer in layers:
        _check(layer, arrays, path=path, kernels=kernels)
    return {
        layer: Int8Layer(
            range=arrays[f"{layer}/range"],
            step=arrays[f"{layer}/step"],
            bias=arrays[f"{layer}/bias"],
        )
        for layer in layers
    }


def write_int8(path: Path, layers: Mapping[str, Int8Layer]) -> None:
    """Write the file; the same numbers always give the same bytes.

    Args:
        path: the file, replaced where it is there.
        layers: layer name to its numbers, as `read_int8` gives them.

    Raises:
        OSError: it cannot be written.
    """
    arrays = {
        f"{layer}/{part}": getattr(layers[layer], part).astype(np.float32)
        for layer in sorted(layers)
        for part in _PARTS
    }
    with path.open("wb") as file:
        np.savez(file, allow_pickle=False, **arrays)


def _check(
    layer: str,
    arrays: Mapping[str, npt.NDArray[np.floating]],
    *,
    path: Path,
    kernels: Mapping[str, tuple[int, ...]],
) -> None:
    if layer not in kernels:
        raise WrongArchitectureError(f"{path} names the layer {layer!r}, which is not one of ours.")
    channels = kernels[layer][-1:]
    for part, shape in zip(_PARTS, ((2,), channels, channels), strict=True):
        array = arrays.get(f"{layer}/{part}")
        if array is None or array.shape != shape:
            raise WrongArchitectureError(f"{layer}/{part} in {path} must have the shape {shape}.")
        if array.dtype != np.float32 or not np.isfinite(array).all():
            raise ReleaseMalformedError(f"{layer}/{part} in {path} must hold finite float32.")
    low, high = arrays[f"{layer}/range"]
    if not (low <= 0.0 < high and (arrays[f"{layer}/step"] > 0.0).all()):
        raise ReleaseMalformedError(f"The range or a step of {layer} in {path} cannot be right.")
