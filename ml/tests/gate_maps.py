"""A network for tests of the gate: maps of 14 x 14 cells made of an image by chance weights."""

import zlib

import cv2
import numpy as np

from ml.gate.brain_mri_3 import join
from ml.gate.slice_descriptors import describe
from ml.imaging.pixels import to_8bit, to_gray

CHANNELS = 512  # as VGG16's own


def maps_of(image):
    """What the network makes of an image, float32, shape (14, 14, 512)."""
    rng = np.random.default_rng(zlib.crc32(b"maps"))
    gray = to_gray(to_8bit(image))
    fine = cv2.resize(gray, (56, 56), interpolation=cv2.INTER_AREA).astype(np.float32) / 255.0
    cells = fine.reshape(14, 4, 14, 4).transpose(0, 2, 1, 3).reshape(14, 14, 16)
    kernel = rng.normal(0.0, 1.0, (16, CHANNELS)).astype(np.float32)
    bias = rng.normal(0.0, 0.3, CHANNELS).astype(np.float32)
    return np.maximum(cells @ kernel + bias, 0.0).astype(np.float32)


class Described:
    """What describes images, as `ml.training.fitting.gate_describe` with that network."""

    network = "by chance"

    def __call__(self, pixels):
        return join(describe(pixels), maps_of(pixels)), False
