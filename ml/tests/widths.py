"""Networks of other widths than VGG16's own, for tests of what must not depend on them."""

from typing import Final

import numpy as np

from ml.architectures.vgg16.network import BLOCKS, FULL, Widths
from ml.release.weights import expected_shapes

WIDTHS: Final = {
    "full": FULL,
    "half": Widths(tuple(tuple(width // 2 for width in block) for block in BLOCKS)),
    "odd": Widths(((5, 3), (7, 11), (13, 9, 10), (17, 14, 19), (15, 23, 21))),
}


def random_weights(widths: Widths) -> dict[str, np.ndarray]:
    """Weights that keep the size of what goes through them, as He's start does."""
    rng = np.random.default_rng(7)
    return {
        name: (
            rng.normal(0.0, np.sqrt(2.0 / np.prod(shape[:-1])), shape)
            if name.endswith("/kernel")
            else rng.uniform(0.0, 0.1, shape)
        )
        .astype(np.float16)
        .astype(np.float32)
        for name, shape in expected_shapes(widths.kernel_shapes()).items()
    }
