"""Slices as the network sees them, and their lesions' masks, prepared once and kept in files."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import cv2
import numpy as np

from ml.imaging.pixels import Uint8Array
from ml.imaging.preprocessing import RECIPES, SIDE, Geometry
from ml.training.data.folder import Labeled
from ml.training.data.lesions import corners
from ml.training.data.manifest import Slice, read_image

PREPROCESSING: Final = "crop-square-area-1"  # where a caller names none
_FRACTION_BITS = 4  # of a pixel, for the corners of a mask


@dataclass(frozen=True, kw_only=True, slots=True)
class Cache:
    """The prepared data.

    Attributes:
        items: what each row is.
        images: uint8, shape (N, 224, 224).
        masks: uint8, shape (M, 224, 224), 1 in the lesion; only of slices with outlines.
        mask_row: for each item its row in `masks`, or -1.
    """

    items: tuple[Labeled, ...]
    images: Uint8Array
    masks: Uint8Array
    mask_row: tuple[int, ...]

    def indices(self, split: str) -> list[int]:
        """The rows of a split: "train", "val" or "test"."""
        return [index for index, item in enumerate(self.items) if item.split == split]

    def mask(self, index: int) -> Uint8Array | None:
        """The lesion's mask; empty for a slice without a tumor, None where it is not known."""
        row = self.mask_row[index]
        if row >= 0:
            return np.asarray(self.masks[row])
        return None if self.items[index].slice.tumor else np.zeros_like(self.images[index])


def open_cache(
    items: Sequence[Labeled],
    *,
    folder: Path,
    progress: Callable[[int, int], None],
    preprocessing: str = PREPROCESSING,
) -> Cache:
    """Open the prepared data, preparing it first where it is missing or of other data.

    Args:
        items: as `ml.training.data.folder.read_folder` gives them.
        folder: where the prepared data is kept; made where it does not exist.
        progress: called with (done, total).
        preprocessing: the recipe, one of `ml.imaging.preprocessing.RECIPES`.

    Raises:
        DataError: an image cannot be read.
    """
    folder.mkdir(parents=True, exist_ok=True)
    outlined = [index for index, item in enumerate(items) if item.slice.outlines]
    mask_row = [-1] * len(items)
    for row, index in enumerate(outlined):
        mask_row[index] = row
    key = _fingerprint(items, preprocessing=preprocessing)
    note = folder / "cache.json"
    if not note.is_file() or json.loads(note.read_text(encoding="utf-8")) != {"key": key}:
        note.unlink(missing_ok=True)
        side = (SIDE, SIDE)
        images = _create(folder / "images.npy", (len(items), *side))
        masks = _create(folder / "masks.npy", (len(outlined), *side))
        for index, item in enumerate(items):
            images[index], mask = _prepare(item.slice, preprocessing=preprocessing)
            if mask_row[index] >= 0:
                masks[mask_row[index]] = mask
            progress(index + 1, len(items))
        images.flush()
        masks.flush()
        note.write_text(json.dumps({"key": key}), encoding="utf-8")  # last: it says "complete"
    return Cache(
        items=tuple(items),
        images=_open(folder / "images.npy", (len(items), SIDE, SIDE)),
        masks=_open(folder / "masks.npy", (len(outlined), SIDE, SIDE)),
        mask_row=tuple(mask_row),
    )


def draw_mask(outlines: Sequence[dict[str, Any]], *, geometry: Geometry) -> Uint8Array:
    """Lesions on the network's input grid: uint8, shape (224, 224), 1 inside an outline.

    Args:
        outlines: as `lesions.json` has them, in pixels of the image.
        geometry: how the input square lies in the image.
    """
    mask = np.zeros((SIDE, SIDE), dtype=np.uint8)
    offset = np.array([geometry.pad_left - geometry.left, geometry.pad_top - geometry.top])
    scale = np.array([SIDE / geometry.canvas_width, SIDE / geometry.canvas_height])
    for outline in outlines:
        points = (corners(outline) + offset + 0.5) * scale - 0.5  # pixels have their center at .5
        fixed = np.rint(points * (1 << _FRACTION_BITS)).astype(np.int32)
        cv2.fillPoly(mask, [fixed], color=1, shift=_FRACTION_BITS)
    return mask


def _prepare(item: Slice, *, preprocessing: str) -> tuple[Uint8Array, Uint8Array]:
    prepared = RECIPES[preprocessing](read_image(item.path))
    image = np.rint(prepared.tensor[:, :, 0] * 255.0).astype(np.uint8)
    return image, draw_mask(item.outlines, geometry=prepared.geometry)


def _fingerprint(items: Sequence[Labeled], *, preprocessing: str) -> str:
    digest = hashlib.sha256(preprocessing.encode())
    for item in items:
        facts = (item.slice.path.name, item.slice.path.stat().st_size, item.split)
        digest.update(json.dumps([*facts, item.slice.outlines]).encode())
    return digest.hexdigest()


def _create(path: Path, shape: tuple[int, ...]) -> Any:
    if 0 in shape:
        np.save(path, np.zeros(shape, dtype=np.uint8))
        return np.zeros(shape, dtype=np.uint8).view(np.memmap)
    return np.lib.format.open_memmap(path, mode="w+", dtype=np.uint8, shape=shape)


def _open(path: Path, shape: tuple[int, ...]) -> Uint8Array:
    if 0 in shape:
        return np.zeros(shape, dtype=np.uint8)
    images: Uint8Array = np.load(path, mmap_mode="r")
    return images
