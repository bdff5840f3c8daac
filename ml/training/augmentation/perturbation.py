"""One named way to alter an image."""

from __future__ import annotations

import zlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np

from ml.imaging.pixels import Uint8Array

Level: TypeAlias = Literal["mild", "strong"]
Rng: TypeAlias = np.random.Generator


@dataclass(frozen=True, kw_only=True, slots=True)
class Perturbation:
    """One named way to alter an image.

    Attributes:
        name: a stable code.
        words: the same for a reader.
        level: "mild" where another export, window or compression could do it to the same slice,
            "strong" where it is visible at a glance.
        change: from an image, uint8, (H, W) or (H, W, 3), and a generator to the changed one.
    """

    name: str
    words: str
    level: Level
    change: Callable[[Uint8Array, Rng], Uint8Array]

    def apply(self, pixels: Uint8Array, rng: Rng | None = None) -> Uint8Array:
        """The changed image.

        Args:
            pixels: uint8, (H, W) or, in the set "robustness", (H, W, 3) too.
            rng: the only source of chance; None seeds one by the image's own content, so that an
                image is always changed alike.
        """
        if rng is None:
            rng = np.random.default_rng(zlib.crc32(np.ascontiguousarray(pixels).tobytes()))
        return self.change(pixels, rng)
