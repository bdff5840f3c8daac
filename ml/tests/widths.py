"""Networks of other widths than VGG16's own, for tests of what must not depend on them."""

from collections.abc import Mapping
from typing import Final

import numpy as np

from ml.architectures.vgg16.decoder import decoder_shapes
from ml.architectures.vgg16.network import BLOCKS, FULL, Widths
from ml.release.weights import expected_shapes

WIDTHS: Final = {
    "full": FULL,
    "half": Widths(tuple(tuple(width // 2 for width in block) for block in BLOCKS)),
    "odd": Widths(((5, 3), (7, 11), (13, 9, 10), (17, 14, 19), (15, 23, 21))),
}


def random_weights(widths: Widths) -> dict[str, np.ndarray]:
    """Weights that keep the size of what goes through them, as He's start does."""
    return _random(widths.kernel_shapes(), seed=7)


def random_decoder(widths: Widths) -> dict[str, np.ndarray]:
    """A decoder on such weights, at random as they are."""
    return _random(decoder_shapes(widths), seed=8)


def _random(kernels: Mapping[str, tuple[int, ...]], *, seed: int) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(seed)
    return {
        name: (
            rng.normal(0.0, np.sqrt(2.0 / np.prod(shape[:-1])), shape)
            if name.endswith("/kernel")
            else rng.uniform(0.0, 0.1, shape)
        )
        .astype(np.float16)
        .astype(np.float32)
        for name, shape in expected_shapes(kernels).items()
    }
