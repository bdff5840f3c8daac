"""Made-up answers on sources left out, and the part of metrics.json that they lead to."""

from dataclasses import replace
from datetime import date
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from unittest import mock

import numpy as np

from ml.release.parts import Operating, RegionSettings
from ml.release.releases import SHIPPED, read_release
from ml.training.data.manifest import Slice
from ml.training.data.provenance import Provenance
from ml.training.evaluation.bootstrap import Bootstrap
from ml.training.evaluation.left_out import report
from ml.training.evaluation.left_out.report import Network, measure_left_out
from ml.training.tests.metrics import make_metrics

# Source, sequence, whether a tumor, kind, patients; five slices of each patient.
_GROUPS = (
    ("hospital", "FLAIR", True, "brain", 6),
    ("hospital", "FLAIR", False, "brain", 6),
    ("hospital", "T1c", True, "brain", 6),
    ("hospital", "T1c", False, "brain", 6),
    ("old-heads", "T1", False, "brain", 12),
    ("ms-clinic", "FLAIR", False, "ms", 6),
    ("strokes", "T1", False, "stroke", 6),
)


def make_left_out_slices() -> list[Slice]:
    """Heads of four sources: one with tumors, whose other slices have none, and three without."""
    slices = []
    for source, sequence, tumor, kind, patients in _GROUPS:
        for index in range(5 * patients):
            origin = Provenance(
                folder="heads",
                file=f"{source}/{sequence}/{tumor}/{index}.png",
                role="validate",
                patient=f"{source}-{index // 5}",
                sequence=sequence,
                plane="axial",
                level=(index % 5) / 5 + 0.1,
                stripped="yes" if source == "hospital" else "no",
            )
            slices.append(
                Slice(
                    path=Path(origin.file),
                    source=source,
                    kind=kind,
                    tumor=tumor,
                    cluster=f"heads/{len(slices)}",
                    outlines=({"shape": "circle"},) if tumor else (),
                    provenance=origin,
                )
            )
    return slices


def make_others() -> list[Slice]:
    """Images that are no brain MRI, of two kinds."""
    return [
        Slice(
            path=Path(f"{kind}{index}.png"),
            source=f"nb_{kind}",
            kind=kind,
            tumor=False,
            cluster=f"{kind}{index}",
            outlines=(),
        )
        for kind in ("head_ct", "phantom")
        for index in range(30)
    ]


class FakePasses:
    """What `ml.training.evaluation.passes.Passes` gives, made up from each slice."""

    def __init__(self, *, slices: list[Slice], **ignored: Any) -> None:
        self._slices = slices

    def as_it_is(self) -> list[dict[str, Any]]:
        return [self._row(item, worse=0.0) for item in self._slices]

    def changed(self, changes: Any) -> dict[str, list[dict[str, Any]]]:
        return {
            change.name: [self._row(item, worse=0.3 * place) for item in self._slices]
            for place, change in enumerate(changes)
        }

    @staticmethod
    def _row(item: Slice, *, worse: float) -> dict[str, Any]:
        rng = np.random.default_rng(abs(hash_of(item)))
        if item.source.startswith("nb_"):
            passed = item.kind == "phantom" and rng.random() < 0.4
            return {"label": "tumor"} if passed else {"reason": "not_brain_mri"}
        logit = float(rng.normal(2.0 if item.tumor else -2.5 + (item.kind == "ms") * 2.0, 1.5))
        probability = 1.0 / (1.0 + float(np.exp(-logit - worse)))
        row = {
            "probability": probability,
            "logit": logit,
            "label": "tumor" if probability >= 0.5 else "no_tumor",
        }
        if item.tumor:
            row |= {"share_of_head": float(rng.uniform(0.0, 0.1)), "area": 0.01}
            row |= {"peak_on": bool(rng.random() < 0.7), "region_on": bool(rng.random() < 0.6)}
        return row


def hash_of(item: Slice) -> int:
    """The same in every process."""
    return sum(ord(letter) * place for place, letter in enumerate(item.path.as_posix(), start=1))


def make_left_out(
    *, slices: list[Slice] | None = None, split: str = "validate", **options: Any
) -> dict[str, Any]:
    """The part `left_out` of a metrics.json."""
    release = replace(
        read_release(SHIPPED),
        regions=RegionSettings(file="decoder.npz", threshold=0.5, least_cells=4),
        files={"decoder.npz": "0" * 64},
        operating=Operating(
            dataset="val and validate", sensitivity=0.9, specificity=0.95, tumor=60, no_tumor=180
        ),
    )
    predictor: Any = SimpleNamespace(release=release, engine="fake")
    network = Network(
        predictor=predictor,
        slices=make_left_out_slices() if slices is None else slices,
        others=make_others(),
    )
    few = mock.patch.dict(Bootstrap.__init__.__kwdefaults__, {"resamples": 50})  # for speed
    with few, mock.patch.object(report, "Passes", FakePasses):
        return measure_left_out(
            [network], store=Path("unused"), split=split, day=date(2026, 11, 29), **options
        )


def make_both() -> dict[str, Any]:
    """The content of a metrics.json with all its parts."""
    test = make_metrics()
    source = {"source": "hospital", "folder": "heads", "images": 60}
    return {
        "schema": 2,
        "release": test["release"],
        "left_out": make_left_out(),
        "test": test,
        "sources": [
            {**source, "uses": ["trained"], "licenses": ["CC0"]},
            {**source, "source": "brats13", "uses": ["chosen by"], "licenses": ["CC BY-NC-SA"]},
        ],
        "gate": {
            "kinds": [
                {"kind": "head_ct", "split": "left out", "n": 83, "turned_away": 80}
                | {"low": 0.9, "high": 0.99}
            ],
            "brain": [
                {"source": "hospital", "split": "validate", "n": 60, "turned_away": 0.01}
                | {"low": 0.0, "high": 0.05}
            ],
        },
    }
