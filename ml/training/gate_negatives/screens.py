"""Screenshots: windows, pages, editors, telephones, a viewer with other things in it."""

from __future__ import annotations

import cv2
import numpy as np

from ml.imaging.pixels import Float32Array, Uint8Array
from ml.training.gate_negatives.brush import Rng, canvas, smooth_noise, to_8bit
from ml.training.gate_negatives.papers import chart, write


def web_page(rng: Rng) -> Uint8Array:
    """A bar, a side column, cards with text, pictures and buttons; light or dark."""
    image = canvas(rng, narrowest=1.2, widest=1.8, gray=float(rng.uniform(235, 255)))
    height, width = image.shape
    bar, side = int(height * rng.uniform(0.05, 0.12)), int(width * rng.uniform(0.0, 0.25))
    image[:bar] = rng.uniform(30, 230)
    image[bar:, :side] = rng.uniform(190, 250)
    y = bar + 6
    while y < height - 20:
        tall, x = int(rng.integers(20, 110)), side + 6
        while x < width - 30:
            wide = int(rng.integers(40, max(60, width // 2)))
            right = min(x + wide, width - 6)
            cv2.rectangle(image, (x, y), (right, y + tall), float(rng.uniform(200, 255)), -1)
            cv2.rectangle(image, (x, y), (right, y + tall), 180.0, 1)
            if rng.random() < 0.3 and right - x > 12:
                _picture(image[y + 3 : y + tall - 3, x + 3 : right - 3], rng)
            else:
                write(image, rng, left=x + 4, top=y, width=right - x - 8, bottom=y + tall)
            if rng.random() < 0.25:
                button = ((x + 6, y + tall - 14), (min(x + 46, right), y + tall - 4))
                cv2.rectangle(image, *button, float(rng.uniform(40, 160)), -1)
            x = right + 8
        y += tall + 8
    return _captured(image, rng)


def editor(rng: Rng) -> Uint8Array:
    """Dark or light lines of code or a terminal, indented."""
    dark = rng.random() < 0.7
    image = canvas(rng, narrowest=1.0, widest=1.7, gray=255.0)
    y = 4.0
    while y < image.shape[0] - 14:
        left = 6 + 14 * int(rng.integers(0, 6))
        wide = rng.uniform(0.1, 0.8) * image.shape[1]
        write(image, rng, left=left, top=y, width=wide, bottom=y + 12)
        y += 13
    return to_8bit(255.0 - image + 20 if dark else image)


def telephone(rng: Rng) -> Uint8Array:
    """A tall screen: a grid of icons, or a talk in bubbles."""
    image = canvas(rng, narrowest=0.45, widest=0.6, gray=float(rng.choice([20.0, 240.0])))
    height, width = image.shape
    if rng.random() < 0.5:
        image += 30 * smooth_noise(rng, image.shape, roughness=1.6)
        for y in range(20, height - 30, 48):
            for x in range(12, width - 30, 44):
                icon = ((x, y), (x + 28, y + 28))
                cv2.rectangle(image, *icon, float(rng.uniform(0, 255)), -1)
                cv2.circle(image, (x + 14, y + 14), 8, float(rng.uniform(0, 255)), -1)
    else:
        y = 16
        while y < height - 40:
            tall, wide = int(rng.integers(18, 60)), int(width * rng.uniform(0.35, 0.75))
            x = 6 if rng.random() < 0.5 else width - wide - 6
            cv2.rectangle(image, (x, y), (x + wide, y + tall), float(rng.uniform(90, 230)), -1)
            write(image, rng, left=x + 4, top=y, width=wide - 8, bottom=y + tall)
            y += tall + 8
    return to_8bit(image)


def dashboard(rng: Rng) -> Uint8Array:
    """Two to six charts side by side."""
    rows, columns = int(rng.integers(1, 3)), int(rng.integers(2, 4))
    charts = [[cv2.resize(chart(rng), (200, 150)) for _ in range(columns)] for _ in range(rows)]
    image = np.vstack([np.hstack(row) for row in charts]).astype(np.float32)
    return _captured(image, rng)


def _picture(box: Float32Array, rng: Rng) -> None:
    if min(box.shape) > 4:
        noise = smooth_noise(rng, box.shape, roughness=rng.uniform(0.8, 2))
        box[:] = np.clip(rng.uniform(60, 200) + 50 * noise, 0, 255)


def _captured(image: Float32Array, rng: Rng) -> Uint8Array:
    if rng.random() < 0.35:
        image = 255.0 - image * 0.93
    return to_8bit(image)
