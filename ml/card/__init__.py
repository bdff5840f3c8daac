"""What was measured of a release, as sections of tables and sentences.

The page of the model facts and the Markdown card both show these, so they say the same. Everything
is taken from release.json and metrics.json, but for what came to light later
(`ml.card.notes`).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ml.card import answers, making, notes, places
from ml.card.parts import Section, Table
from ml.release.releases import Release

__all__ = ["Section", "Table", "sections"]


def sections(release: Release, metrics: Mapping[str, Any]) -> tuple[Section, ...]:
    """Every section, in the order of reading.

    Args:
        release: for the operating point and the engines.
        metrics: the content of its metrics.json.

    Raises:
        KeyError, TypeError: this is not the content of a metrics.json.
    """
    found = [
        answers.aims(metrics),
        notes.notes(release),
        answers.right(metrics),
        answers.groups(metrics),
        answers.calibration(release, metrics),
        answers.abstention(metrics),
        answers.robustness(metrics),
        places.heatmap(metrics),
        places.regions(metrics),
        places.deletion(metrics),
        making.engines(release),
        making.method(metrics),
    ]
    return tuple(section for section in found if section is not None)
