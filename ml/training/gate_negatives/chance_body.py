"""Parts of the body in chance arrangement, for all those that have no drawing of their own.

Outline, layers, organs, bones and their grays are drawn at random within what CT, MRI and X-rays
of any part of the body below the head look like.
"""

from __future__ import annotations

import cv2
import numpy as np

from ml.imaging.pixels import Float32Array, Uint8Array
from ml.training.gate_negatives.brush import Rng, blob, blurred, canvas, letter, pin, scanned


def cross_section(rng: Rng) -> Uint8Array:
    """One or two rounds of skin, fat and muscle with organs, air, bones and vessels in them."""
    image = canvas(rng, narrowest=0.8, widest=1.9)
    fat, muscle, bone, air = _grays(rng)
    rounds = [(0.5, 0.46)]
    if rng.random() < 0.3:
        rounds = [(0.26, 0.23), (0.74, 0.23)]
    elif rng.random() < 0.3:
        rounds = [(0.5, 0.33), (0.07, 0.07), (0.93, 0.07)]
    for x, wide in rounds:
        high = float(rng.uniform(0.3, 0.47)) * min(1.0, wide / 0.2)
        rim = float(rng.uniform(0.02, 0.3))
        blob(image, rng, at=(x, 0.5), half=(wide, high), gray=fat * 1.1, bumps=0.08)
        blob(image, rng, at=(x, 0.5), half=(wide - 0.012, high - 0.015), gray=fat, bumps=0.06)
        inner = (wide * (1 - rim), high * (1 - rim))
        blob(image, rng, at=(x, 0.5), half=inner, gray=muscle, bumps=0.1)
        if rng.random() < 0.7:
            cavity = (inner[0] * rng.uniform(0.7, 0.95), inner[1] * rng.uniform(0.6, 0.92))
            blob(image, rng, at=(x, 0.48), half=cavity, gray=rng.choice([fat, air]), bumps=0.12)
        for _ in range(int(rng.integers(2, 30))):
            at = (x + rng.normal() * wide * 0.4, 0.5 + rng.normal() * high * 0.4)
            size = rng.uniform(0.03, 0.32, 2) * wide
            gray = _pick(rng, fat=fat, muscle=muscle, bone=bone, air=air)
            tilt = float(rng.uniform(0, 3))
            blob(image, rng, at=at, half=(size[0], size[1]), gray=gray, bumps=0.2, tilt=tilt)
        for _ in range(int(rng.integers(1, 7))):
            spread = float(rng.choice([0.2, 0.75]))
            angle = float(rng.uniform(0, 2 * np.pi))
            at = (x + spread * wide * np.cos(angle), 0.5 + spread * high * np.sin(angle))
            half = rng.uniform(0.05, 0.25, 2) * wide
            blob(image, rng, at=at, half=(half[0], half[1]), gray=bone, tilt=angle)
            if half.min() > 0.015:
                marrow = (half[0] * 0.75, half[1] * 0.75)
                gray = float(rng.uniform(0.5, 1.0)) * bone
                blob(image, rng, at=at, half=marrow, gray=gray, tilt=angle)
    return _exported(image, rng)


def long_section(rng: Rng) -> Uint8Array:
    """A joint or a trunk from the front or the side: it runs out of the picture on two sides."""
    image = canvas(rng, narrowest=0.55, widest=1.3)
    fat, muscle, bone, air = _grays(rng)
    wide = float(rng.uniform(0.3, 0.6))
    blob(image, rng, at=(0.5, 0.5), half=(wide, 1.0), gray=fat, bumps=0.08)
    blob(image, rng, at=(0.5, 0.5), half=(wide * rng.uniform(0.6, 0.96), 1.0), gray=muscle)
    for _ in range(int(rng.integers(3, 22))):
        at = (0.5 + rng.normal() * wide * 0.45, rng.uniform(0, 1))
        size = (float(rng.uniform(0.03, 0.2)), float(rng.uniform(0.05, 0.4)))
        gray = _pick(rng, fat=fat, muscle=muscle, bone=bone, air=air)
        blob(image, rng, at=at, half=size, gray=gray, bumps=0.2, tilt=rng.normal() * 0.4)
    for _ in range(int(rng.integers(1, 6))):
        at = (0.5 + rng.normal() * wide * 0.3, rng.uniform(0, 1))
        size = (float(rng.uniform(0.05, 0.2)), float(rng.uniform(0.08, 0.5)))
        tilt = float(rng.normal() * 0.5)
        blob(image, rng, at=at, half=size, gray=float(rng.choice([12.0, bone])), tilt=tilt)
        inner = (size[0] * 0.88, size[1] * 0.92)
        blob(image, rng, at=at, half=inner, gray=bone * rng.uniform(0.6, 1.0), tilt=tilt)
    if rng.random() < 0.5:
        image = np.ascontiguousarray(image.T)
    return _exported(image, rng)


def projection(rng: Rng) -> Uint8Array:
    """An X-ray: soft shadows add up, bones and their rims on them, dark or bright outside."""
    image = canvas(rng, narrowest=0.6, widest=1.4)
    for _ in range(int(rng.integers(2, 7))):
        part = np.zeros_like(image)
        at = (0.5 + rng.normal() * 0.2, 0.5 + rng.normal() * 0.25)
        wide, high = rng.uniform(0.15, 0.6, 2)
        gray, tilt = float(rng.uniform(25, 90)), float(rng.normal() * 0.5)
        blob(part, rng, at=at, half=(wide, high), gray=gray, bumps=0.15, tilt=tilt)
        image += blurred(part, max(image.shape) * float(rng.uniform(0.003, 0.04)))
    for _ in range(int(rng.integers(2, 14))):
        part = np.zeros_like(image)
        at = (rng.uniform(0.1, 0.9), rng.uniform(0.05, 0.95))
        size = (float(rng.uniform(0.015, 0.09)), float(rng.uniform(0.05, 0.5)))
        gray, tilt = float(rng.uniform(25, 110)), float(rng.uniform(0, 3))
        blob(part, rng, at=at, half=size, gray=gray, tilt=tilt)
        inner = (size[0] * 0.7, size[1] * 0.92)
        blob(part, rng, at=at, half=inner, gray=gray * rng.uniform(0.4, 0.9), tilt=tilt)
        image += blurred(part, max(image.shape) / 250)
    image *= 245.0 / max(float(np.percentile(image, 99.5)), 1.0)
    if rng.random() < 0.15:
        image = 255.0 - np.clip(image, 0, 255)
    return _exported(image, rng)


def skull_xray(rng: Rng) -> Uint8Array:
    """A head from the front or the side, bright rim, orbits or jaw and neck, no tissue in it."""
    image = canvas(rng, narrowest=0.75, widest=1.1)
    side = rng.random() < 0.5
    at = (0.5 - 0.04 * side, 0.38)
    half = (float(rng.uniform(0.34, 0.42)) if side else float(rng.uniform(0.27, 0.33)), 0.33)
    inside, rim = float(rng.uniform(70, 140)), float(rng.uniform(50, 110))
    neck, face = (0.52 + 0.1 * side, 0.9), (0.5 - 0.15 * side, 0.72)
    for place, size, gray in ((neck, (0.16, 0.3), 70.0), (face, (0.22, 0.24), 110.0)):
        part = np.zeros_like(image)
        blob(part, rng, at=place, half=size, gray=gray, bumps=0.12)
        image += blurred(part, max(image.shape) / 70)
    skull = np.zeros_like(image)
    blob(skull, rng, at=at, half=half, gray=inside + rim)
    blob(skull, rng, at=at, half=(half[0] - 0.02, half[1] - 0.02), gray=inside)
    image += blurred(skull, max(image.shape) / 200)
    for _ in range(int(rng.integers(6, 16))):
        part = np.zeros_like(image)
        spot = (face[0] + rng.normal() * 0.12, 0.62 + rng.normal() * 0.1)
        wide, high = rng.uniform(0.02, 0.09, 2)
        gray = float(rng.uniform(-70, 90))
        blob(part, rng, at=spot, half=(wide, high), gray=gray, bumps=0.2)
        image += blurred(part, max(image.shape) / 160)
    for tooth in range(int(rng.integers(0, 14))):
        spot = pin((face[0] - 0.1 + 0.016 * tooth, face[1] + 0.1), image)
        cv2.rectangle(image, spot, (spot[0] + 4, spot[1] + 12), 235.0, -1)
    image *= 245.0 / max(float(image.max()), 1.0)
    return _exported(image, rng)


def _grays(rng: Rng) -> tuple[float, float, float, float]:
    """Fat, muscle, bone and air: as in CT under a chance window, or as in MRI."""
    if rng.random() < 0.55:
        center, width = float(rng.normal(60, 120)), float(np.exp(rng.uniform(5.4, 7.6)))
        hounsfield = np.array([-100.0, 50.0, rng.uniform(300, 900), -900.0])
        grays = np.clip(255.0 * (0.5 + (hounsfield - center) / width), 0, 255)
        if rng.random() < 0.2:  # a lung window
            grays = np.array([215.0, 245.0, 255.0, rng.uniform(15, 90)])
        fat, muscle, bone, air = grays + np.array([3.0, 5.0, 0.0, 2.0])
    else:
        fat, muscle = rng.uniform(90, 250), rng.uniform(30, 130)
        bone, air = rng.uniform(80, 220), rng.uniform(2, 15)
    return float(fat), float(muscle), float(bone), float(air)


def _pick(rng: Rng, *, fat: float, muscle: float, bone: float, air: float) -> float:
    organ = muscle * float(rng.uniform(0.7, 1.5))
    return float(rng.choice([organ, fat, air, bone], p=[0.6, 0.2, 0.1, 0.1]))


def _exported(image: Float32Array, rng: Rng) -> Uint8Array:
    """Scanned, at times lettered, at times a part of it only."""
    image = np.clip(image, 0, 255).astype(np.float32)
    if rng.random() < 0.25:
        words = ["".join(chr(code) for code in rng.integers(48, 91, 10)) for _ in range(4)]
        letter(image, [(line, (6, 14 + 14 * row)) for row, line in enumerate(words)], gray=235.0)
    pixels = scanned(image, rng, texture=float(rng.uniform(0.03, 0.14)))
    if rng.random() < 0.2:
        height, width = pixels.shape
        top, left = int(rng.uniform(0, 0.35) * height), int(rng.uniform(0, 0.35) * width)
        pixels = pixels[top : top + int(0.6 * height), left : left + int(0.6 * width)]
    return np.ascontiguousarray(pixels)
