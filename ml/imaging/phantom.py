"""Synthetic slices, drawn in code: for tests, benchmarks and demonstrations without any patient."""

from __future__ import annotations

import cv2
import numpy as np

from ml.imaging.pixels import Uint8Array


def draw_phantom(*, seed: int, size: int = 512, lesion: bool = True) -> Uint8Array:
    """Draw an axial head: skull, brain, ventricles, noise and, if wanted, one bright lesion.

    It looks like an MRI slice to the preprocessing and the gate; what the model makes of it
    means nothing.

    Args:
        seed: same seed, same image.
        size: side of the square image in pixels, at least 32.
        lesion: whether to draw a lesion.

    Returns:
        uint8, shape (size, size), gray, on a black background.
    """
    rng = np.random.default_rng(seed)
    image = np.zeros((size, size), dtype=np.float32)
    center = np.array([size / 2, size / 2]) + rng.normal(0.0, size * 0.01, 2)
    half = np.array([size * rng.uniform(0.32, 0.38), size * rng.uniform(0.40, 0.46)])
    tilt = rng.uniform(-8.0, 8.0)

    def ellipse(offset: tuple[float, float], scale: tuple[float, float], gray: float) -> None:
        middle = center + half * np.array(offset)
        axes = half * np.array(scale)
        cv2.ellipse(
            image,
            (round(float(middle[0])), round(float(middle[1]))),
            (max(1, round(float(axes[0]))), max(1, round(float(axes[1])))),
            float(tilt),
            0.0,
            360.0,
            float(gray),
            thickness=-1,
            lineType=cv2.LINE_AA,
        )

    ellipse((0.0, 0.0), (1.0, 1.0), 190.0)  # scalp
    ellipse((0.0, 0.0), (0.94, 0.95), 25.0)  # bone
    ellipse((0.0, 0.0), (0.88, 0.90), rng.uniform(95.0, 115.0))  # gray matter
    for side in (-1.0, 1.0):
        ellipse((side * 0.38, 0.0), (0.36, 0.62), rng.uniform(125.0, 140.0))  # white matter
        ellipse((side * 0.12, -0.05), (0.08, 0.26), rng.uniform(30.0, 45.0))  # ventricle
    # Drawn from the generator in any case, so that both kinds are the same but for the lesion.
    where = (rng.choice([-1.0, 1.0]) * rng.uniform(0.3, 0.5), rng.uniform(-0.45, 0.45))
    extent = (rng.uniform(0.12, 0.25), rng.uniform(0.10, 0.20))
    if lesion:
        ellipse(where, extent, 220.0)
    head = image > 0
    texture = cv2.GaussianBlur(rng.normal(0.0, 60.0, image.shape).astype(np.float32), (0, 0), 3.0)
    image = cv2.GaussianBlur(image, (0, 0), size / 256.0).astype(np.float32)
    image += head * texture + rng.normal(0.0, 2.0, image.shape)
    return np.clip(np.rint(image), 0, 255).astype(np.uint8)
