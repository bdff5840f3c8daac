"""MRI of the trunk: pelvis, abdomen, breast and heart."""

from __future__ import annotations

import numpy as np

from ml.imaging.pixels import Float32Array, Uint8Array
from ml.training.gate_negatives.brush import Rng, blob, canvas, scanned, smooth_noise


def pelvis(rng: Rng) -> Uint8Array:
    """Bladder or prostate, rectum, hips and muscles between fat; whole or a field within it."""
    image = canvas(rng, narrowest=0.95, widest=1.35)
    fat, muscle = float(rng.uniform(110, 220)), float(rng.uniform(15, 70))
    blob(image, rng, at=(0.5, 0.5), half=(0.47, 0.38), gray=fat, bumps=0.06)
    for side in (-1, 1):
        for at, half in (
            ((0.5 + side * 0.24, 0.42), (0.09, 0.11)),
            ((0.5 + side * 0.14, 0.5), (0.035, 0.15)),
            ((0.5 + side * 0.22, 0.7), (0.15, 0.08)),
        ):
            tilt = side * float(rng.normal(0.0, 0.4))
            blob(image, rng, at=at, half=half, gray=muscle, bumps=0.2, tilt=tilt)
        hip = (0.5 + side * float(rng.uniform(0.25, 0.31)), float(rng.uniform(0.42, 0.52)))
        blob(image, rng, at=hip, half=(0.075, 0.085), gray=6.0)
        blob(image, rng, at=hip, half=(0.065, 0.075), gray=fat * float(rng.uniform(0.5, 1.0)))
    urine = float(rng.choice([60.0, 150.0, 240.0]))
    size = float(rng.uniform(0.06, 0.17)), float(rng.uniform(0.05, 0.13))
    at = (0.5, float(rng.uniform(0.3, 0.42)))
    blob(image, rng, at=at, half=(size[0] + 0.015, size[1] + 0.015), gray=muscle, bumps=0.15)
    blob(image, rng, at=at, half=size, gray=urine, bumps=0.15)
    if rng.random() < 0.7:
        gland = float(rng.uniform(60, 160))
        blob(image, rng, at=(0.5, 0.53), half=(0.08, 0.07), gray=gland * 1.3, bumps=0.1)
        blob(image, rng, at=(0.5, 0.52), half=(0.055, 0.045), gray=gland * 0.8, bumps=0.2)
    blob(image, rng, at=(0.5, 0.65), half=(0.05, 0.04), gray=muscle * 1.2, bumps=0.2)
    blob(image, rng, at=(0.5, 0.65), half=(0.035, 0.025), gray=4.0, bumps=0.3)
    return _finished(image, rng)


def abdomen(rng: Rng) -> Uint8Array:
    """Liver, spleen, kidneys, bowel and column; the arms beside it at times."""
    image = canvas(rng, narrowest=1.0, widest=1.5)
    fat, organ = float(rng.uniform(20, 250)), float(rng.uniform(60, 170))
    muscle = float(rng.uniform(30, 90))
    wide, high = float(rng.uniform(0.3, 0.46)), float(rng.uniform(0.25, 0.42))
    inner = float(rng.uniform(0.72, 0.93))
    blob(image, rng, at=(0.5, 0.5), half=(wide, high), gray=fat, bumps=0.06)
    for share, gray in ((inner, muscle), (inner - 0.07, fat * 0.8)):
        blob(image, rng, at=(0.5, 0.5), half=(wide * share, high * share), gray=gray, bumps=0.05)
    side = float(rng.choice([-1, 1]))
    liver = (0.5 - side * 0.4 * wide, 0.5 - 0.15 * high)
    blob(image, rng, at=liver, half=(0.45 * wide, 0.6 * high), gray=organ, bumps=0.25)
    spleen = (0.5 + side * 0.62 * wide, 0.5)
    blob(image, rng, at=spleen, half=(0.14 * wide, 0.35 * high), gray=organ * 1.3, bumps=0.2)
    for _ in range(int(rng.integers(6, 30))):
        at = (0.5 + rng.normal() * 0.35 * wide, 0.48 + rng.normal() * 0.3 * high)
        half = rng.uniform(0.03, 0.16, 2) * wide
        gray = float(rng.choice([5.0, organ * 0.7, organ * 1.4, 245.0]))
        blob(image, rng, at=at, half=(half[0], half[1]), gray=gray, bumps=0.3)
    for kidney in (-1, 1):
        at = (0.5 + kidney * 0.42 * wide, 0.5 + 0.35 * high)
        blob(image, rng, at=at, half=(0.15 * wide, 0.22 * high), gray=organ * 1.5, bumps=0.15)
    back = 0.5 + 0.45 * high
    blob(image, rng, at=(0.5, back), half=(0.14 * wide, 0.16 * high), gray=organ * 0.9)
    blob(image, rng, at=(0.5, back + 0.2 * high), half=(0.05 * wide, 0.05 * high), gray=200.0)
    for beside in (-1, 1) if rng.random() < 0.3 else ():
        arm = (0.5 + beside * (wide + 0.045), float(rng.uniform(0.3, 0.55)))
        blob(image, rng, at=arm, half=(0.04, 0.06), gray=fat)
        blob(image, rng, at=arm, half=(0.03, 0.045), gray=muscle)
    return _finished(image, rng)


def breast(rng: Rng) -> Uint8Array:
    """Sagittal: half an oval before the chest wall; or both from below; glands in it, or dark."""
    image = canvas(rng, narrowest=0.8, widest=1.4)
    fat, gland = float(rng.uniform(20, 200)), float(rng.uniform(60, 250))
    both = rng.random() < 0.4
    for at, half in (
        [((0.28, 0.35), (0.17, 0.25)), ((0.72, 0.35), (0.17, 0.25))]
        if both
        else [((0.6, 0.5), (float(rng.uniform(0.2, 0.5)), float(rng.uniform(0.2, 0.45))))]
    ):
        blob(image, rng, at=at, half=(half[0] + 0.008, half[1] + 0.008), gray=gland * 0.8)
        blob(image, rng, at=at, half=half, gray=fat)
        cloud = smooth_noise(rng, image.shape, roughness=float(rng.uniform(0.9, 1.6)))
        within = np.zeros_like(image)
        blob(within, rng, at=at, half=(half[0] * 0.7, half[1] * 0.7), gray=1.0, bumps=0.2)
        dense = cloud > float(rng.uniform(-0.5, 1.5))
        image += within * dense * (gland - fat)
    if both:
        blob(image, rng, at=(0.5, 0.85), half=(0.45, 0.3), gray=fat * 0.8)
        blob(image, rng, at=(0.5, 0.9), half=(0.35, 0.25), gray=10.0, bumps=0.1)
        blob(image, rng, at=(0.55, 0.75), half=(0.1, 0.1), gray=gland, bumps=0.2)
    else:
        wall = float(rng.uniform(0.62, 0.9))
        columns = np.arange(image.shape[1]) > wall * image.shape[1]
        ribs = 0.5 + 0.5 * np.sin(np.linspace(0, rng.uniform(15, 40), image.shape[0]))
        stripe = float(rng.uniform(0.1, 0.5)) * gland * ribs[:, np.newaxis]
        image[:, columns] = stripe.astype(np.float32)
        if rng.random() < 0.5:
            image = np.ascontiguousarray(image[:, ::-1])
    return _finished(image, rng)


def heart(rng: Rng) -> Uint8Array:
    """A bright or dark chamber in a ring of muscle, between dark lungs, in the chest."""
    image = canvas(rng, narrowest=0.9, widest=1.35)
    fat, muscle = float(rng.uniform(90, 240)), float(rng.uniform(40, 110))
    blood = float(rng.choice([8.0, 160.0, 245.0]))
    blob(image, rng, at=(0.5, 0.5), half=(0.47, 0.4), gray=fat, bumps=0.05)
    blob(image, rng, at=(0.5, 0.5), half=(0.42, 0.35), gray=muscle, bumps=0.05)
    for side in (-1, 1):
        at = (0.5 + side * 0.21, 0.5)
        blob(image, rng, at=at, half=(0.17, 0.27), gray=float(rng.uniform(2, 25)), bumps=0.1)
    x, y = 0.5 + float(rng.normal(0, 0.06)), 0.45
    tilt = float(rng.uniform(-0.8, 0.8))
    blob(image, rng, at=(x, y), half=(0.2, 0.15), gray=fat * 0.8, bumps=0.1, tilt=tilt)
    for at, outer, inner in (((x + 0.06, y), 0.1, 0.065), ((x - 0.08, y), 0.085, 0.07)):
        blob(image, rng, at=at, half=(outer, outer * 1.1), gray=muscle, bumps=0.1)
        blob(image, rng, at=at, half=(inner, inner * 1.1), gray=blood, bumps=0.15)
    blob(image, rng, at=(0.5, 0.75), half=(0.06, 0.06), gray=fat * 0.6)
    blob(image, rng, at=(0.54, 0.66), half=(0.025, 0.025), gray=blood)
    return _finished(image, rng)


def _finished(image: Float32Array, rng: Rng) -> Uint8Array:
    """Shaded, scanned, and often a field of view within it or room about it."""
    height, width = image.shape
    if rng.random() < 0.5:
        y, x = np.mgrid[-1 : 1 : height * 1j, -1 : 1 : width * 1j]
        slope = rng.normal(0.0, 0.4, 2)
        image = image * np.exp(slope[0] * x + slope[1] * y).astype(np.float32)
        image *= np.float32(240.0 / max(float(np.percentile(image, 99.5)), 1.0))
    pixels = scanned(np.clip(image, 0, 255).astype(np.float32), rng, texture=0.12)
    chance = rng.random()
    if chance < 0.4:
        size = float(rng.uniform(0.35, 0.8))
        top = round(float(rng.uniform(0.2, 0.8)) * (1.0 - size) * height)
        left = round(float(rng.uniform(0.3, 0.7)) * (1.0 - size) * width)
        pixels = pixels[top : top + round(size * height), left : left + round(size * width)]
    elif chance < 0.6:
        pixels = np.pad(pixels, int(rng.integers(10, 90)))
    return np.ascontiguousarray(pixels)
