"""Pictures drawn in code for the tests; none of them shows a person."""

import io
import zipfile

import cv2
import numpy as np
from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image


def slice_pixels(*, width: int = 160, height: int = 128, seed: int = 0) -> np.ndarray:
    """An (H, W) uint8 ellipse with texture on black: enough like a slice to be read."""
    random = np.random.default_rng(seed)
    y, x = np.mgrid[:height, :width]
    inside = ((x - width / 2) / (width * 0.4)) ** 2 + ((y - height / 2) / (height * 0.42)) ** 2 < 1
    texture = cv2.GaussianBlur(random.uniform(60, 200, (height, width)), (0, 0), 3)
    return np.where(inside, texture, 0).astype(np.uint8)


def encoded(pixels: np.ndarray, file_format: str = "PNG", **options: object) -> bytes:
    """The bytes of an image file (Pillow's formats)."""
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, file_format, **options)
    return buffer.getvalue()


def png(seed: int = 0, **size: int) -> bytes:
    return encoded(slice_pixels(seed=seed, **size))


def jpeg(seed: int = 0, **size: int) -> bytes:
    return encoded(slice_pixels(seed=seed, **size), "JPEG", quality=95)


def upload(name: str, content: bytes) -> SimpleUploadedFile:
    return SimpleUploadedFile(name, content)


def zip_of(files: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return buffer.getvalue()
