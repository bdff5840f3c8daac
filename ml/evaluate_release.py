"""Measure a release on a labeled split, with the very code that serves it.

python -m ml.evaluate_release --data DIR --split test
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from ml.engines import EngineError
from ml.lesions import distance_to_lesion
from ml.manifest import DataError, Slice, read_image, read_split
from ml.metrics import auc, auc_interval, expected_calibration_error, wilson_interval
from ml.predictor import Abstention, Prediction, Predictor
from ml.release_parts import Score
from ml.releases import ReleaseError

DEFAULT_RELEASE = Path(__file__).parent / "release"
_BATCH = 8
_NEAR = 0.05  # of the image's width: how far a peak may lie from the outline and still be on it


@dataclass(frozen=True, kw_only=True, slots=True)
class Outcome:
    """One labeled image and what the release said about it."""

    slice: Slice
    width: int
    height: int
    result: Prediction | Abstention


def run_release(predictor: Predictor, slices: Sequence[Slice]) -> list[Outcome]:
    """Read every image, in batches, in the given order.

    Raises:
        DataError: an image is missing or broken.
    """
    outcomes = []
    for start in range(0, len(slices), _BATCH):
        batch = slices[start : start + _BATCH]
        images = [read_image(item.path) for item in batch]
        results = predictor.predict_many(images)
        outcomes += [
            Outcome(slice=item, width=image.shape[1], height=image.shape[0], result=result)
            for item, image, result in zip(batch, images, results, strict=True)
        ]
    return outcomes


def score(outcomes: Sequence[Outcome], *, split: str) -> tuple[Score, ...]:
    """The figures of a release, most important first.

    Abstentions are counted in a figure of their own and left out of the others. What cannot be
    computed from these outcomes (no outline known, one class only) is left out.

    Args:
        outcomes: from `run_release`.
        split: its name, for the words beside each figure.
    """
    read = [(o, o.result) for o in outcomes if isinstance(o.result, Prediction)]
    found: list[Score] = []
    clusters = len({outcome.slice.cluster for outcome, _ in read})
    words = f"{split} split ({clusters} groups of near-copies)"
    found += _auc(read, name="AUC", dataset=f"{words}, tumor against no tumor")
    same_source = [(o, r) for o, r in read if o.slice.source == "br35h" or not o.slice.tumor]
    tumors = sum(o.slice.tumor for o, _ in same_source)
    found += _auc(
        same_source,
        name="AUC within one source",
        dataset=f"{split} split, br35h tumor against no tumor",
        note=f"Only {tumors} tumor slices: the interval, not the figure, is what is known.",
    )
    found += _share([_right(o, r) for o, r in read], name="Accuracy", dataset=words)
    found += _share(
        [_right(o, r) for o, r in read if o.slice.tumor],
        name="Sensitivity",
        dataset=f"{split} split, tumor",
    )
    found += _share(
        [_right(o, r) for o, r in read if not o.slice.tumor],
        name="Specificity",
        dataset=f"{split} split, no tumor",
    )
    if read:
        probabilities, truths = _arrays(read)
        found.append(
            Score(
                name="Expected calibration error",
                dataset=words,
                value=round(expected_calibration_error(probabilities, truths), 4),
                n=len(read),
                note="0 is best.",
            )
        )
    outlined = [(o, r) for o, r in read if o.slice.outlines]
    found += _peaks(outlined, dataset=f"{split} split, slices with an outline")
    within = [(o, r) for o, r in outlined if o.slice.source == "br35h"]
    found += _peaks(within, dataset=f"{split} split, br35h slices with an outline")
    found += _share(
        [isinstance(o.result, Abstention) for o in outcomes],
        name="Abstained",
        dataset=f"{split} split",
        note="Left out of the other figures.",
    )
    return tuple(found)


_Read = Sequence[tuple[Outcome, Prediction]]


def _right(outcome: Outcome, prediction: Prediction) -> bool:
    return (prediction.label == "tumor") == outcome.slice.tumor


def _peaks(read: _Read, *, dataset: str) -> list[Score]:
    hits = [_on_lesion(outcome, prediction.heatmap_peak) for outcome, prediction in read]
    # What pointing at the middle of every image would score: lesions are seldom at its rim.
    blind = [_on_lesion(outcome, (outcome.width // 2, outcome.height // 2)) for outcome, _ in read]
    note = (
        f"Within {_NEAR:.0%} of the image's width of the outline; "
        f"the middle of the image is so in {sum(blind) / max(1, len(blind)):.0%}."
    )
    return _share(hits, name="Heatmap peak on the lesion", dataset=dataset, note=note)


def _on_lesion(outcome: Outcome, point: tuple[int, int] | None) -> bool:
    if point is None:
        return False
    return distance_to_lesion(point, outcome.slice.outlines) <= _NEAR * outcome.width


def _arrays(read: _Read) -> tuple[np.ndarray, np.ndarray]:
    probabilities = np.array([prediction.probability for _, prediction in read])
    return probabilities, np.array([outcome.slice.tumor for outcome, _ in read], dtype=bool)


def _auc(read: _Read, *, name: str, dataset: str, note: str = "") -> list[Score]:
    probabilities, truths = _arrays(read)
    if not truths.any() or truths.all():
        return []
    value = auc(probabilities, truths)
    positives, negatives = int(truths.sum()), int((~truths).sum())
    low, high = auc_interval(value, positives=positives, negatives=negatives)
    return [
        Score(
            name=name,
            dataset=dataset,
            value=round(value, 4),
            n=positives + negatives,
            low=round(low, 4),
            high=round(high, 4),
            note=note,
        )
    ]


def _share(hits: Sequence[bool], *, name: str, dataset: str, note: str = "") -> list[Score]:
    if not hits:
        return []
    low, high = wilson_interval(sum(hits), n=len(hits))
    return [
        Score(
            name=name,
            dataset=dataset,
            value=round(sum(hits) / len(hits), 4),
            n=len(hits),
            low=round(low, 4),
            high=round(high, 4),
            note=note,
        )
    ]


def main(arguments: Sequence[str] | None = None) -> int:
    """The command line; returns the exit status."""
    parser = argparse.ArgumentParser(prog="python -m ml.evaluate_release", description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="folder with manifest.csv")
    parser.add_argument("--split", default="test", help="train, val or test (default: test)")
    parser.add_argument("--release", type=Path, default=DEFAULT_RELEASE, help="release folder")
    options = parser.parse_args(arguments)
    try:
        slices = read_split(options.data, split=options.split)
        predictor = Predictor.load(options.release)
        scores = score(run_release(predictor, slices), split=options.split)
    except (DataError, EngineError, ReleaseError) as error:
        sys.stderr.write(f"{error}\n")
        return 1
    report = {
        "release": str(predictor.release),
        "sha256": predictor.release.sha256,
        "engine": predictor.engine,
        "images": len(slices),
        "scores": [asdict(item) for item in scores],
    }
    sys.stdout.write(json.dumps(report, indent=2, ensure_ascii=False) + "\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
