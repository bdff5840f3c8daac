"""How the gate `brain-mri-3` does on what it has not seen: kinds and sources left out, `validate`.

The report is the section `gate` of a release's metrics:

    {"kinds": [{"kind", "split", "n", "turned_away", "low", "high"}],
     "brain": [{"source", "split", "n", "turned_away", "low", "high"}],
     "limit": number}

`turned_away` is a share of images as they are in their files, by any rule of the gate; `low` and
`high` are Wilson's 95 % interval, which counts images: those of one patient are alike, so it is
narrower than it would be over patients. The splits:

- `kind-left-out`: fitted without any real image or drawing of the kind: what an unknown kind gets;
- `source-left-out`: fitted without that source, of other things without the part of it (a
  repository) that the image is from: what another hospital's or scanner's gets;
- `validate`: what is only looked at. Of other things its sources are among those fitted on, so
  there it says what a source gets that is known.

In `brain`, `source` is also "all", "stripped", "with skull", a disease such as "disease: ms", or a
change such as "changed: clinic", each over all sources; in `kinds`, "all" is over all kinds. The
limit is the release's own everywhere, although a fit with less would set it apart.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import numpy as np

from ml.gate.kernel_machine import LIMIT
from ml.imaging.pixels import Float32Array
from ml.metrics.intervals import wilson_interval
from ml.training.fitting.gate_left_out import LeftOut
from ml.training.fitting.gate_samples import Samples

AS_IS: Final = "as is"
KIND_LEFT_OUT: Final = "kind-left-out"
SOURCE_LEFT_OUT: Final = "source-left-out"
ALL: Final = "all"
DISEASES: Final = frozenset({"ms", "stroke"})


def report(samples: Samples, arrays: Mapping[str, np.ndarray], left_out: LeftOut) -> dict[str, Any]:
    """The section `gate` of the metrics; see the module.

    Args:
        samples: all that the gate was fitted on, and `val` and `validate`.
        arrays: of the fitted gate, with its limit.
        left_out: of these samples.
    """
    limit = float(arrays[LIMIT])
    kinds, brain = [], []
    for split, similarities in (
        ("validate", _of_split(samples, left_out.by_source, split="validate")),
        (KIND_LEFT_OUT, left_out.by_kind),
        (SOURCE_LEFT_OUT, _of_split(samples, left_out.by_source, split="train")),
    ):
        away = _away(samples, similarities, limit=limit)
        more_kinds, more_brain = _entries(samples, away, split=split)
        kinds += more_kinds
        brain += more_brain
    return {"kinds": kinds, "brain": brain, "limit": limit}


def _of_split(samples: Samples, similarities: Float32Array, *, split: str) -> Float32Array:
    chosen = np.array([row.split == split for row in samples.rows], dtype=bool)
    found: Float32Array = np.where(chosen, similarities, np.float32(np.nan))
    return found


def _away(samples: Samples, similarities: Float32Array, *, limit: float) -> dict[int, bool]:
    """Whether the gate turns away each image of which there is a similarity."""
    return {
        place: samples.rows[place].unreadable or bool(similarities[place] <= limit)
        for place in np.flatnonzero(np.isfinite(similarities)).tolist()
    }


def table(section: Mapping[str, Any]) -> str:
    """The section as lines of text, a share in percent each."""
    return "\n".join(
        f"{name:28}{row['split']:17}{row['n']:6}  {100 * row['turned_away']:5.1f} % "
        f"({100 * row['low']:.1f} to {100 * row['high']:.1f})"
        for part, key in (("kinds", "kind"), ("brain", "source"))
        for row in section[part]
        for name in (row[key],)
    )


def _entries(
    samples: Samples, away: Mapping[int, bool], *, split: str
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """By kind those of other things; by source, and over all by what they show, those of brains."""
    kinds: dict[str, list[bool]] = {}
    brain: dict[str, list[bool]] = {}
    for place, turned in away.items():
        row = samples.rows[place]
        if row.version != AS_IS:
            if row.brain:
                brain.setdefault(f"changed: {row.version}", []).append(turned)
            continue
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
