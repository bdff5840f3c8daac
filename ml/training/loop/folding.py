"""Batch normalization folded into the convolutions before it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import numpy as np
import numpy.typing as npt

from ml.architectures.vgg16.network import BLOCKS, HIDDEN, OUTPUT
from ml.imaging.pixels import Float32Array

EPSILON: Final = 1e-3  # the training network's; here as well, so that exporting needs no Keras
CONVOLUTIONS: Final = tuple(
    (f"block{block}_conv{index}", f"block{block}_bn{index}")
    for block, widths in enumerate(BLOCKS, start=1)
    for index in range(1, len(widths) + 1)
)


def fold(arrays: Mapping[str, npt.NDArray[np.floating]]) -> dict[str, Float32Array]:
    """The plain network that computes the same in inference.

    Args:
        arrays: `<layer>/<index>` of the training network, with batch normalization or without.

    Returns:
        `<layer>/kernel` and `<layer>/bias` of the release's network.

    Raises:
        KeyError: an array is missing.
    """
    plain = fold_convolutions(arrays)
    for trained, released in (("dense", HIDDEN), ("bin", OUTPUT)):
        plain[f"{released}/kernel"] = arrays[f"{trained}/0"].astype(np.float32)
        plain[f"{released}/bias"] = arrays[f"{trained}/1"].astype(np.float32)
    return plain


def fold_convolutions(arrays: Mapping[str, npt.NDArray[np.floating]]) -> dict[str, Float32Array]:
    """The same for the convolutions alone, of a network that may have no head yet.

    Raises:
        KeyError: an array is missing.
    """
    plain: dict[str, Float32Array] = {}
    for convolution, normalization in CONVOLUTIONS:
        kernel = arrays[f"{convolution}/0"].astype(np.float64)
        if f"{normalization}/0" in arrays:
            gamma, beta, mean, variance = (
                arrays[f"{normalization}/{index}"].astype(np.float64) for index in range(4)
            )
            scale = gamma / np.sqrt(variance + EPSILON)
            kernel, bias = kernel * scale, beta - mean * scale
        else:
            bias = arrays[f"{convolution}/1"].astype(np.float64)
        plain[f"{convolution}/kernel"] = kernel.astype(np.float32)
        plain[f"{convolution}/bias"] = bias.astype(np.float32)
    return plain
