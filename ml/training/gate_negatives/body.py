"""Slices through other parts of the body, as CT and MRI show them."""

from __future__ import annotations

import cv2
import numpy as np

from ml.imaging.pixels import Float32Array, Uint8Array
from ml.training.gate_negatives.brush import Rng, blob, canvas, letter, pin, scanned


def chest_ct(rng: Rng) -> Uint8Array:
    """Axial chest: black or gray lungs, heart, spine, ribs, arms at times, a table."""
    image, fat, muscle, bone = _torso(rng)
    lung = float(rng.choice([4.0, 12.0, 45.0]))
    heart = muscle * rng.uniform(1.0, 1.6)
    blob(image, rng, at=(0.5, 0.5), half=(0.36, 0.30), gray=fat, bumps=0.04)
    for side in (-1, 1):
        at = (0.5 + side * rng.uniform(0.17, 0.20), 0.5)
        half = (rng.uniform(0.12, 0.155), rng.uniform(0.20, 0.26))
        blob(image, rng, at=at, half=half, gray=lung, bumps=0.12, tilt=side * 0.15)
        for _ in range(int(rng.integers(8, 30))):
            spot = (at[0] + rng.normal() * half[0] / 2.4, at[1] + rng.normal() * half[1] / 2.4)
            size = float(rng.uniform(0.002, 0.009))
            blob(image, rng, at=spot, half=(size, size), gray=lung + rng.uniform(40, 150))
    blob(image, rng, at=(0.53, 0.43), half=(0.12, 0.13), gray=heart, tilt=0.5)
    blob(image, rng, at=(0.45, 0.57), half=(0.03, 0.035), gray=heart * 1.1)
    _spine_and_ribs(image, rng, bone=bone, muscle=muscle)
    return _framed(image, rng)


def abdomen_ct(rng: Rng) -> Uint8Array:
    """Axial abdomen: liver, spleen, kidneys, bowel, aorta, spine, fat, a table."""
    image, fat, muscle, bone = _torso(rng)
    blob(image, rng, at=(0.5, 0.49), half=(0.36, 0.29), gray=muscle, bumps=0.05)
    blob(image, rng, at=(0.5, 0.48), half=(0.34, 0.265), gray=fat, bumps=0.06)
    organ = muscle * rng.uniform(1.05, 1.5)
    side = float(rng.choice([-1, 1]))
    if rng.random() < 0.75:
        blob(image, rng, at=(0.5 - side * 0.19, 0.43), half=(0.17, 0.19), gray=organ, bumps=0.25)
    blob(image, rng, at=(0.5 + side * 0.26, 0.5), half=(0.05, 0.1), gray=organ * 1.05, bumps=0.2)
    for _ in range(int(rng.integers(6, 26))):
        at = (0.5 + rng.normal() * 0.13, 0.40 + rng.normal() * 0.08)
        size = rng.uniform(0.015, 0.05, 2)
        gray = float(rng.choice([muscle, organ, fat, 8.0, 235.0], p=[0.4, 0.25, 0.1, 0.15, 0.1]))
        blob(
            image, rng, at=at, half=(size[0], size[1]), gray=gray, bumps=0.3, tilt=rng.uniform(0, 3)
        )
    for kidney in (-1, 1):
        at = (0.5 + kidney * rng.uniform(0.14, 0.18), rng.uniform(0.56, 0.6))
        blob(image, rng, at=at, half=(0.05, 0.07), gray=organ * 1.2, tilt=kidney * 0.4)
        blob(image, rng, at=at, half=(0.02, 0.03), gray=fat)
    blob(image, rng, at=(0.51, 0.54), half=(0.022, 0.026), gray=organ * 1.25)
    _spine_and_ribs(image, rng, bone=bone, muscle=muscle)
    return _framed(image, rng)


def pelvis_ct(rng: Rng) -> Uint8Array:
    """Axial pelvis: iliac wings or femoral heads, bladder, gluteal muscles, sacrum."""
    image, fat, muscle, bone = _torso(rng)
    blob(image, rng, at=(0.5, 0.45), half=(0.2, 0.18), gray=fat * 1.05, bumps=0.1)
    blob(image, rng, at=(0.5, 0.42), half=(0.11, 0.1), gray=muscle * rng.uniform(0.7, 1.4))
    heads = rng.random() < 0.5
    for side in (-1, 1):
        at = (0.5 + side * 0.24, 0.62)
        blob(image, rng, at=at, half=(0.13, 0.15), gray=muscle, bumps=0.15)
        if heads:
            hip = (0.5 + side * 0.27, 0.5)
            blob(image, rng, at=hip, half=(0.075, 0.095), gray=muscle)
            blob(image, rng, at=hip, half=(0.055, 0.075), gray=bone)
            blob(image, rng, at=hip, half=(0.04, 0.055), gray=bone * 0.75)
        else:
            wing = (0.5 + side * 0.22, 0.48)
            blob(image, rng, at=wing, half=(0.03, 0.16), gray=bone, tilt=side * 0.7)
            blob(image, rng, at=wing, half=(0.016, 0.13), gray=bone * 0.7, tilt=side * 0.7)
    blob(image, rng, at=(0.5, 0.66), half=(0.09, 0.06), gray=bone, bumps=0.2)
    blob(image, rng, at=(0.5, 0.66), half=(0.06, 0.04), gray=bone * 0.7, bumps=0.2)
    return _framed(image, rng)


def limb_slice(rng: Rng) -> Uint8Array:
    """Axial thigh, calf or forearm, one or two: skin, fat, muscles, a bone with its marrow."""
    image = canvas(rng, narrowest=0.9, widest=1.8)
    limbs = [0.5] if rng.random() < 0.5 else [0.27, 0.73]
    fat, muscle = rng.uniform(60, 220), rng.uniform(60, 150)
    for x in limbs:
        width = 0.4 / len(limbs) if len(limbs) > 1 else 0.4
        blob(image, rng, at=(x, 0.5), half=(width, 0.42), gray=fat)
        blob(image, rng, at=(x, 0.5), half=(width * 0.82, 0.35), gray=muscle, bumps=0.12)
        for _ in range(int(rng.integers(3, 9))):
            start = pin((x + rng.normal() * width / 3, 0.5 + rng.normal() * 0.15), image)
            end = pin((x + rng.normal() * width / 2, 0.5 + rng.normal() * 0.2), image)
            cv2.line(image, start, end, float(fat), 2, cv2.LINE_AA)
        for _ in range(int(rng.integers(1, 3))):
            at = (x + rng.normal() * width / 4, 0.5 + rng.normal() * 0.08)
            size = float(rng.uniform(0.12, 0.25)) * width
            blob(image, rng, at=at, half=(size, size * 1.2), gray=rng.choice([15.0, 245.0]))
            blob(image, rng, at=at, half=(size * 0.6, size * 0.7), gray=fat)
    return scanned(image, rng)


def knee_mri(rng: Rng) -> Uint8Array:
    """Sagittal or coronal knee: femur above, tibia below, patella, fat, muscle."""
    image = canvas(rng, narrowest=0.75, widest=1.1)
    fat, muscle, bone = rng.uniform(130, 235), rng.uniform(40, 90), rng.uniform(110, 210)
    image[:, : round(image.shape[1] * rng.uniform(0.02, 0.12))] = 0
    blob(image, rng, at=(0.5, 0.5), half=(0.44, 0.9), gray=fat, bumps=0.04)
    blob(image, rng, at=(0.55, 0.5), half=(0.36, 0.9), gray=muscle, bumps=0.1)
    gap = float(rng.uniform(0.48, 0.54))
    for up in (-1, 1):
        x = 0.5 + rng.normal() * 0.02
        shaft = (x + rng.normal() * 0.02, gap + up * 0.5)
        blob(image, rng, at=shaft, half=(0.155, 0.42), gray=12.0)
        blob(image, rng, at=(x, gap + up * 0.15), half=(0.27, 0.14), gray=12.0, bumps=0.08)
        blob(image, rng, at=shaft, half=(0.14, 0.41), gray=bone)
        blob(image, rng, at=(x, gap + up * 0.15), half=(0.255, 0.128), gray=bone, bumps=0.08)
    if rng.random() < 0.7:
        blob(image, rng, at=(0.16, gap - 0.12), half=(0.055, 0.12), gray=12.0)
        blob(image, rng, at=(0.16, gap - 0.12), half=(0.045, 0.105), gray=bone)
        start, end = pin((0.15, gap), image), pin((0.26, gap + 0.25), image)
        cv2.line(image, start, end, 15.0, int(rng.integers(3, 8)), cv2.LINE_AA)
    for side in (-1, 1):
        at = (0.5 + side * 0.17, gap)
        blob(image, rng, at=at, half=(0.07, 0.02), gray=rng.choice([10.0, 240.0]))
    return scanned(image, rng, texture=0.1)


def spine_mri(rng: Rng) -> Uint8Array:
    """Sagittal spine: a column of vertebrae and discs, the canal behind it, fat and muscle."""
    image = canvas(rng, narrowest=0.45, widest=1.0)
    soft, marrow, fat = rng.uniform(25, 80), rng.uniform(90, 170), rng.uniform(120, 245)
    image += soft * np.float32(1.0)
    rows = int(rng.integers(5, 12))
    bend, phase, middle = rng.uniform(0.0, 0.09), rng.uniform(0, 6), rng.uniform(0.35, 0.55)
    disc, fluid = rng.uniform(10, 150), float(rng.choice([20.0, 220.0]))
    blob(image, rng, at=(0.93, 0.5), half=(0.12, 0.7), gray=fat)
    for row in range(-1, rows + 1):
        y = (row + 0.5) / rows
        x = middle + bend * np.sin(phase + 2.5 * y)
        tall = 0.36 / rows
        blob(image, rng, at=(x + 0.17, y), half=(0.05, 1.3 * tall), gray=fluid, bumps=0.02)
        blob(image, rng, at=(x + 0.17, y), half=(0.022, 1.5 * tall), gray=110.0, bumps=0.02)
        blob(image, rng, at=(x + 0.33, y), half=(0.08, 0.6 * tall), gray=marrow * 0.8, tilt=0.4)
        top, bottom = pin((x - 0.1, y - tall), image), pin((x + 0.1, y + tall), image)
        cv2.rectangle(image, top, bottom, float(marrow), -1)
        blob(image, rng, at=(x, y + 0.5 / rows), half=(0.1, 0.1 / rows), gray=disc)
    return scanned(image, rng, texture=0.1)


def ultrasound(rng: Rng) -> Uint8Array:
    """A fan of speckle with dark cysts or vessels in it, on black."""
    image = canvas(rng, narrowest=1.0, widest=1.5)
    height, width = image.shape
    y, x = np.mgrid[:height, :width].astype(np.float32)
    top = -height * float(rng.uniform(0.05, 0.6))
    radius, angle = np.hypot(x - width / 2, y - top), np.arctan2(x - width / 2, y - top)
    image += 90 * np.exp(-(((radius / height) - rng.uniform(0.3, 0.9)) ** 2) / 0.2)
    for _ in range(int(rng.integers(1, 6))):
        size = rng.uniform(0.03, 0.16, 2)
        at = (rng.uniform(0.25, 0.75), rng.uniform(0.2, 0.8))
        gray = float(rng.choice([5.0, 60.0, 150.0]))
        blob(image, rng, at=at, half=(size[0], size[1]), gray=gray, bumps=0.2)
    speckle = cv2.GaussianBlur(rng.rayleigh(1.0, image.shape), (0, 0), 2.2, sigmaY=1.0)
    image = image * (speckle / speckle.mean()) ** 2
    inside = (np.abs(angle) < rng.uniform(0.4, 0.8)) & (radius > -top * 1.08)
    image *= inside & (radius < (height - top) * 0.97)
    return scanned(image, rng, texture=0.1)


def _torso(rng: Rng) -> tuple[Float32Array, float, float, float]:
    """A body with its skin and its muscle wall; and the grays of fat, muscle and bone."""
    image = canvas(rng, narrowest=1.0, widest=1.45)
    fat, muscle = float(rng.uniform(15, 90)), float(rng.uniform(95, 150))
    bone = float(rng.uniform(215, 255))
    wide, high = float(rng.uniform(0.38, 0.48)), float(rng.uniform(0.32, 0.45))
    lean = float(rng.uniform(0.8, 0.94))
    blob(image, rng, at=(0.5, 0.5), half=(wide, high), gray=fat + 25, bumps=0.05)
    blob(image, rng, at=(0.5, 0.5), half=(wide - 0.01, high - 0.012), gray=fat, bumps=0.05)
    blob(
        image, rng, at=(0.5, 0.5), half=(wide * lean, high * (lean - 0.02)), gray=muscle, bumps=0.06
    )
    if rng.random() < 0.6:
        y = round(image.shape[0] * float(rng.uniform(0.9, 0.96)))
        middle = (image.shape[1] // 2, y - image.shape[0] // 3)
        axes = (round(image.shape[1] * 0.45), image.shape[0] // 3)
        cv2.ellipse(image, middle, axes, 0, 25, 155, float(rng.uniform(40, 160)), 2, cv2.LINE_AA)
    return image, fat, muscle, bone


def _spine_and_ribs(image: Float32Array, rng: Rng, *, bone: float, muscle: float) -> None:
    for side in (-1, 1):
        blob(image, rng, at=(0.5 + side * 0.1, 0.76), half=(0.07, 0.05), gray=muscle, bumps=0.15)
    blob(image, rng, at=(0.5, 0.65), half=(0.06, 0.065), gray=bone)
    blob(image, rng, at=(0.5, 0.65), half=(0.048, 0.052), gray=bone * 0.75)
    blob(image, rng, at=(0.5, 0.735), half=(0.02, 0.02), gray=muscle * 0.8)
    blob(image, rng, at=(0.5, 0.79), half=(0.014, 0.05), gray=bone)
    for angle in np.arange(0, 2 * np.pi, float(rng.uniform(0.4, 0.7))):
        at = (0.5 + 0.375 * np.cos(angle), 0.5 + 0.3 * np.sin(angle))
        blob(image, rng, at=at, half=(0.028, 0.01), gray=bone, tilt=angle + np.pi / 2)


def _framed(image: Float32Array, rng: Rng) -> Uint8Array:
    """As exported: at times with letters, at times with a gray or white surround."""
    if rng.random() < 0.3:
        words = ["".join(chr(code) for code in rng.integers(48, 91, 10)) for _ in range(4)]
        lines = [(line, (6, 14 + 14 * row)) for row, line in enumerate(words)]
        letter(image, lines[: int(rng.integers(1, 5))], gray=230.0)
    if rng.random() < 0.4:  # another window, or contrast medium
        grays = np.r_[0.0, np.sort(rng.uniform(0, 255, 6))]
        image = np.interp(image, np.linspace(0, 255, 7), grays).astype(np.float32)
    pixels = scanned(image, rng)
    if rng.random() < 0.3:  # enlarged
        height, width = pixels.shape
        top, left = (rng.uniform(0.0, 0.2, 2) * pixels.shape).astype(int)
        pixels = pixels[top : top + round(0.8 * height), left : left + round(0.8 * width)]
    if rng.random() < 0.15:
        pixels = np.pad(pixels, int(rng.integers(5, 40)), constant_values=255)
    return pixels
