"""Read a data folder for judging a model: `manifest.csv`, `images/` and `lesions.json`."""

from __future__ import annotations

import csv
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from ml.pixels import Uint8Array


class DataError(Exception):
    """The data folder is not what it must be; the message is a full sentence."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Slice:
    """One labeled image of a data folder.

    Attributes:
        path: the file.
        source, kind: the collection it is from, and its class there, for example "glioma".
        tumor: whether it shows a tumor.
        cluster: number shared by near-copies.
        outlines: outlines of the lesion as in `lesions.json`, in pixels of the file; empty
            where none is known.
    """

    path: Path
    source: str
    kind: str
    tumor: bool
    cluster: str
    outlines: tuple[dict[str, Any], ...]


def read_split(folder: Path, *, split: str) -> list[Slice]:
    """The slices of one split, in the order of the manifest.

    Args:
        folder: holds manifest.csv (columns file, source, class, tumor, cluster, split), images/
            and, if outlines are known, lesions.json.
        split: "train", "val" or "test".

    Raises:
        DataError: there is no manifest, or no image of that split.
    """
    manifest, lesions = folder / "manifest.csv", folder / "lesions.json"
    if not manifest.is_file():
        raise DataError(f"There is no manifest.csv in {folder}.")
    outlines = json.loads(lesions.read_text(encoding="utf-8")) if lesions.is_file() else {}
    with manifest.open(encoding="utf-8", newline="") as file:
        slices = [
            Slice(
                path=folder / "images" / row["file"],
                source=row["source"],
                kind=row["class"],
                tumor=row["tumor"] == "1",
                cluster=row["cluster"],
                outlines=tuple(outlines.get(row["file"], ())),
            )
            for row in csv.DictReader(file)
            if row["split"] == split
        ]
    if not slices:
        raise DataError(f"{manifest} lists no image of the split {split!r}.")
    return slices


def read_image(path: Path) -> Uint8Array:
    """Decode a JPEG or PNG: uint8, (H, W) for gray or (H, W, 3) RGB.

    Raises:
        DataError: the file is missing or no such image.
    """
    try:
        encoded = np.frombuffer(path.read_bytes(), dtype=np.uint8)
    except OSError as error:
        raise DataError(f"{path} cannot be read: {error}.") from error
    return decode_image(encoded, name=str(path))


def decode_image(encoded: Uint8Array, *, name: str) -> Uint8Array:
    """Decode the bytes of a JPEG or PNG: uint8, (H, W) for gray or (H, W, 3) RGB.

    Raises:
        DataError: the bytes are no such image; the message calls it `name`.
    """
    pixels = cv2.imdecode(encoded, cv2.IMREAD_UNCHANGED) if encoded.size else None
    if pixels is None or pixels.dtype != np.uint8:
        raise DataError(f"{name} is not an 8-bit image.")
    if pixels.ndim == 3:
        code = cv2.COLOR_BGRA2RGB if pixels.shape[2] == 4 else cv2.COLOR_BGR2RGB
        pixels = cv2.cvtColor(pixels, code)
    return pixels.astype(np.uint8, copy=False)
