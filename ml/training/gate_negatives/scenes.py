"""Photographs, textures and noise, by what is known of their statistics."""

from __future__ import annotations

import cv2
import numpy as np

from ml.imaging.pixels import Uint8Array
from ml.training.gate_negatives.brush import Rng, blob, blurred, canvas, pin, smooth_noise, to_8bit


def clutter(rng: Rng) -> Uint8Array:
    """Things in front of things ("dead leaves", Lee et al. 2001), each with its own texture."""
    image = canvas(rng, narrowest=0.7, widest=1.6, gray=float(rng.uniform(0, 255)))
    image += 25 * smooth_noise(rng, image.shape, roughness=1.3)
    grain = smooth_noise(rng, image.shape)
    least = float(rng.choice([0.01, 0.04]))
    for _ in range(int(rng.integers(15, 130))):
        mask = np.zeros_like(image)
        size = least / np.sqrt(rng.uniform(0.003, 1.0))
        at, shape = rng.uniform(0, 1, 2), rng.uniform(0.4, 1.6)
        if rng.random() < 0.5:
            half = (size * shape, size / shape)
            blob(
                mask, rng, at=(at[0], at[1]), half=half, gray=1.0, tilt=rng.uniform(0, 3), bumps=0.3
            )
        else:
            corners = (at + rng.normal(0, size, (int(rng.integers(3, 6)), 2))) * image.shape[::-1]
            cv2.fillPoly(mask, [corners.astype(np.int32)], 1.0, cv2.LINE_AA)
        image += mask * (float(rng.uniform(0, 255)) - image)
        if rng.random() < 0.4:
            shift = (int(rng.integers(image.shape[0])), int(rng.integers(image.shape[1])))
            image += mask * rng.uniform(4, 25) * np.roll(grain, shift, axis=(0, 1))
    return _shot(image, rng)


def landscape(rng: Rng) -> Uint8Array:
    """A bright sky, ridges, ground with grain, at times trees or houses."""
    image = canvas(rng, narrowest=1.0, widest=1.8)
    height, width = image.shape
    sky = np.linspace(rng.uniform(120, 220), rng.uniform(190, 255), height, dtype=np.float32)
    image += sky[:, None] + 12 * np.clip(smooth_noise(rng, image.shape, roughness=1.7), 0, 3)
    for layer in range(int(rng.integers(2, 6))):
        base = 0.35 + 0.13 * layer
        ridge = smooth_noise(rng, (2, width), roughness=1.5)[0]
        line = height * (base + rng.uniform(0.02, 0.1) * ridge)
        below = np.arange(height)[:, None] > line[None]
        ground = rng.uniform(20, 190) + rng.uniform(4, 35) * smooth_noise(rng, image.shape)
        image = np.where(below, ground, image).astype(np.float32)
    for _ in range(int(rng.integers(0, 9))):
        x, y = float(rng.uniform(0, 1)), float(rng.uniform(0.45, 0.85))
        size, gray = float(rng.uniform(0.02, 0.14)), float(rng.uniform(10, 230))
        if rng.random() < 0.5:
            cv2.rectangle(
                image, pin((x, y - size), image), pin((x + size, y + size), image), gray, -1
            )
        else:
            blob(image, rng, at=(x, y - size), half=(size, size * 1.2), gray=gray, bumps=0.4)
            cv2.line(image, pin((x, y), image), pin((x, y + size), image), 30.0, 3)
    return _shot(image, rng)


def face(rng: Rng) -> Uint8Array:
    """A head and shoulders before a background, lit from one side."""
    image = canvas(rng, narrowest=0.7, widest=1.2, gray=float(rng.uniform(0, 255)))
    image += rng.uniform(0, 35) * smooth_noise(rng, image.shape, roughness=1.4)
    skin, hair = float(rng.uniform(70, 220)), float(rng.uniform(10, 140))
    x = 0.5 + rng.normal() * 0.05
    blob(image, rng, at=(x, 1.0), half=(0.42, 0.25), gray=rng.uniform(0, 255))
    blob(image, rng, at=(x, 0.4), half=(rng.uniform(0.25, 0.34), 0.33), gray=hair, bumps=0.15)
    blob(image, rng, at=(x, 0.75), half=(0.1, 0.14), gray=skin * 0.9)
    blob(image, rng, at=(x, 0.46), half=(0.22, 0.29), gray=skin)
    for side in (-1, 1):
        eye = (x + side * 0.085, 0.42)
        blob(image, rng, at=eye, half=(0.04, 0.016), gray=235)
        blob(image, rng, at=eye, half=(0.015, 0.015), gray=25)
        blob(image, rng, at=(eye[0], 0.37), half=(0.05, 0.01), gray=hair)
    blob(image, rng, at=(x, 0.52), half=(0.025, 0.06), gray=skin * 0.8)
    blob(image, rng, at=(x, 0.62), half=(0.07, 0.018), gray=skin * 0.6)
    image = blurred(image, max(image.shape) / 150)
    light = np.linspace(rng.uniform(0.5, 1), rng.uniform(0.7, 1.2), image.shape[1])
    return _shot((image * light[None]).astype(np.float32), rng)


def thing(rng: Rng) -> Uint8Array:
    """One shaded thing before an even background, at times black: fruit, coins, stars, tools."""
    image = canvas(rng, gray=float(rng.choice([0.0, 0.0, 30.0, 128.0, 250.0])))
    height, width = image.shape
    y, x = np.mgrid[:height, :width].astype(np.float32)
    for _ in range(int(rng.choice([1, 1, 2, 5, 20]))):
        mask = np.zeros_like(image)
        size, at = rng.uniform(0.06, 0.42, 2), rng.uniform(0.25, 0.75, 2)
        bumps = float(rng.choice([0.0, 0.1, 0.6]))
        half, tilt = (size[0], size[1]), rng.uniform(0, 3)
        blob(mask, rng, at=(at[0], at[1]), half=half, gray=1, tilt=tilt, bumps=bumps)
        light = (x / width - at[0]) * rng.normal() + (y / height - at[1]) * rng.normal()
        texture = rng.uniform(0, 0.25) * smooth_noise(rng, image.shape, roughness=0.9)
        shade = rng.uniform(60, 230) * (1 + 0.8 * light / size.max() + texture)
        image += mask * (shade - image)
    return _shot(image, rng)


def texture(rng: Rng) -> Uint8Array:
    """Grass, cloth, brick, waves: noise of any slope, gratings, tiles."""
    image = canvas(rng, gray=128.0)
    height, width = image.shape
    y, x = np.mgrid[:height, :width].astype(np.float32)
    kind = int(rng.integers(4))
    image += rng.uniform(10, 60) * smooth_noise(rng, image.shape, roughness=rng.uniform(0, 2.2))
    angle, period = rng.uniform(0, np.pi), rng.uniform(4, 60)
    across = x * np.cos(angle) + y * np.sin(angle)
    if kind == 1:
        image += 60 * np.sin(across / period * 2 * np.pi)
    elif kind == 2:
        image += 80 * (((x // period).astype(int) + (y // period).astype(int)) % 2)
    elif kind == 3:
        joints = ((y % period) < 3) | (((x + period * (y // period % 2)) % (2 * period)) < 3)
        image -= 70 * joints
    return to_8bit(image)


def plain_noise(rng: Rng) -> Uint8Array:
    """Gradients, white or salt-and-pepper noise, at times in a disc."""
    image = canvas(rng)
    height, width = image.shape
    y, x = np.mgrid[:height, :width].astype(np.float32)
    kind = int(rng.integers(4))
    if kind == 0:
        image += 255 * ((x / width) * rng.random() + (y / height) * rng.random())
    elif kind == 1:
        image += rng.normal(128, rng.uniform(10, 80), image.shape).astype(np.float32)
    elif kind == 2:
        image += 255 * (rng.random(image.shape) < rng.uniform(0.05, 0.6))
    else:
        image += 255 * np.exp(-np.hypot(x - width / 2, y - height / 2) / rng.uniform(30, 200))
    if rng.random() < 0.4:
        image *= np.hypot((x - width / 2) / width, (y - height / 2) / height) < 0.45
    return to_8bit(image)


def _shot(image: np.ndarray, rng: Rng) -> Uint8Array:
    """As a camera gives it: soft, vignetted, grainy, with its own tone curve."""
    image = blurred(image.astype(np.float32), float(rng.uniform(0.3, 1.5)))
    image = image + rng.normal(0, rng.uniform(1, 8), image.shape)
    image = 255 * np.clip(image / 255, 0, 1) ** rng.uniform(0.6, 1.6)
    return to_8bit(image)
