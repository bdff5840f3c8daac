"""A data folder of phantoms, laid out like the real one."""

import csv
import json
from pathlib import Path

import cv2

from ml.imaging.phantom import draw_phantom


def write_data(folder: Path) -> Path:
    (folder / "images").mkdir(parents=True)
    outlines = {}
    with (folder / "manifest.csv").open("w", newline="", encoding="utf-8") as file:
        rows = csv.writer(file)
        rows.writerow(["file", "sha256", "source", "class", "tumor", "cluster", "split"])
        for index in range(8):
            name, tumor = f"{index}.png", index % 2
            source = "br35h" if index in (1, 5) else "four-class"
            split = "val" if index < 4 else "test"
            rows.writerow([name, "", source, "any", tumor, index, split])
            image = draw_phantom(seed=index, size=160, lesion=bool(tumor))
            cv2.imwrite(str(folder / "images" / name), image)
            if tumor:
                outlines[name] = [{"shape": "circle", "cx": 80, "cy": 80, "r": 200}]
    (folder / "lesions.json").write_text(json.dumps(outlines), encoding="utf-8")
    return folder
