"""Made-up answers of a release, and the metrics.json that they lead to; nothing is run."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np

from ml.release.parts import RegionSettings
from ml.release.releases import SHIPPED, read_release
from ml.training.augmentation.robustness_set import ROBUSTNESS
from ml.training.data.manifest import Slice
from ml.training.evaluation.report import measure


def make_slices(*, n: int = 80) -> list[Slice]:
    """Three in four have a tumor; one in eight of these is of br35h; pairs are near-duplicates."""
    slices = []
    for index in range(n):
        tumor = index % 4 != 0
        within = tumor and index % 8 == 1
        slices.append(
            Slice(
                path=Path(f"{index}.png"),
                source="br35h" if within else "four-class",
                kind=("tumor" if within else "glioma") if tumor else "no_tumor",
                tumor=tumor,
                cluster=str(index // 2),
                outlines=({"shape": "circle"},) if tumor and index % 2 else (),
            )
        )
    return slices


class FakePasses:
    """What `ml.training.evaluation.passes.Passes` gives, made up from the slices."""

    def __init__(self, slices: list[Slice], *, turn_every: int = 20, silent: int = 1) -> None:
        rng = np.random.default_rng(1)
        self._rows = []
        for index, item in enumerate(slices):
            logit = float(rng.normal(2.5 if item.tumor else -2.5, 1.5))
            row = self._row_of(logit)
            row["regions"] = int(item.tumor)
            if index >= len(slices) - silent:
                row = {"reason": "not_brain_mri"}
            elif item.outlines:
                row |= {
                    "size": ("small", "medium", "large")[index % 3],
                    "area": 0.02,
                    "peak_on": index % 3 != 0,
                    "energy": 0.3,
                    "middle_on": index % 5 == 0,
                    "region_on": index % 7 != 0,
                    "touched": index % 7 != 0,
                    "dice": 0.6,
                }
            self._rows.append(row)
        self._turn_every = turn_every

    @staticmethod
    def _row_of(logit: float) -> dict[str, Any]:
        probability = 1.0 / (1.0 + np.exp(-logit))
        label = "tumor" if probability >= 0.5 else "no_tumor"
        return {"probability": float(probability), "logit": logit, "label": label}

    def as_it_is(self) -> list[dict[str, Any]]:
        return self._rows

    def changed(self) -> dict[str, list[dict[str, Any]]]:
        return {
            change.name: [
                self._row_of(-row["logit"])
                if place == 0 and index % self._turn_every == 0 and "logit" in row
                else dict(row)
                for index, row in enumerate(self._rows)
            ]
            for place, change in enumerate(ROBUSTNESS)
        }

    def drawings(self) -> list[dict[str, Any]]:
        return [{"family": "page", "reason": "not_brain_mri"}] * 9 + [
            {"family": "chest-ct", "reason": None}
        ]

    def deletion(self, unchanged: list[dict[str, Any]]) -> list[dict[str, Any]]:
        return [
            {
                "before": row["logit"],
                "hot": row["logit"] - 2.0,
                "other": row["logit"] - (0.5 if index % 10 else 3.0),
                "overlap": 0.0,
            }
            if row.get("label") == "tumor"
            else {}
            for index, row in enumerate(unchanged)
        ]


def make_metrics(
    *, regions: bool = True, alter: Callable[[list[Slice]], list[Slice]] = list, **options: Any
) -> dict[str, Any]:
    """The content of a metrics.json."""
    slices = alter(make_slices())
    settings = RegionSettings(file="decoder.npz", threshold=0.5, least_cells=4)
    release = replace(
        read_release(SHIPPED),
        regions=settings if regions else None,
        evidence=None,
        files={"decoder.npz": "0" * 64} if regions else {},
    )
    return measure(
        FakePasses(slices, **options),
        slices=slices,
        release=release,
        engine="fake",
        split="test",
        day=date(2026, 11, 23),
    )
