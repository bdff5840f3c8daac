"""Write metrics.json part by part: an evaluation replaces its own and leaves the others."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from ml.card.content import SCHEMA
from ml.card.markdown import FIGURES, METRICS
from ml.card.metric_charts import draw_charts
from ml.release.decisive import decisive
from ml.release.releases import Release

PARTS: Final[tuple[str, ...]] = ("left_out", "test", "sources", "gate")


def with_parts(target: Path, *, release: Release, parts: Mapping[str, Any]) -> dict[str, Any]:
    """The content of the metrics.json in a folder with some parts put in.

    Parts that were measured with other weights, calibration, threshold or gate are dropped, as are
    those of a file of version 1: that version is of releases that are frozen.

    Args:
        target: the folder; the file need not be there.
        release: that was measured.
        parts: some of `PARTS`.
    """
    decides = json.dumps(decisive(release))
    named = {
        "name": release.name,
        "version": release.version,
        "sha256": release.sha256,
        "decisive": hashlib.sha256(decides.encode()).hexdigest(),
    }
    known = _read(target / METRICS)
    if known.get("schema") != SCHEMA or known.get("release") != named:
        known = {}
    kept: dict[str, Any] = {name: known[name] for name in PARTS if name in known}
    return {"schema": SCHEMA, "release": named, **kept, **parts}


def write_metrics(metrics: Mapping[str, Any], *, target: Path) -> None:
    """Write metrics.json and its plots, replacing those that are there."""
    target.mkdir(parents=True, exist_ok=True)
    content = json.dumps(metrics, indent=1, ensure_ascii=False) + "\n"
    (target / METRICS).write_text(content, encoding="utf-8")
    shutil.rmtree(target / FIGURES, ignore_errors=True)
    (target / FIGURES).mkdir()
    for chart in draw_charts(metrics):
        path = target / FIGURES / f"{chart.name}.svg"
        path.write_text(chart.as_file() + "\n", encoding="utf-8")


def _read(path: Path) -> dict[str, Any]:
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}
