"""The section that names every source with its license, and what it was used for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from ml.card.attributions import IMAGENET, SOURCES, Attribution
from ml.card.parts import Section, table
from ml.release.releases import Release

_USES: Final = {
    "trained": "trained on",
    "validated": "validation split",
    "tested": "test split",
    "chosen by": "chosen by, never in weights",
    "gate": "gate",
    "gate statistics": "gate, statistics alone",
}
# What a release has been trained on that was made before metrics.json named its sources.
_BEFORE: Final = (
    {"source": "br35h", "uses": ["trained", "validated", "tested"], "licenses": []},
    {"source": "four-class", "uses": ["trained", "validated", "tested"], "licenses": []},
)


def data_sources(release: Release, metrics: Mapping[str, Any]) -> Section | None:
    """Every source of a release; None where its figures do not name any.

    Args:
        release: of which the words tell whether it starts from ImageNet.
        metrics: the content of its metrics.json.
    """
    rows = _BEFORE if metrics["schema"] == 1 else metrics.get("sources", ())
    if not rows:
        return None
    cells = table(
        ["Source", "Used as", "Images", "License", "By"],
        (
            [
                _title(row),
                "; ".join(_uses(row)),
                row.get("images", "–"),
                _license(row),
                _credit(row),
            ]
            for row in rows
        ),
        words=(1, 3, 4),
    )
    text = (
        "Of what was only chosen by nothing entered weights; of sources under non-commercial or "
        "unstated licenses the gate keeps means, covariances, quantiles and thresholds alone. No "
        "image is part of the release."
    )
    if "imagenet" in f"{release.provenance} {release.card.training}".lower():
        text += f" {IMAGENET}"
    return Section(name="sources", title="Sources and licenses", tables=(cells,), text=text)


def _uses(row: Mapping[str, Any]) -> list[str]:
    return [words for use, words in _USES.items() if use in row["uses"]]


def _known(row: Mapping[str, Any]) -> Attribution | None:
    return SOURCES.get(row["source"])


def _title(row: Mapping[str, Any]) -> str:
    known = _known(row)
    return str(row["source"]) if known is None else f"{row['source']}: {known.title}"


def _license(row: Mapping[str, Any]) -> str:
    known = _known(row)
    if known is not None and known.license:
        return known.license
    return "; ".join(row["licenses"]) or "not stated"


def _credit(row: Mapping[str, Any]) -> str:
    known = _known(row)
    if known is None:
        return "–"
    return f"{known.credit}; {known.note}" if known.note else known.credit
