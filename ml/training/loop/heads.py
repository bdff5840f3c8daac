"""Heads of another size that compute the same: how a smaller one becomes the release's."""

from __future__ import annotations

from typing import Final

import numpy as np

from ml.imaging.pixels import Float32Array

_LAST: Final = "block5_conv3/0"


def grow_head(arrays: dict[str, Float32Array], *, cells: int) -> dict[str, Float32Array]:
    """Let a pooled head become a Flatten head that gives the same logits.

    The pooled head multiplies the mean over the cells; so a kernel that is the same at every cell,
    divided by their number, gives the same sum.

    Args:
        arrays: `<layer>/<index>` of the training network.
        cells: how many cells Flatten reads.

    Returns:
        The arrays; as they were where there is no pooled head among them.
    """
    kernel, last = arrays.get("dense/0"), arrays.get(_LAST)
    if kernel is None or last is None or kernel.shape[0] != last.shape[-1] or cells == 1:
        return arrays
    return {**arrays, "dense/0": np.tile(kernel, (cells, 1)) / np.float32(cells)}


def grow_hidden(arrays: dict[str, Float32Array], *, units: int) -> dict[str, Float32Array]:
    """Let a hidden layer of fewer units become one of `units` that gives the same logits.

    Each unit is there several times, and its weight in the logit is divided among its copies.
    Dropout, which drops them one by one, lets them grow apart in training.

    Args:
        arrays: `<layer>/<index>` of the training network.
        units: a multiple of the units that there are.

    Returns:
        The arrays; as they were where there is no such hidden layer among them.
    """
    kernel, bias, output = (arrays.get(name) for name in ("dense/0", "dense/1", "bin/0"))
    if kernel is None or bias is None or output is None:
        return arrays
    times, rest = divmod(units, kernel.shape[-1])
    if times <= 1 or rest:
        return arrays
    return {
        **arrays,
        "dense/0": np.tile(kernel, (1, times)),
        "dense/1": np.tile(bias, times),
        "bin/0": np.tile(output, (times, 1)) / np.float32(times),
    }
