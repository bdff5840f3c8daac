"""Localization and the deletion test as figures, from the facts of each image."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ml.metrics.calibration import Calibration
from ml.metrics.classification import BoolArray, Float64Array
from ml.training.data.manifest import Slice
from ml.training.evaluation.bootstrap import Bootstrap, Estimate
from ml.training.evaluation.localization import NEAR, SIZES
from ml.training.evaluation.measures import median
from ml.training.evaluation.passes import Row

_Make = Callable[[BoolArray], dict[str, Any]]


def localization(
    slices: Sequence[Slice], rows: Sequence[Row], *, bootstrap: Bootstrap, regions: bool
) -> dict[str, Any]:
    """The heatmap, and the suspected regions where the release gives any, against the outlines.

    Args:
        slices, rows: of the unchanged pass.
        bootstrap: of the same slices.
        regions: whether the release gives suspected regions.
    """
    outlined = _where(rows, lambda row: "area" in row)
    named: list[tuple[str, BoolArray]] = [
        ("true positives", outlined & _where(rows, lambda row: row.get("label") == "tumor")),
        ("all outlined", outlined),
    ]
    for source in sorted({item.source for item in slices}):
        of_source = np.array([item.source == source for item in slices], dtype=bool)
        named.append((f"source {source}", outlined & of_source))
    for size in SIZES:
        of_size = np.array([row.get("size") == size for row in rows], dtype=bool)
        named.append((f"{size} lesions", outlined & of_size))

    def heatmap(among: BoolArray) -> dict[str, Any]:
        area = bootstrap.mean(_numbers(rows, "area"), among=among)
        return {
            "pointing": bootstrap.share(_flags(rows, "peak_on"), among=among).to_json(),
            "center_prior": bootstrap.share(_flags(rows, "middle_on"), among=among).to_json(),
            "energy": bootstrap.mean(_numbers(rows, "energy"), among=among).to_json(),
            "area": area.to_json(),
        }

    def region(among: BoolArray) -> dict[str, Any]:
        return {
            "pointing": bootstrap.share(_flags(rows, "region_on"), among=among).to_json(),
            "dice": bootstrap.mean(_numbers(rows, "dice"), among=among).to_json(),
            "missed": bootstrap.share(~_flags(rows, "touched"), among=among).to_json(),
        }

    found: dict[str, Any] = {
        "near": NEAR,
        "sizes": dict(SIZES),
        "heatmap": _table(named, heatmap),
        "regions": None,
    }
    if regions:
        found["regions"] = {
            "outlined": _table(named, region),
            "no_tumor": _false_regions(slices, rows, bootstrap=bootstrap),
        }
    return found


def deletion(
    rows: Sequence[Row], *, bootstrap: Bootstrap, calibration: Calibration
) -> dict[str, Any]:
    """What removing the hottest region does, against removing another of its shape.

    Args:
        rows: from `Passes.deletion`.
        bootstrap: of the same slices.
        calibration: from the network's logits, which the rows hold, to probabilities.

    Returns:
        Median falls of the probability and of the logit under each, the share of images in
        which the hot region's is the larger, and the share whose label turns under each.
    """
    tested = _where(rows, lambda row: "hot" in row)
    probability = calibration.probabilities
    before, hot, other = (_numbers(rows, name) for name in ("before", "hot", "other"))

    def middle(values: Float64Array) -> dict[str, Any]:
        return bootstrap.estimate(median(values[tested]), among=tested).to_json()

    larger: Estimate = bootstrap.share(before - hot > before - other, among=tested)
    return {
        "probability_fall_hot": middle(probability(before) - probability(hot)),
        "probability_fall_other": middle(probability(before) - probability(other)),
        "logit_fall_hot": middle(before - hot),
        "logit_fall_other": middle(before - other),
        "hot_falls_further": larger.to_json(),
        "mean_overlap": bootstrap.mean(_numbers(rows, "overlap"), among=tested).to_json(),
    }


def _false_regions(
    slices: Sequence[Slice], rows: Sequence[Row], *, bootstrap: Bootstrap
) -> dict[str, Any]:
    without = np.array([not item.tumor for item in slices], dtype=bool)
    answered = without & _where(rows, lambda row: "label" in row)
    called = answered & _where(rows, lambda row: row.get("label") == "tumor")
    counts = _numbers(rows, "regions")
    return {
        "with_a_region": bootstrap.share(counts > 0, among=answered).to_json(),
        "mean_regions": bootstrap.mean(counts, among=answered).to_json(),
        "with_a_region_if_called_no_tumor": bootstrap.share(
            counts > 0, among=answered & ~called
        ).to_json(),
    }


def _table(named: Sequence[tuple[str, BoolArray]], make: _Make) -> list[dict[str, Any]]:
    return [
        {"among": name, "n": int(among.sum()), **make(among)}
        for name, among in named
        if among.any()
    ]


def _where(rows: Sequence[Row], so: Callable[[Row], bool]) -> BoolArray:
    return np.array([so(row) for row in rows], dtype=bool)


def _flags(rows: Sequence[Row], key: str) -> BoolArray:
    return np.array([row.get(key) is True for row in rows], dtype=bool)


def _numbers(rows: Sequence[Row], key: str) -> Float64Array:
    return np.array([row.get(key, 0.0) for row in rows], dtype=np.float64)
