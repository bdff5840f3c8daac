"""Whether a converted model says of a few known images what is known of them.

The file of a model does not tell which of its classes is a tumor, nor how its training images were
prepared. Both are stated at its conversion, and a few images of which the truth is known show
whether they were stated right: turned around, a model is wrong about nearly all of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np

from ml.engines import EngineError, open_engine
from ml.imaging import formats
from ml.imaging.pixels import Pixels
from ml.imaging.preprocessing import RECIPES
from ml.release.releases import Release, ReleaseError, ReleaseMalformedError

_ONE: Final = np.float32(1.0)
_WHITE: Final = np.float32(255.0)


@dataclass(frozen=True, kw_only=True, slots=True)
class KnownImages:
    """Files of which the truth is known."""

    tumor: Sequence[Path] = ()
    no_tumor: Sequence[Path] = ()

    def __bool__(self) -> bool:
        """Whether there are any."""
        return bool(self.tumor or self.no_tumor)


def check_known_images(release: Release, known: KnownImages) -> str:
    """Compare what a release says of known images with the truth; return it as a sentence.

    Raises:
        ReleaseMalformedError: it is right about half of them or fewer; the message says what was
            stated, and what would fit better.
        ReleaseError: an image cannot be read, or no engine can run the release here.
    """
    images = [(_pixels(path), True) for path in known.tumor]
    images += [(_pixels(path), False) for path in known.no_tumor]
    truth = np.array([is_tumor for _, is_tumor in images])
    pixels = [found for found, _ in images]
    try:
        engine = open_engine("auto", release=release)
    except EngineError as error:
        raise ReleaseError(str(error)) from error

    def says(recipe: str, *, sign: float = 1.0, scale: np.float32 = _ONE) -> int:
        batch = np.stack([RECIPES[recipe](one).tensor * scale for one in pixels])
        logits = np.concatenate([engine.forward(one[np.newaxis]).logits for one in batch])
        likely = 1.0 / (1.0 + np.exp(-np.clip(sign * logits.astype(np.float64), -60, 60)))
        return int(((likely >= release.threshold) == truth).sum())

    right = says(release.preprocessing)
    counted = f"{right} of {len(truth)} known images"
    if 2 * right > len(truth):
        return f"It is right about {counted}."
    others = {"the other --positive-class": says(release.preprocessing, sign=-1.0)}
    for recipe in RECIPES:
        if recipe != release.preprocessing:
            others[f"--preprocessing {recipe}"] = says(recipe)
    others["pixels from 0 to 255, which NeuroScan does not make"] = says(
        release.preprocessing, scale=_WHITE
    )
    best = max(others, key=lambda name: others[name])
    hint = (
        f" With {best} it would be right about {others[best]}."
        if others[best] > right
        else " Neither another class nor another preprocessing does better."
    )
    raise ReleaseMalformedError(
        f"The model is right about {counted} with what was stated of it.{hint} Nothing was kept."
    )


def _pixels(path: Path) -> Pixels:
    try:
        return formats.read_path(path).image.pixels
    except formats.Refusal as refusal:
        raise ReleaseError(f"{path}: {refusal.detail}") from refusal
