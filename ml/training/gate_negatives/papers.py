"""Documents, charts and drawings: dark strokes on a light sheet, at times the other way round."""

from __future__ import annotations

import itertools

import cv2
import numpy as np

from ml.imaging.pixels import Float32Array, Uint8Array
from ml.training.gate_negatives.brush import Rng, canvas, letter, smooth_noise, to_8bit

_FONTS = (
    cv2.FONT_HERSHEY_SIMPLEX,
    cv2.FONT_HERSHEY_COMPLEX,
    cv2.FONT_HERSHEY_DUPLEX,
    cv2.FONT_HERSHEY_SCRIPT_SIMPLEX,
)


def text_page(rng: Rng) -> Uint8Array:
    """Lines of words in one or two columns, with headings and indents."""
    image = _sheet(rng)
    height, width = image.shape
    columns = int(rng.integers(1, 3))
    wide = width / columns
    for column in range(columns):
        left = column * wide + wide * 0.08
        write(image, rng, left=left, top=height * 0.08, width=wide * 0.84, bottom=height * 0.95)
    return _photographed(image, rng)


def form(rng: Rng) -> Uint8Array:
    """Boxes with a caption each, some filled in, and a table."""
    image = _sheet(rng)
    height, width = image.shape
    y = int(height * 0.06)
    while y < height * 0.92:
        tall = int(rng.integers(14, 50))
        edges = np.sort(rng.uniform(0.05, 0.95, int(rng.integers(2, 6)))) * width
        for left, right in itertools.pairwise(edges):
            corner, opposite = (int(left), y), (int(right), y + tall)
            if rng.random() < 0.15:
                cv2.rectangle(image, corner, opposite, 200.0, -1)
            cv2.rectangle(image, corner, opposite, 60.0, 1)
            if rng.random() < 0.75:
                write(image, rng, left=left + 3, top=y, width=right - left - 6, bottom=y + tall)
        y += tall + int(rng.integers(0, 12))
    return _photographed(image, rng)


def chart(rng: Rng) -> Uint8Array:
    """Axes with bars, lines or dots; a legend."""
    image = _sheet(rng)
    height, width = image.shape
    left, bottom = int(width * 0.12), int(height * 0.86)
    n = int(rng.integers(4, 40))
    x = np.linspace(left + 8, width * 0.94, n)
    kind = int(rng.integers(4))
    for _ in range(int(rng.integers(1, 5))):
        y = bottom - (0.35 + 0.2 * smooth_noise(rng, (1, n), roughness=0.8)[0]) * height
        gray = float(rng.uniform(0, 190))
        points = np.stack([x, np.clip(y, 8, bottom)], axis=1).astype(np.int32)
        if kind == 0:
            cv2.polylines(image, [points], False, gray, int(rng.integers(1, 4)), cv2.LINE_AA)
        for px, py in points.tolist():
            if kind == 1:
                cv2.rectangle(image, (px - 3, py), (px + 3, bottom), gray, -1)
            elif kind == 2:
                cv2.circle(image, (px, py), 3, gray, -1, cv2.LINE_AA)
        if kind == 3:
            middle, axes = (width // 2, height // 2), (int(height * 0.3), int(height * 0.3))
            start = float(rng.uniform(0, 360))
            cv2.ellipse(image, middle, axes, 0, start, start + rng.uniform(30, 150), gray, -1)
    if kind != 3:
        cv2.line(image, (left, bottom), (width - 8, bottom), 20.0, 1)
        cv2.line(image, (left, bottom), (left, 8), 20.0, 1)
    for _ in range(int(rng.integers(2, 9))):
        at = (int(rng.uniform(0, width * 0.8)), int(rng.choice([12, bottom + 16])))
        letter(image, [(str(int(rng.integers(999))), at)], gray=30.0)
    return _photographed(image, rng)


def line_drawing(rng: Rng) -> Uint8Array:
    """Strokes, circles and shapes, as a sketch, a diagram or a technical drawing has them."""
    image = _sheet(rng)
    height, width = image.shape
    thick = int(rng.integers(1, 5))
    for _ in range(int(rng.integers(5, 45))):
        a, b = (rng.uniform(0.05, 0.95, 2) * (width, height) for _ in range(2))
        start, end = (int(a[0]), int(a[1])), (int(b[0]), int(b[1]))
        size = int(rng.uniform(0.02, 0.3) * height)
        gray, kind = float(rng.uniform(0, 110)), int(rng.integers(5))
        if kind == 0:
            cv2.line(image, start, end, gray, thick, cv2.LINE_AA)
        elif kind == 1:
            cv2.circle(image, start, size, gray, thick, cv2.LINE_AA)
        elif kind == 2:
            cv2.rectangle(image, start, (start[0] + size, start[1] + size // 2), gray, thick)
        elif kind == 3:
            steps = np.cumsum(rng.normal(0, size / 8 + 1, (60, 2)).cumsum(axis=0) / 8, axis=0)
            cv2.polylines(image, [(a + steps).astype(np.int32)], False, gray, thick, cv2.LINE_AA)
        else:
            turn, arc = float(rng.uniform(0, 180)), float(rng.uniform(60, 360))
            cv2.ellipse(image, start, (size, size // 2), turn, 0, arc, gray, thick, cv2.LINE_AA)
    return _photographed(image, rng)


def cartoon(rng: Rng) -> Uint8Array:
    """Flat filled shapes with outlines: clip art, icons, comics."""
    image = _sheet(rng)
    height, width = image.shape
    for _ in range(int(rng.integers(3, 16))):
        n = int(rng.integers(3, 12))
        angle = np.sort(rng.uniform(0, 2 * np.pi, n))
        radius = rng.uniform(0.04, 0.35) * height * rng.uniform(0.6, 1.0, n)
        middle = rng.uniform(0.15, 0.85, 2) * (width, height)
        points = middle + np.stack([radius * np.cos(angle), radius * np.sin(angle)], axis=1)
        corners = points.astype(np.int32)
        cv2.fillPoly(image, [corners], float(rng.uniform(0, 255)), cv2.LINE_AA)
        if rng.random() < 0.7:
            thick = int(rng.integers(1, 5))
            cv2.polylines(image, [corners], True, float(rng.uniform(0, 60)), thick, cv2.LINE_AA)
    return _photographed(image, rng)


def write(
    image: Float32Array, rng: Rng, *, left: float, top: float, width: float, bottom: float
) -> None:
    """Fill a box, in pixels, with lines of made-up words."""
    font, ink = int(rng.choice(_FONTS)), float(rng.uniform(0, 80))
    scale = float(rng.uniform(0.25, 0.6))
    step, y = round(scale * 34), top + scale * 26
    lines = []
    while y < bottom:
        if rng.random() < 0.12:
            y += step
            continue
        words = " ".join(
            "".join(chr(code) for code in rng.integers(97, 123, int(rng.integers(1, 10))))
            for _ in range(1 + int(width / (scale * 110) * rng.uniform(0.3, 1.0)))
        )
        lines.append((words, (int(left), int(y))))
        y += step
    letter(image, lines, gray=ink, scale=scale, font=font)


def _sheet(rng: Rng) -> Float32Array:
    return canvas(rng, narrowest=0.6, widest=1.5, gray=float(rng.uniform(215, 255)))


def _photographed(image: Float32Array, rng: Rng) -> Uint8Array:
    """At times inverted, unevenly lit, tilted on a dark table, or noisy."""
    height, width = image.shape
    if rng.random() < 0.25:
        image = 255.0 - image
    if rng.random() < 0.35:
        image = image * (0.85 + 0.08 * smooth_noise(rng, image.shape, roughness=2.0))
    if rng.random() < 0.25:
        turn = cv2.getRotationMatrix2D((width / 2, height / 2), float(rng.uniform(-15, 15)), 0.85)
        table = float(rng.uniform(0, 120))
        image = cv2.warpAffine(image, turn, (width, height), borderValue=table).astype(np.float32)
    if rng.random() < 0.4:
        image = image + rng.normal(0, rng.uniform(2, 12), image.shape).astype(np.float32)
    return to_8bit(image)
