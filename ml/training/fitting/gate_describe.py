"""An image as the gate `brain-mri-3` is asked about it: its pixels, and what the network makes of
them."""

from __future__ import annotations

from typing import Protocol

import numpy as np

from ml.engines import Engine, EngineError, open_engine
from ml.gate.brain_mri_3 import join
from ml.gate.contrast_and_color import contrast_and_color
from ml.gate.emptiness import nothing_to_read
from ml.gate.proportions import out_of_proportion
from ml.gate.slice_descriptors import describe_view, view
from ml.imaging.pixels import Float32Array, Pixels
from ml.imaging.preprocessing import RECIPES, Recipe
from ml.release.releases import Release

_FAST, _EXACT = "openvino-bf16", "openvino-f32"


class Describe(Protocol):
    """What gives an image's description."""

    @property
    def network(self) -> str:
        """Names the weights, so that descriptions by others are not taken for these."""
        ...

    def __call__(self, pixels: Pixels) -> tuple[Float32Array, bool]:
        """The description, and whether the image is turned away by its pixels alone."""
        ...


class Described:
    """A release's network and recipe, which describe images."""

    def __init__(self, *, network: str, engine: Engine, recipe: Recipe) -> None:
        self._network, self._engine, self._recipe = network, engine, recipe

    @property
    def network(self) -> str:
        """See `Describe`."""
        return self._network

    def __call__(self, pixels: Pixels) -> tuple[Float32Array, bool]:
        """See `Describe`."""
        seen = view(pixels)
        unreadable = (
            out_of_proportion(pixels) is not None
            or nothing_to_read(pixels) is not None
            or contrast_and_color(seen.whole) is not None
        )
        maps = self._engine.forward(self._recipe(pixels).tensor[np.newaxis]).maps[0]
        return join(describe_view(seen), maps), unreadable


def describer_of(release: Release) -> Described:
    """The network of a release, in half the time where the processor has bfloat16.

    Raises:
        EngineError, ReleaseError: its network cannot be run.
    """
    try:
        engine = open_engine(_FAST, release=release)
    except EngineError:
        engine = open_engine(_EXACT, release=release)
    return Described(network=release.sha256, engine=engine, recipe=RECIPES[release.preprocessing])
