"""Evaluate a release on a labeled split and write down what was found.

    python -m ml.training.evaluate --data DIR [--release DIR] [--engine NAME] [--out DIR]

writes `metrics.json`, `figures/` and a model card. Without `--out` they become part of the release:
its release.json then names the figures' hash and the scores. Finished passes are kept in `--store`,
so the same command goes on where it was stopped.
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from ml.card.markdown import CARD, FIGURES, METRICS, write_card
from ml.card.metric_charts import draw_charts
from ml.cli.arguments import whole_above_zero
from ml.engines import CHOICES, EngineError
from ml.predictor import Predictor
from ml.release.releases import SHIPPED, Release, ReleaseError, file_sha256, write_release
from ml.training.data.arguments import add_data_argument, add_hold_out_argument
from ml.training.data.folders import CHOICES as SPLITS
from ml.training.data.folders import Folders, read_slices
from ml.training.data.manifest import DataError, Slice
from ml.training.evaluation.passes import Passes
from ml.training.evaluation.report import measure, scores
from ml.training.release.description import Description, measured_card, read_description

DESCRIPTION: Final = Path(__file__).parent / "description.json"
DEFAULT_STORE: Final = Path("var/evaluation")


def evaluate(
    directory: Path,
    *,
    data: Folders,
    out: Path | None = None,
    card: Path | None = None,
    engine: str = "auto",
    split: str = "test",
    hold_out: Sequence[str] = (),
    store: Path = DEFAULT_STORE,
    limit: int | None = None,
    described: Description | None = None,
) -> Release:
    """Measure a release and write what was found.

    Args:
        directory: the release.
        data: folder or folders as `ml.training.data.folders` reads them.
        out: where metrics.json and figures go; None makes them part of the release.
        card: where the model card goes; `model-card.md` beside the figures by default.
        engine: one of `ml.engines.CHOICES`.
        split: one of `ml.training.data.folders.CHOICES`.
        hold_out: what the split "left-out" is made of.
        store: where finished passes are kept.
        limit: take only so many slices, evenly spaced; for trying the command.
        described: the written part of the release's card, to put the figures into; None, or that
            of another release, leaves the card as it is.

    Returns:
        The release, with its new scores where they became part of it.

    Raises:
        ReleaseError, EngineError: the release cannot be loaded.
        DataError: the data folder is not what it must be.
    """
    slices = _some(read_slices(data, split=split, hold_out=hold_out), limit=limit)
    predictor = Predictor.load(directory, engine=engine)
    found = measure(
        Passes(predictor=predictor, slices=slices, store=store),
        slices=slices,
        release=predictor.release,
        engine=predictor.engine,
        split=split,
        day=datetime.now(tz=UTC).date(),
    )
    target = out or directory
    write_metrics(found, target=target)
    release = predictor.release
    if described is not None and (described.name, described.version) == (
        release.name,
        release.version,
    ):
        card_words = measured_card(release.card, described=described, metrics=found)
        release = replace(release, card=card_words)
    if out is None:
        files = {**release.files, METRICS: file_sha256(directory / METRICS)}
        release = replace(release, scores=scores(found), files=files)
        write_release(release)
    write_card(
        release=release,
        metrics=found,
        path=card or target / "model-card.md",
        figures=target / FIGURES,
    )
    return release


def write_metrics(metrics: dict[str, Any], *, target: Path) -> None:
    """Write metrics.json and its plots, replacing those that are there."""
    target.mkdir(parents=True, exist_ok=True)
    content = json.dumps(metrics, indent=1, ensure_ascii=False) + "\n"
    (target / METRICS).write_text(content, encoding="utf-8")
    shutil.rmtree(target / FIGURES, ignore_errors=True)
    (target / FIGURES).mkdir()
    for chart in draw_charts(metrics):
        path = target / FIGURES / f"{chart.name}.svg"
        path.write_text(chart.as_file() + "\n", encoding="utf-8")


def _some(slices: list[Slice], *, limit: int | None) -> list[Slice]:
    if limit is None or limit >= len(slices):
        return slices
    return [slices[index * len(slices) // limit] for index in range(limit)]


def main(arguments: Sequence[str] | None = None) -> int:
    """The command line; returns the exit status."""
    options = _parser().parse_args(arguments)
    if options.limit is not None and options.out is None:
        sys.stderr.write("--limit is for trying the command: name a folder with --out.\n")
        return 2
    if options.split != "test" and options.out is None:
        sys.stderr.write("A release is evaluated on the test split: name a folder with --out.\n")
        return 2
    own = options.out is None and options.release.resolve() == SHIPPED.resolve()
    try:
        release = evaluate(
            options.release,
            data=options.data,
            out=options.out,
            card=options.card or (CARD if own else None),
            engine=options.engine,
            split=options.split,
            hold_out=options.hold_out,
            store=options.store,
            limit=options.limit,
            described=read_description(DESCRIPTION),
        )
    except (DataError, EngineError, ReleaseError) as error:
        sys.stderr.write(f"{error}\n")
        return 1
    sys.stdout.write(f"{release}: figures are in {options.out or options.release}.\n")
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m ml.training.evaluate",
        description="Evaluate a release on a labeled split; write metrics.json, figures and card.",
    )
    add_data_argument(parser)
    parser.add_argument("--release", type=Path, default=SHIPPED, help="release folder")
    parser.add_argument("--engine", choices=CHOICES, default="auto")
    parser.add_argument("--split", choices=SPLITS, default="test", help="default: test")
    add_hold_out_argument(parser)
    parser.add_argument("--out", type=Path, help="where to write (default: into the release)")
    parser.add_argument("--card", type=Path, help="where the model card goes")
    parser.add_argument("--store", type=Path, default=DEFAULT_STORE, help="for finished passes")
    parser.add_argument("--limit", type=whole_above_zero, help="only so many slices, for trying it")
    return parser
