"""Small data folders of phantoms, and a small network's settings."""

import csv
import json
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np

from ml.imaging.phantom import draw_phantom
from ml.training.data.described import COLUMNS, STACK_COLUMNS
from ml.training.data.folder import Labeled, read_folder
from ml.training.data.sampling import Sampling
from ml.training.loop.config import Config, Phase

CENTER, RADIUS = 80, 12
HEAD_LESION, HEAD_RADIUS = (60, 40), 9


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


def draw_head(seed: int, *, tumor: bool, size: int = 96) -> np.ndarray:
    """A round head full of noise, like no other of another seed; a tumor is a bright disk."""
    noise = np.random.default_rng(seed).integers(20, 200, (8, 8)).astype(np.uint8)
    image = cv2.resize(noise, (size, size), interpolation=cv2.INTER_NEAREST)
    head = cv2.circle(np.zeros_like(image), (size // 2, size // 2), size // 2 - 4, 1, -1)
    image = image * head
    return cv2.circle(image, HEAD_LESION, HEAD_RADIUS, 250, -1) if tumor else image


def write_described_folder(folder: Path) -> Path:
    """A manifest with roles: two patients of each of three sources, a stack, and no brains."""
    rows: list[dict[str, object]] = []
    seed = 5000
    for source, role, sequence, tumors in (
        ("hospital", "train", "FLAIR", (0, 1)),
        ("healthy", "train", "T1", (0, 0)),
        ("looked", "validate", "T1c", (0, 1)),
    ):
        for patient in range(2):
            for number, tumor in enumerate(tumors * 2):
                seed += 1
                file = f"{role}/{source}/{patient}_{number}.png"
                rows.append(
                    {
                        "file": file,
                        "role": role,
                        "source": source,
                        "license": "CC0",
                        "patient": f"{source}-{patient}",
                        "sequence": sequence,
                        "kind": "brain",
                        "plane": "axial",
                        "level": number / 4,
                        "tumor": tumor,
                        "stripped": 1,
                        "mask": _write_head(folder, file, seed=seed, tumor=bool(tumor)),
                        "cluster": seed,
                    }
                )
    for source, role, license_ in (("nb_xray", "train", "CC0"), ("nb_nc_ct", "train", "CC BY-NC")):
        file = f"{role}/{source}/0.png"
        rows.append(
            {
                "file": file,
                "role": role,
                "source": source,
                "license": license_,
                "kind": source,
                "tumor": "",
                "cluster": 1,
            }
        )
    _write_table(folder / "manifest.csv", rows, columns=COLUMNS)
    stack = []
    for index in range(4):
        file, tumor = f"hospital_0/{index:03}.png", index == 2
        stack.append(
            {
                "file": file,
                "stack": "hospital_0",
                "index": index,
                "position_mm": 5 * index,
                "level": index / 4,
                "patient": "hospital-0",
                "sequence": "T2",
                "stripped": 1,
                "tumor_in_head": 1,
                "tumor": int(tumor),
                "source": "hospital",
                "license": "see README",
                "mask": _write_head(folder / "stacks", file, seed=6000 + index, tumor=tumor),
            }
        )
    _write_table(folder / "stacks" / "stacks.csv", stack, columns=STACK_COLUMNS)
    return folder


def _write_head(folder: Path, file: str, *, seed: int, tumor: bool) -> str:
    """Write a head and, beside it, the mask of its tumor; the mask's name as a manifest has it."""
    path = folder / file
    path.parent.mkdir(parents=True, exist_ok=True)
    image = draw_head(seed, tumor=tumor)
    cv2.imwrite(str(path), image)
    if not tumor:
        return ""
    name = file.replace(".png", "-mask.png")
    mask = cv2.circle(np.zeros_like(image), HEAD_LESION, HEAD_RADIUS, 255, -1)
    cv2.imwrite(str(folder / name), mask)
    return name


def _write_table(path: Path, rows: list[dict[str, object]], *, columns: Sequence[str]) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        table = csv.DictWriter(file, fieldnames=columns, restval="")
        table.writeheader()
        table.writerows(rows)
