"""A release for tests: its weights are no weights."""

from datetime import date
from pathlib import Path
from typing import Any

from ml.metrics.calibration import Calibration
from ml.release.releases import Card, Release, file_sha256


def trial_release(directory: Path, **changes: Any) -> Release:
    """A release in this folder, with a file in place of weights; release.json is not written."""
    weights = directory / "weights.npz"
    weights.write_bytes(b"not really weights")
    facts: dict[str, Any] = {
        "directory": directory,
        "name": "trial",
        "version": "0.1.0",
        "weights": weights.name,
        "sha256": file_sha256(weights),
        "preprocessing": "crop-square-area-1",
        "input_size": 224,
        "threshold": 0.5,
        "calibration": Calibration(),
        "gate": "none",
        "provenance": "Made in a test.",
        "scores": (),
        "card": Card(intended_use="None.", training="None.", testing="None.", limits=("All.",)),
        "created": date(2026, 11, 23),
        "architecture": "vgg16",
    }
    return Release(**facts | changes)
