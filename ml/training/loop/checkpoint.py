"""A run's state in one file, replaced in one step, so that a killed run loses minutes only."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from ml.imaging.pixels import Float32Array


@dataclass(kw_only=True, slots=True)
class Progress:
    """How far a run is.

    Attributes:
        phase: index of the phase.
        epoch: index of the epoch within the whole run.
        phase_epoch: index of the epoch within the phase.
        step: steps done in that epoch.
        best: the best score so far.
        seconds: time spent training and validating.
        history: one object for each finished epoch.
        losses: means over the `loss_steps` of this epoch that are known.
    """

    phase: int = 0
    epoch: int = 0
    phase_epoch: int = 0
    step: int = 0
    best: float = float("-inf")
    seconds: float = 0.0
    history: list[dict[str, Any]] = field(default_factory=list)
    losses: dict[str, float] = field(default_factory=dict)
    loss_steps: int = 0


def write_arrays(path: Path, arrays: Mapping[str, Any]) -> None:
    """Write an .npz so that at any moment the path holds a whole file, the old or the new.

    Raises:
        OSError: it cannot be written; the old file is left as it was.
    """
    partial = path.with_name(f".{path.name}.partial")
    with partial.open("wb") as file:
        np.savez(file, allow_pickle=False, **arrays)
        file.flush()
        os.fsync(file.fileno())
    partial.replace(path)


def write_text(path: Path, text: str) -> None:
    """Write a text so that at any moment the path holds a whole one, the old or the new."""
    partial = path.with_name(f".{path.name}.partial")
    partial.write_text(text, encoding="utf-8")
    partial.replace(path)


def save_state(path: Path, *, arrays: Mapping[str, Any], progress: Progress) -> None:
    """Keep everything a run needs to go on, in one file that is replaced at once.

    Args:
        path: the file.
        arrays: weights, their average, and the states of optimizer and chance, by name.
        progress: how far the run is.

    Raises:
        OSError: it cannot be written; the old file is left as it was.
    """
    note = np.frombuffer(json.dumps(asdict(progress)).encode(), dtype=np.uint8)
    write_arrays(path, {**arrays, "progress": note})


def load_state(path: Path) -> tuple[dict[str, Any], Progress]:
    """Read what `save_state` wrote: arrays and progress.

    Raises:
        OSError, ValueError, KeyError, TypeError: the file is missing or not one of these.
    """
    with np.load(path, allow_pickle=False) as archive:
        arrays = {name: np.asarray(archive[name]) for name in archive.files}
    progress = Progress(**json.loads(arrays.pop("progress").tobytes()))
    return arrays, progress


def part(arrays: Mapping[str, Any], prefix: str) -> dict[str, Float32Array]:
    """The arrays under a prefix, without it."""
    return {
        name.removeprefix(prefix): array
        for name, array in arrays.items()
        if name.startswith(prefix)
    }
