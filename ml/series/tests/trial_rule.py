"""A rule and evidence for tests: numbers that were drawn, not fitted."""

from typing import Any

import numpy as np

from ml.imaging.preprocessing import Geometry
from ml.series.evidence import SliceEvidence, evidence_of
from ml.series.rule import NAME, SeriesOperating, SeriesRule

SIDE = 56


def trial_operating(**changes: Any) -> SeriesOperating:
    facts: dict[str, Any] = {
        "dataset": "drawn stacks",
        "sensitivity": 0.95,
        "specificity": 0.9,
        "sensitivity_interval": (0.9, 0.98),
        "specificity_interval": (0.8, 0.95),
        "abstained": 0.0,
        "tumor": 80,
        "no_tumor": 52,
        "patients": 58,
    }
    return SeriesOperating(**facts | changes)


def trial_rule(**changes: Any) -> SeriesRule:
    """Of T1 and FLAIR, axial, 5 to 10.8 mm; four spots of `trial_evidence` make it say "tumor"."""
    facts: dict[str, Any] = {
        "version": NAME,
        "weights": {"slices": 0.3, "contrast": 0.3, "peak": 0.4, "mass": 0.6},
        "intercepts": {"T1": -1.5, "FLAIR": -2.0},
        "planes": ("axial",),
        "spacing_mm": (5.0, 10.8),
        "least_extent_mm": 90.0,
        "most_abstained": 0.3,
        "threshold": 0.5,
        "operating": trial_operating(),
        "by_sequence": {"T1": trial_operating(), "FLAIR": trial_operating()},
    }
    return SeriesRule(**facts | changes)


def trial_evidence(
    *,
    logit: float = -3.0,
    lesion: bool | tuple[int, int] = False,
    size: tuple[int, int] = (240, 200),
    shift: int = 0,
) -> SliceEvidence:
    """Of a slice whose head is 190 pixels high and moved down by `shift`.

    Args:
        logit: of the slice.
        lesion: whether its map has a spot of 5 x 5 cells, or where: the spot's first cell.
        size: of the image.
        shift: in pixels.
    """
    cells = np.full((SIDE, SIDE), -5.0, np.float32)
    if lesion is not False:
        row, column = (20, 24) if lesion is True else lesion
        cells[row : row + 5, column : column + 5] = 3.0
    geometry = Geometry(
        height=size[0],
        width=size[1],
        top=10 + shift,
        left=25,
        crop_height=190,
        crop_width=150,
        pad_top=0,
        pad_left=20,
        canvas_height=190,
        canvas_width=190,
    )
    return evidence_of(logit=logit, lesion=cells, geometry=geometry, level=0.0)
