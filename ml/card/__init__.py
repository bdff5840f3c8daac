"""What was measured of a release, as sections of tables and sentences.

The page of the model facts and the Markdown card both show these, so they say the same. Everything
is taken from release.json and metrics.json, but for what came to light later
(`ml.card.notes`).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ml.card import answers, data_sources, form, left_out, making, notes, places
from ml.card.content import left_out as found_elsewhere
from ml.card.content import tested
from ml.card.parts import Section, Table
from ml.release.releases import Release

__all__ = ["FIRST", "Section", "Table", "sections"]

FIRST = ("left-out", "worst")  # names of the sections to be read before all else


def sections(release: Release, metrics: Mapping[str, Any]) -> tuple[Section, ...]:
    """Every section, in the order of reading.

    Args:
        release: for the operating point and the engines.
        metrics: the content of its metrics.json.

    Raises:
        KeyError, TypeError: this is not the content of a metrics.json.
    """
    elsewhere, own = found_elsewhere(metrics), tested(metrics)
    found: list[Section | None] = []
    if elsewhere is not None:
        found += left_out.sections_of(elsewhere, own=own)
    found += [form.gate(metrics), form.series(release)]
    if own is not None:
        found += _tested(release, own, alone=elsewhere is None)
    found += [form.form(release), data_sources.data_sources(release, metrics)]
    return tuple(section for section in found if section is not None)


def _tested(release: Release, own: Mapping[str, Any], *, alone: bool) -> list[Section | None]:
    """What was measured on slices of the collections that it was trained on."""
    return [
        None if alone else making.own_collections(own),
        answers.aims(own),
        notes.notes(release),
        answers.right(own),
        answers.groups(own),
        answers.calibration(release, own),
        answers.abstention(own),
        answers.robustness(own),
        places.heatmap(own),
        places.regions(own),
        places.deletion(own),
        making.engines(release),
        making.method(own),
    ]
