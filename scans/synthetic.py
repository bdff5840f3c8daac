"""Synthetic MR-like slices, drawn by code for the demo. They show nobody, and say so on the image.

An axial head: scalp, skull and its marrow, cerebrospinal fluid, a folded cortex on white matter,
ventricles and deep gray nuclei, each with the brightness that a sequence gives it; over them the
unevenness of a coil and the noise of a scanner. Where asked, a lesion with edema around it. Enough
to try the product with; no use for judging a model. `docs/configuration.md` says how to see what
the model makes of them.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

SIDE = 320  # pixels

Plane = NDArray[np.float64]


@dataclass(frozen=True)
class Lesion:
    """Position and radius in fractions of the image's side, from its center."""

    x: float
    y: float
    radius: float


class Contrast(StrEnum):
    """The sequence that the tissues are drawn in."""

    FLAIR = "FLAIR"
    T1C = "T1 with contrast agent"


@dataclass(frozen=True)
class _Brightness:
    """How bright each tissue is, of 255."""

    scalp: float
    muscle: float
    bone: float
    marrow: float
    fluid: float
    gray: float
    white: float
    nuclei: float
    edema: float
    rim: float
    core: float


_BRIGHTNESS: Final = {
    Contrast.FLAIR: _Brightness(
        scalp=120, muscle=52, bone=8, marrow=46, fluid=40, gray=120, white=98, nuclei=110,
        edema=205, rim=222, core=150,
    ),
    Contrast.T1C: _Brightness(
        scalp=190, muscle=70, bone=10, marrow=90, fluid=28, gray=100, white=142, nuclei=118,
        edema=88, rim=238, core=70,
    ),
}  # fmt: skip


def draw_slice(
    *,
    head: int,
    scan: int = 0,
    level: float = 0.5,
    lesion: Lesion | None = None,
    contrast: Contrast = Contrast.FLAIR,
) -> bytes:
    """PNG bytes of one slice, `SIDE` x `SIDE`, 8-bit gray.

    `head` seeds the anatomy and `scan` the noise, so that two scans of one head are alike and
    still not the same. `level` runs from 0 (low, large ventricles) to 1 (near the vertex).
    """
    bright = _BRIGHTNESS[contrast]
    shape = np.random.default_rng(head)
    y, x = (np.mgrid[:SIDE, :SIDE] + 0.5 - SIDE / 2) / SIDE
    x, y = _warped(x, shape), _warped(y, shape)
    size = 0.94 + 0.06 * float(shape.random()) - 0.45 * max(0.0, level - 0.55)
    brain = _ellipse(x, y, 0.335 * size, 0.415 * size)
    folds = np.random.default_rng((head, round(100 * level)))

    pixels = _tissue(x / size, y / size, brain, level, bright, folds)
    if lesion is not None:
        pixels = _with_lesion(pixels, x, y, lesion, bright, folds)
    pixels = _in_its_skull(pixels, x, y, size, brain, bright, shape)
    pixels = _as_scanned(pixels, np.random.default_rng((head, scan, 1)))

    image = np.clip(pixels, 0, 255).astype(np.uint8)
    cv2.putText(
        image, "SYNTHETIC", (8, SIDE - 9), cv2.FONT_HERSHEY_SIMPLEX, 0.42, 200, 1, cv2.LINE_AA
    )
    _, png = cv2.imencode(".png", image)
    return png.tobytes()


def _tissue(
    x: Plane, y: Plane, brain: Plane, level: float, bright: _Brightness, random: np.random.Generator
) -> Plane:
    """Return cortex, white matter, nuclei, ventricles and the fissure between the halves."""
    depth = cv2.distanceTransform((brain > 0).astype(np.uint8), cv2.DIST_L2, 5).astype(np.float64)
    middle = np.abs(x) * SIDE  # pixels from the midline, which is folded as the surface is
    surface = np.minimum(depth, middle + 40.0 * _soft(0.16 - np.abs(y), 0.04) * (level < 0.62))
    folds = _folds(brain, x, y, random)
    reach = np.clip((34.0 + 12.0 * level + 8.0 * _noise(random, 16.0) - surface) / 14.0, 0, 1)
    ribbon = np.clip((surface - 4.2) / 1.6, 0, 1)  # the cortex under the surface itself
    gyrus = np.clip((np.abs(folds) - 0.52) / 0.14, 0, 1)  # its white matter
    white = ribbon * (1 - reach * (1 - gyrus))
    tissue = bright.gray + (bright.white - bright.gray) * white
    sulcus = reach * np.clip(1 - np.abs(folds) / 0.20, 0, 1) * np.clip((surface - 1) / 5, 0, 1)
    tissue = _mixed(tissue, bright.fluid, 0.75 * sulcus)
    if level < 0.62:
        for side in (-1, 1):
            head_of_caudate = _ellipse(x - side * 0.062, y + 0.085, 0.020, 0.042)
            thalamus = _ellipse(x - side * 0.038, y - 0.025, 0.030, 0.042)
            lentiform = _ellipse(x - side * 0.108 - 0.3 * side * y, y + 0.028, 0.022, 0.062)
            for nucleus in (head_of_caudate, thalamus, lentiform):
                tissue = _mixed(tissue, bright.nuclei, _soft(nucleus, 0.12))
            insula = _ellipse(x - side * (0.172 + 0.9 * (y + 0.01) ** 2), y + 0.01, 0.010, 0.075)
            tissue = _mixed(tissue, bright.fluid, 0.8 * _soft(insula, 0.5))
        third = _ellipse(x, y - 0.015, 0.0055, 0.05)
        tissue = _mixed(tissue, bright.fluid, _soft(third, 0.6))
    wide = float(random.uniform(0.85, 1.15)) * np.clip(1.15 - 0.75 * level, 0.3, 1)
    if level < 0.78:
        for side in (-1, 1):
            bend = side * (0.016 + 0.020 * level + 1.6 * (y + 0.05) ** 2 * (1.1 - level))
            front = _ellipse(x - bend, y + 0.082 - 0.05 * level, 0.017 * wide, 0.062)
            back = _ellipse(x - bend - side * 0.012, y - 0.115 + 0.07 * level, 0.019 * wide, 0.058)
            for horn in (front, back):
                tissue = _mixed(tissue, bright.fluid, _soft(horn, 0.25))
    gap = np.clip(1.7 - middle, 0, 1) * ((np.abs(y) > 0.155) | (level > 0.62))
    tissue = _mixed(tissue, bright.fluid, 0.8 * gap)
    return tissue + 2.5 * _noise(random, 4.0) + 2.5 * _noise(random, 12.0)


def _folds(brain: Plane, x: Plane, y: Plane, random: np.random.Generator) -> Plane:
    """Return a labyrinth from -1 to 1: the sulci run along its zeros, mostly from the surface in.

    Noise is taken along the surface and drawn out inwards; what follows, again and again
    sharpening one width, is how such folds arise in a layer that grows faster than its base.
    """
    angle = np.arctan2(y, x) * 55.0
    field = np.zeros_like(x)
    for _ in range(9):
        along, inward = random.normal(0, 0.34, 2)
        field += np.cos(along * angle + inward * 14.0 * brain + random.uniform(0, 6.28))
    field = field / field.std() + 0.9 * _noise(random, 4.0)
    for _ in range(10):
        band = cv2.GaussianBlur(field, (0, 0), 3.6) - cv2.GaussianBlur(field, (0, 0), 7.2)
        field = np.tanh(1.3 * band / (band.std() + 1e-9))
    return cv2.GaussianBlur(field, (0, 0), 1.8)


def _with_lesion(
    tissue: Plane,
    x: Plane,
    y: Plane,
    lesion: Lesion,
    bright: _Brightness,
    random: np.random.Generator,
) -> Plane:
    """Return the tissue with a mass: an uneven rim around a core, and edema that spreads."""
    distance = np.hypot(x - lesion.x, y - lesion.y) / lesion.radius
    spread = distance + 0.22 * _noise(random, 14.0) + 0.1 * _noise(random, 5.0)
    border = distance + 0.10 * _noise(random, 9.0) + 0.04 * _noise(random, 3.0)
    tissue = _mixed(tissue, bright.edema, 0.85 * np.clip((1.75 - spread) / 0.35, 0, 1))
    tissue = _mixed(tissue, bright.rim, np.clip((1.0 - border) / 0.12, 0, 1))
    core = np.clip((0.66 - border - 0.08 * _noise(random, 6.0)) / 0.15, 0, 1)
    return _mixed(tissue, bright.core + 9.0 * _noise(random, 4.0), core)


def _in_its_skull(
    tissue: Plane,
    x: Plane,
    y: Plane,
    size: float,
    brain: Plane,
    bright: _Brightness,
    random: np.random.Generator,
) -> Plane:
    """Return the tissue within fluid, bone with marrow, muscle and scalp, on black."""
    thick = 0.010 * _noise(random, 26.0)
    out = np.full_like(tissue, 2.0)
    scalp = _ellipse(x, y - 0.004, 0.335 * size + 0.058, 0.415 * size + 0.050)
    muscle = _ellipse(x, y - 0.004, 0.335 * size + 0.044, 0.415 * size + 0.034)
    bone = _ellipse(x, y, 0.335 * size + 0.032, 0.415 * size + 0.032)
    outer = _ellipse(x, y, 0.335 * size + 0.024, 0.415 * size + 0.024)
    inner = _ellipse(x, y, 0.335 * size + 0.012, 0.415 * size + 0.012)
    fluid = _ellipse(x, y, 0.335 * size + 0.005, 0.415 * size + 0.005)
    out = _mixed(out, bright.scalp, _soft(scalp + thick))
    out = _mixed(out, bright.muscle, 0.8 * _soft(muscle + 0.5 * thick))
    out = _mixed(out, bright.bone, _soft(bone))
    out = _mixed(out, bright.marrow, 0.7 * _soft(outer) * (1 - _soft(inner)))
    out = _mixed(out, 0.72 * bright.fluid, _soft(fluid))
    return _mixed(out, tissue, _soft(brain))


def _as_scanned(pixels: Plane, random: np.random.Generator) -> Plane:
    """Return the image as a scanner would give it: blurred, uneven, with Rician noise."""
    pixels = _blurred(pixels, 0.9) * (1 + 0.05 * _noise(random, 70.0))
    noise = [_blurred(random.normal(0, 7.0, pixels.shape), 0.7) for _ in "xy"]
    scanned: Plane = np.hypot(pixels + noise[0], noise[1])
    return scanned


def _mixed(under: Plane, over: Plane | float, share: Plane) -> Plane:
    mixed: Plane = under * (1 - share) + over * share
    return mixed


def _ellipse(x: Plane, y: Plane, a: float, b: float) -> Plane:
    """1 at the center, 0 on the border, negative outside."""
    return 1 - np.hypot(x / a, y / b)


def _soft(inside: Plane, edge: float = 0.02) -> Plane:
    """A mask from 0 to 1, half on the border, with an edge as wide as said."""
    mask: Plane = np.clip(inside / edge + 0.5, 0, 1)
    return mask


def _noise(random: np.random.Generator, sigma: float) -> Plane:
    """Smooth noise of mean 0 and variance 1; `sigma` in pixels."""
    coarse = 1 if sigma < 8 else 4  # wide noise is drawn small: a tenth of the time
    field = random.normal(size=(SIDE // coarse, SIDE // coarse))
    drawn = cv2.resize(
        _blurred(field, sigma / coarse), (SIDE, SIDE), interpolation=cv2.INTER_CUBIC
    ).astype(np.float64)
    standard: Plane = (drawn - drawn.mean()) / drawn.std()
    return standard


def _blurred(field: Plane, sigma: float) -> Plane:
    return cv2.GaussianBlur(field, (0, 0), sigma).astype(np.float64)


def _warped(axis: Plane, random: np.random.Generator) -> Plane:
    return axis + 0.004 * _noise(random, 30.0)
