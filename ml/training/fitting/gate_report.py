"""How the gate `brain-mri-2` does on what it has not seen: kinds and sources left out, `validate`.

The report is the section `gate` of a release's metrics:

    {"kinds": [{"kind", "split", "n", "turned_away", "low", "high"}],
     "brain": [{"source", "split", "n", "turned_away", "low", "high"}],
     "limit": number}

`turned_away` is a share of images as they are in their files, by any rule of the gate before the
network; `low` and `high` are Wilson's 95 % interval, which counts images: those of one patient are
alike, so it is narrower than it would be over patients. The splits:

- `kind-left-out`: fitted without any real image or drawing of the kind: what an unknown kind gets;
- `source-left-out`: fitted without that source: what another hospital's or scanner's gets. For a
  kind, all of its sources together, each left out in turn; no entry where it has but one;
- `validate`: what is only looked at, and by which the settings and the limit were chosen.

In `brain`, `source` is also "all", "stripped", "with skull", or a disease such as "disease: ms",
each over all sources; in `kinds`, "all" is over all kinds. The limit is the release's own
everywhere, although a fit with less would set it apart.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, Final, TypeAlias

import numpy as np

from ml.cli.progress import ProgressBar
from ml.gate.brain_mri_2 import LIMIT
from ml.metrics.intervals import wilson_interval
from ml.training.fitting.gate_moments import Settings, fit_similarity, similarities
from ml.training.fitting.gate_samples import BRAIN, DRAWN, Sample, Samples

AS_IS: Final = "as is"
KIND_LEFT_OUT: Final = "kind-left-out"
SOURCE_LEFT_OUT: Final = "source-left-out"
ALL: Final = "all"
DISEASES: Final = frozenset({"ms", "stroke"})
# Drawings that are left out with a kind, because they show it.
DRAWN_OF: Final[Mapping[str, tuple[str, ...]]] = {
    "head_ct": ("head-ct",),
    "body_ct": ("abdomen-ct", "chest-ct", "pelvis-ct", "chance-section", "chance-long-section"),
    "body_mri": ("knee-mri", "limb-slice", "chance-section", "chance-long-section"),
    "spine_mri": ("spine-mri", "chance-section", "chance-long-section"),
    "phantom": ("phantom", "stripes"),
    "ultrasound": ("ultrasound",),
    "xray": (
        "chest-xray",
        "hand-xray",
        "limb-xray",
        "pelvis-xray",
        "skull-xray",
        "chance-projection",
    ),
    "mammography": ("mammogram",),
    "document": ("page", "form", "chart", "line-drawing", "cartoon"),
    "screenshot": ("web-page", "editor", "dashboard", "telephone"),
    "photo": ("landscape", "face", "thing", "texture", "clutter"),
}

_Which: TypeAlias = Callable[[Sample], bool]


@dataclass(frozen=True, kw_only=True, slots=True)
class _Fold:
    """What a fit goes without, and what is judged by it, as an entry of the report."""

    name: str
    split: str
    without: _Which
    judged: _Which


def report(
    samples: Samples, arrays: Mapping[str, np.ndarray], *, settings: Settings | None = None
) -> dict[str, Any]:
    """The section `gate` of the metrics; see the module. Fits the gate some 35 times.

    Args:
        samples: all that the gate was fitted on, and `val` and `validate`.
        arrays: of the fitted gate, with its limit.
        settings: as the gate was fitted with.
    """
    limit = float(arrays[LIMIT])
    places = [place for place, row in enumerate(samples.rows) if row.version == AS_IS]
    looked = [place for place in places if samples.rows[place].split == "validate"]
    away = dict(zip(looked, _away(samples, looked, arrays, limit=limit), strict=True))
    kinds, brain = _entries(samples, away, split="validate")
    folds = _folds([row for row in samples.rows if row.split == "train"])
    progress = ProgressBar("Gate, left out in turn", total=len(folds))
    by_source: dict[int, bool] = {}
    for done, fold in enumerate(folds, start=1):
        chosen = [
            place
            for place, row in enumerate(samples.rows)
            if row.split == "train" and not fold.without(row)
        ]
        judged = [place for place in places if fold.judged(samples.rows[place])]
        fitted = fit_similarity(samples, chosen=chosen, settings=settings)
        found = _away(samples, judged, fitted, limit=limit)
        if fold.split == KIND_LEFT_OUT:
            kinds.append({"kind": fold.name, "split": fold.split, **_share(found)})
        else:
            by_source |= dict(zip(judged, found, strict=True))
        progress(done)
    more_kinds, more_brain = _entries(samples, by_source, split=SOURCE_LEFT_OUT)
    return {"kinds": kinds + more_kinds, "brain": brain + more_brain, "limit": limit}


def table(section: Mapping[str, Any]) -> str:
    """The section as lines of text, a share in percent each."""
    return "\n".join(
        f"{name:28}{row['split']:17}{row['n']:6}  {100 * row['turned_away']:5.1f} % "
        f"({100 * row['low']:.1f} to {100 * row['high']:.1f})"
        for part, key in (("kinds", "kind"), ("brain", "source"))
        for row in section[part]
        for name in (row[key],)
    )


def _folds(fitted: list[Sample]) -> list[_Fold]:
    others = {
        (row.kind, row.source) for row in fitted if not row.brain and not row.kind.startswith(DRAWN)
    }
    folds = []
    for kind in sorted({kind for kind, _ in others}):
        drawn = {f"{DRAWN}-{family}" for family in DRAWN_OF.get(kind, ())}
        folds.append(
            _Fold(
                name=kind,
                split=KIND_LEFT_OUT,
                without=partial(_is_of, kinds={kind, *drawn}),
                judged=partial(_is_of, kinds={kind}),
            )
        )
        sources = sorted(source for other, source in others if other == kind)
        for source in sources if len(sources) > 1 else ():
            which = partial(_is_of, kinds={kind}, source=source)
            folds.append(_Fold(name=source, split=SOURCE_LEFT_OUT, without=which, judged=which))
    for source in sorted({row.source for row in fitted if row.brain}):
        left = partial(_is_of, kinds={BRAIN}, source=source)
        folds.append(_Fold(name=source, split=SOURCE_LEFT_OUT, without=left, judged=left))
    return folds


def _is_of(row: Sample, *, kinds: set[str], source: str | None = None) -> bool:
    return row.kind in kinds and source in (None, row.source)


def _away(
    samples: Samples, places: list[int], arrays: Mapping[str, np.ndarray], *, limit: float
) -> list[bool]:
    """Whether the gate turns each of these images away."""
    if not places:
        return []
    found = similarities(dict(arrays), samples.described[places])
    return [
        samples.rows[place].unreadable or bool(similarity <= limit)
        for place, similarity in zip(places, found, strict=True)
    ]


def _entries(
    samples: Samples, away: Mapping[int, bool], *, split: str
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """By kind those of other things; by source, and over all by what they show, those of brains."""
    kinds: dict[str, list[bool]] = {}
    brain: dict[str, list[bool]] = {}
    for place, turned in away.items():
        row = samples.rows[place]
        if not row.brain:
            for name in (row.kind, ALL):
                kinds.setdefault(name, []).append(turned)
            continue
        skull = {"yes": "stripped", "no": "with skull"}.get(row.stripped, "skull not known")
        disease = () if row.disease not in DISEASES else (f"disease: {row.disease}",)
        for name in (row.source, ALL, skull, *disease):
            brain.setdefault(name, []).append(turned)
    return (
        [{"kind": name, "split": split, **_share(kinds[name])} for name in sorted(kinds)],
        [{"source": name, "split": split, **_share(brain[name])} for name in sorted(brain)],
    )


def _share(away: list[bool]) -> dict[str, Any]:
    low, high = wilson_interval(sum(away), n=len(away))
    return {
        "n": len(away),
        "turned_away": sum(away) / len(away) if away else None,
        "low": low,
        "high": high,
    }
