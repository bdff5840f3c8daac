"""X-ray projections of other parts of the body."""

from __future__ import annotations

import cv2
import numpy as np

from ml.imaging.pixels import Float32Array, Uint8Array
from ml.training.gate_negatives.brush import Rng, blob, blurred, canvas, letter, pin, scanned


def chest_xray(rng: Rng) -> Uint8Array:
    """Frontal chest: two dark lungs under ribs and clavicles, heart, spine, diaphragm, arms."""
    image = canvas(rng, narrowest=0.8, widest=1.2)
    height, width = image.shape
    blob(image, rng, at=(0.5, 0.62), half=(0.52, 0.62), gray=rng.uniform(110, 170))
    for side in (-1, 1):
        arm = (0.5 + side * 0.47, 0.45)
        blob(image, rng, at=arm, half=(0.1, 0.4), gray=rng.uniform(90, 150), tilt=side * 0.2)
        at = (0.5 + side * rng.uniform(0.19, 0.23), 0.45)
        half = (rng.uniform(0.13, 0.17), rng.uniform(0.28, 0.36))
        blob(image, rng, at=at, half=half, gray=rng.uniform(25, 60), bumps=0.08, tilt=side * 0.1)
    image = blurred(image, max(image.shape) / 90)
    shadow = np.zeros_like(image)
    blob(shadow, rng, at=(0.55, 0.6), half=(rng.uniform(0.13, 0.2), 0.17), gray=90, tilt=0.5)
    blob(shadow, rng, at=(0.5, 0.4), half=(0.055, 0.5), gray=80)
    for side in (-1, 1):
        blob(shadow, rng, at=(0.5 + side * 0.25, 0.95), half=(0.25, 0.22), gray=100)
        end = pin((0.5 + side * 0.36, 0.13), image)
        cv2.line(shadow, pin((0.5 + side * 0.03, 0.2), image), end, 60.0, 8, cv2.LINE_AA)
        for rib in range(9):
            middle = pin((0.5 + side * 0.17, 0.17 + 0.075 * rib), image)
            axes = (round(width * 0.2), round(height * 0.11))
            arc = (150, 300) if side < 0 else (240, 390)
            ribs = np.zeros_like(image)
            cv2.ellipse(ribs, middle, axes, side * 20, *arc, 28.0, height // 45, cv2.LINE_AA)
            shadow += ribs
    image = image + blurred(shadow, max(image.shape) / 140)
    return _exposed(image, rng)


def hand_xray(rng: Rng) -> Uint8Array:
    """A hand: five rays of bones, wrist and forearm inside a faint outline of soft tissue."""
    image = canvas(rng, narrowest=0.6, widest=0.95)
    bones, soft = np.zeros_like(image), float(rng.uniform(35, 90))
    blob(image, rng, at=(0.5, 0.62), half=(0.26, 0.17), gray=soft)
    blob(image, rng, at=(0.5, 0.95), half=(0.15, 0.25), gray=soft)
    for ray, angle in enumerate(np.array([-0.75, -0.25, -0.05, 0.14, 0.36]) + rng.normal() * 0.06):
        at = np.array([0.5 + 0.9 * (ray - 2) * 0.1, 0.66 + 0.03 * abs(ray - 2)])
        direction = np.array([np.sin(angle), -np.cos(angle)])
        parts = [0.17, 0.12, 0.08, 0.05] if ray else [0.13, 0.1, 0.06]
        for part, length in enumerate(parts):
            end = at + direction * length * rng.uniform(0.9, 1.1)
            middle = (at + end) / 2
            size, place = (length / 2, 0.028 - 0.003 * part), (float(middle[0]), float(middle[1]))
            tilt = float(angle) - np.pi / 2
            blob(image, rng, at=place, half=(size[0] * 1.25, 0.05), gray=soft, tilt=tilt)
            _bone(bones, rng, at=place, half=size, tilt=tilt)
            at = end + direction * 0.008
    for _ in range(8):
        wrist = (0.5 + rng.normal() * 0.08, 0.75 + rng.normal() * 0.025)
        blob(bones, rng, at=wrist, half=(0.035, 0.03), gray=rng.uniform(90, 140))
    for x in (0.44, 0.56):
        _bone(bones, rng, at=(x, 0.93), half=(0.15, 0.04), tilt=np.pi / 2)
    return _exposed(image + bones, rng)


def limb_xray(rng: Rng) -> Uint8Array:
    """A long bone or two with a joint: knee, elbow, ankle, forearm."""
    image = canvas(rng, narrowest=0.4, widest=1.0)
    soft = float(rng.uniform(40, 110))
    blob(image, rng, at=(0.5, 0.5), half=(rng.uniform(0.28, 0.45), 0.9), gray=soft, bumps=0.08)
    image = blurred(image, max(image.shape) / 60)
    bones, bend = np.zeros_like(image), float(rng.uniform(-0.4, 0.4))
    twin = rng.random() < 0.5
    for up, tilt in ((-1, 0.0), (1, bend)):
        shift = 0.25 * np.sin(tilt)
        for x in (0.42, 0.6) if twin and up > 0 else (0.5,):
            at = (x - shift * up, 0.5 + up * 0.3)
            _bone(bones, rng, at=at, half=(0.27, 0.075), tilt=np.pi / 2 + tilt)
        at = (0.5, 0.5 + up * 0.07)
        blob(bones, rng, at=at, half=(0.17, 0.065), gray=rng.uniform(80, 120), bumps=0.12)
    return _exposed(image + bones, rng)


def pelvis_xray(rng: Rng) -> Uint8Array:
    """Frontal pelvis with hips, or a lower spine: broad bright bones in gray soft tissue."""
    image = canvas(rng, narrowest=0.95, widest=1.4, gray=float(rng.uniform(30, 100)))
    bones = np.zeros_like(image)
    for side in (-1, 1):
        x = 0.5 + side * 0.22
        blob(bones, rng, at=(x, 0.35), half=(0.17, 0.2), gray=90, bumps=0.15, tilt=side * 0.4)
        blob(bones, rng, at=(x - side * 0.08, 0.68), half=(0.1, 0.12), gray=85, bumps=0.15)
        blob(bones, rng, at=(x - side * 0.08, 0.7), half=(0.05, 0.06), gray=20)
        blob(bones, rng, at=(x + side * 0.07, 0.58), half=(0.065, 0.08), gray=130)
        _bone(bones, rng, at=(x + side * 0.12, 0.85), half=(0.22, 0.06), tilt=1.4 + side * 0.2)
    for row in range(4):
        blob(bones, rng, at=(0.5, 0.06 + 0.11 * row), half=(0.075, 0.045), gray=110)
    blob(bones, rng, at=(0.5, 0.5), half=(0.1, 0.12), gray=90, bumps=0.1)
    return _exposed(image + blurred(bones, max(image.shape) / 120), rng)


def mammogram(rng: Rng) -> Uint8Array:
    """Half an ellipse of glandular tissue at one side of a black film."""
    image = canvas(rng, narrowest=0.55, widest=0.9)
    tall = float(rng.uniform(0.3, 0.45))
    blob(image, rng, at=(0.0, 0.5), half=(rng.uniform(0.5, 0.85), tall), gray=rng.uniform(60, 120))
    for _ in range(int(rng.integers(5, 25))):
        size = rng.uniform(0.01, 0.12, 2)
        at = (rng.uniform(0.02, 0.4), 0.5 + rng.normal() * 0.12)
        blob(image, rng, at=at, half=(size[0], size[1]), gray=rng.uniform(120, 210), bumps=0.3)
    image = blurred(image, max(image.shape) / 80)
    if rng.random() < 0.5:
        image = np.ascontiguousarray(image[:, ::-1])
    return scanned(image, rng, texture=0.25)


def _bone(
    image: Float32Array,
    rng: Rng,
    *,
    at: tuple[float, float],
    half: tuple[float, float],
    tilt: float,
) -> None:
    """A tubular bone: dense at its rim, less so inside, thicker at its ends."""
    dense = float(rng.uniform(100, 150))
    for end in (-1, 1):
        tip = (at[0] + end * half[0] * np.cos(tilt), at[1] + end * half[0] * np.sin(tilt))
        blob(image, rng, at=tip, half=(half[1] * 1.1, half[1] * 1.1), gray=dense * 0.75)
    blob(image, rng, at=at, half=half, gray=dense, bumps=0.03, tilt=tilt)
    blob(image, rng, at=at, half=(half[0], half[1] * 0.5), gray=dense * 0.65, bumps=0.03, tilt=tilt)


def _exposed(image: Float32Array, rng: Rng) -> Uint8Array:
    """As a film: at times negative, with a side marker, collimated to a rectangle."""
    image = image * rng.uniform(0.8, 1.15)
    height, width = image.shape
    if rng.random() < 0.5:
        marker = [(str(rng.choice(["L", "R"])), pin((0.05, 0.1), image))]
        letter(image, marker, gray=240.0, scale=1.0, thickness=2)
    if rng.random() < 0.15:
        image = 255.0 - image
    if rng.random() < 0.25:
        frame = np.zeros_like(image)
        box = (slice(height // 12, -height // 14), slice(width // 10, -width // 16))
        frame[box] = image[box]
        image = frame
    return scanned(np.clip(image, 0, 255), rng, grain=4.0)
