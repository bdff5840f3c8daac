"""What of a release decides its answers: by this are stored answers and figures told apart."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from ml.release.releases import Release


def decisive(release: Release) -> Mapping[str, Any]:
    """Everything that an answer on an image depends on, but for the engine, as JSON.

    Two releases for which it is the same answer alike. Words, scores and the rule of a series are
    not in it, nor are files of JSON, which only tell what was measured.
    """
    return {
        "weights": release.sha256,
        "files": {k: v for k, v in sorted(release.files.items()) if not k.endswith(".json")},
        "preprocessing": release.preprocessing,
        "calibration": release.calibration.to_json(),
        "threshold": release.threshold,
        "gate": release.gate,
        "regions": None if release.regions is None else asdict(release.regions),
        "evidence": None if release.evidence is None else asdict(release.evidence),
    }
