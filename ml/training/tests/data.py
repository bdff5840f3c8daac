"""Small data folders of phantoms, and a small network's settings."""

import csv
import json
from pathlib import Path

import cv2
import numpy as np

from ml.imaging.phantom import draw_phantom
from ml.training.data.folder import Labeled, read_folder
from ml.training.data.sampling import Sampling
from ml.training.loop.config import Config, Phase

CENTER, RADIUS = 80, 12


def write_manifest_folder(folder: Path, *, per_group: int = 4) -> Path:
    """Groups as in the real data: one family with both labels, one with tumors alone."""
    (folder / "images").mkdir(parents=True)
    outlines, seed = {}, 0
    with (folder / "manifest.csv").open("w", newline="", encoding="utf-8") as file:
        rows = csv.writer(file)
        rows.writerow(["file", "sha256", "source", "class", "tumor", "cluster", "split"])
        for split in ("train", "val", "test"):
            for source, kind, tumor in (
                ("four-class", "no_tumor", 0),
                ("br35h", "tumor", 1),
                ("four-class", "glioma", 1),
                ("four-class", "pituitary", 1),
            ):
                for number in range(per_group if split == "train" else 2):
                    seed += 1
                    name = f"{seed}.png"
                    rows.writerow([name, "", source, kind, tumor, seed, split])
                    image = draw_phantom(seed=seed, size=160, lesion=False)
                    if tumor:
                        cv2.circle(image, (CENTER, CENTER), RADIUS, 250, -1)
                    cv2.imwrite(str(folder / "images" / name), image)
                    if tumor and number % 2 == 0:
                        circle = {"shape": "circle", "cx": CENTER, "cy": CENTER, "r": RADIUS}
                        outlines[name] = [circle]
    (folder / "lesions.json").write_text(json.dumps(outlines), encoding="utf-8")
    return folder


def write_class_folders(folder: Path, *, count: int = 10) -> Path:
    """yes/ and no/, the last image of each a brighter copy of the first."""
    for name, lesion in (("yes", True), ("no", False)):
        (folder / name).mkdir(parents=True)
        for number in range(count):
            seed = 1000 * lesion + (0 if number == count - 1 else number)
            image = draw_phantom(seed=seed, size=96, lesion=lesion)
            noise = np.random.default_rng(seed).integers(0, 200, (6, 6)).astype(np.uint8)
            image[24:72, 24:72] = cv2.resize(noise, (48, 48), interpolation=cv2.INTER_NEAREST)
            if number == count - 1:
                image = cv2.convertScaleAbs(image, alpha=1.1)
            cv2.imwrite(str(folder / name / f"{number}.jpg"), image)
    return folder


def read_items(folder: Path) -> list[Labeled]:
    return read_folder(folder, seed=1)


def small_config(**changes: object) -> Config:
    settings = {
        "recipe": "small",
        "phases": (Phase(epochs=2, rate=1e-3, warm_up=2),),
        "size": 64,
        "width_divisor": 32,
        "dtype": "float32",
        "batch": 4,
        "sampling": Sampling(epoch_slices=8),
    }
    return Config(**{**settings, **changes})  # type: ignore[arg-type]
