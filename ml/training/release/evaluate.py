"""Evaluate a release on labeled slices and write down what was found.

    python -m ml.training.evaluate --data DIR [--split NAME] [--release DIR] [--out DIR]

On the test split: every figure of one evaluation. On what was left out of training, or on a
clinic's own folder: figures by source, sequence, level, kind of head and size of the lesion, and
the table that a release is judged by. Both are parts of `metrics.json`; without `--out` they become
parts of the release, whose release.json then names the file's hash and the scores. Finished passes
are kept in `--store`, so the same command goes on where it was stopped.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any, Final

from ml.card.markdown import CARD, FIGURES, METRICS, write_card
from ml.card.report import REPORT, printed, write_report
from ml.cli.arguments import whole_above_zero
from ml.engines import CHOICES, EngineError
from ml.predictor import Predictor
from ml.release.releases import SHIPPED, Release, ReleaseError, file_sha256, write_release
from ml.training.data.arguments import add_data_argument, add_hold_out_argument
from ml.training.data.class_folders import is_plain
from ml.training.data.folder import LEFT_OUT, SPLITS, VALIDATE
from ml.training.data.folders import CHOICES as ALL_SPLITS
from ml.training.data.folders import EVERYTHING, Folders, as_folders, read_slices
from ml.training.data.manifest import DataError
from ml.training.data.sources import sources_used
from ml.training.evaluation.left_out.cross_fitted import Fit
from ml.training.evaluation.left_out.displays import SAMPLE
from ml.training.evaluation.left_out.report import Network, evenly, measure_left_out
from ml.training.evaluation.left_out.turned_away import read_others
from ml.training.evaluation.passes import Passes
from ml.training.evaluation.report import measure
from ml.training.release.description import Description, measured_card, read_description
from ml.training.release.metrics_file import with_parts, write_metrics
from ml.training.release.scores import scores

DESCRIPTION: Final = Path(__file__).parent / "description.json"
DEFAULT_STORE: Final = Path("var/evaluation")
DEFAULT_OUT: Final = Path("var/evaluated")  # of a clinic's own folders
_OF_A_RELEASE: Final = ("test", VALIDATE)  # splits whose figures may become part of one


@dataclass(frozen=True, kw_only=True, slots=True)
class Fold:
    """A release that was trained without some sources, and the name of these.

    Attributes:
        directory: the release.
        hold_out: a source, or a fold such as "fold-2-of-5".
    """

    directory: Path
    hold_out: str


def evaluate(
    directory: Path,
    *,
    data: Folders,
    out: Path | None = None,
    card: Path | None = None,
    engine: str = "auto",
    split: str = "test",
    hold_out: Sequence[str] = (),
    folds: Sequence[Fold] = (),
    gate_report: Path | None = None,
    store: Path = DEFAULT_STORE,
    limit: int | None = None,
    displays: int = SAMPLE,
    described: Description | None = None,
) -> Release:
    """Measure a release and write what was found.

    Args:
        directory: the release.
        data: folder or folders as `ml.training.data.folders` reads them.
        out: where metrics.json and figures go; None makes them part of the release.
        card: where the model card goes; `model-card.md` beside the figures by default.
        engine: one of `ml.engines.CHOICES`.
        split: one of `ml.training.data.folders.CHOICES`. "train", "val" and "test" give the part
            `test` of metrics.json, the others the part `left_out` and report.md.
        hold_out: what the split "left-out" is made of.
        folds: releases of the same recipe that read what they were not trained on, beside the
            slices of `split`; for the part `left_out`.
        gate_report: JSON that the gate's fitting wrote, for the part `gate`.
        store: where finished passes are kept.
        limit: take only so many slices, evenly spaced; for trying the command.
        displays: how many slices are read under changes of the display, for the part `left_out`.
        described: the written part of the release's card, to put the figures into; None, or that
            of another release, leaves the card as it is.

    Returns:
        The release, with its new scores where they became part of it.

    Raises:
        ReleaseError, EngineError: the release cannot be loaded.
        DataError: the data folder is not what it must be.
    """
    folders, day = as_folders(data), datetime.now(tz=UTC).date()
    predictor = Predictor.load(directory, engine=engine)
    release, target = predictor.release, out or directory
    parts: dict[str, Any] = {} if gate_report is None else {"gate": _read_json(gate_report)}
    if split in SPLITS:
        slices = read_slices(folders, split=split, hold_out=hold_out)
        slices = [slices[place] for place in evenly(len(slices), limit)]
        parts["test"] = measure(
            Passes(predictor=predictor, slices=slices, store=store),
            slices=slices,
            release=release,
            engine=predictor.engine,
            split=split,
            day=day,
        )
    else:
        networks = _networks(
            predictor, folders=folders, split=split, hold_out=hold_out, folds=folds, engine=engine
        )
        parts["left_out"] = measure_left_out(
            networks,
            store=store,
            split=split,
            day=day,
            limit=limit,
            display_sample=displays,
            fit=_fit_of(release) if split == VALIDATE and not folds else None,
        )
    if out is None:
        parts["sources"] = sources_used(folders)
    found = with_parts(target, release=release, parts=parts)
    write_metrics(found, target=target)
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
    if "left_out" in parts:
        write_report(found, path=target / REPORT, release=release)
    if out is None or split in SPLITS:
        write_card(
            release=release,
            metrics=found,
            path=card or target / "model-card.md",
            figures=target / FIGURES,
        )
    return release


def _networks(
    predictor: Predictor,
    *,
    folders: Sequence[Path],
    split: str,
    hold_out: Sequence[str],
    folds: Sequence[Fold],
    engine: str,
) -> list[Network]:
    networks = []
    if not (split == LEFT_OUT and folds and not hold_out):
        networks.append(
            Network(
                predictor=predictor,
                slices=read_slices(folders, split=split, hold_out=hold_out),
                others=read_others(folders, split=split),
                hold_out=tuple(hold_out),
            )
        )
    for fold in folds:
        networks.append(
            Network(
                predictor=Predictor.load(fold.directory, engine=engine),
                slices=read_slices(folders, split=LEFT_OUT, hold_out=[fold.hold_out]),
                hold_out=(fold.hold_out,),
            )
        )
    return networks


def _fit_of(release: Release) -> Fit | None:
    """How its calibration and threshold were fitted, where slices of `validate` took part."""
    if release.operating is None or VALIDATE not in release.operating.dataset:
        return None
    from ml.training.fitting.calibrate import Elsewhere, fit

    return partial(fit, elsewhere=Elsewhere(dataset=VALIDATE))


def _read_json(path: Path) -> dict[str, Any]:
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise DataError(f"{path} is no report of a gate: {error}") from error
    # The command may write it alone or under its name.
    found = found.get("gate", found) if isinstance(found, dict) else None
    if not isinstance(found, dict) or not isinstance(found.get("kinds"), list):
        raise DataError(f"{path} is no report of a gate: it has no list 'kinds'.")
    return found


def main(arguments: Sequence[str] | None = None) -> int:
    """The command line; returns the exit status."""
    options = _parser().parse_args(arguments)
    own_data = all(is_plain(folder) for folder in options.data)
    split: str = options.split or (EVERYTHING if own_data else "test")
    out: Path | None = options.out
    if out is None and own_data:
        out = DEFAULT_OUT / "-".join(folder.resolve().name for folder in options.data)
    refused = _refused(split=split, out=out, limit=options.limit, folds=options.fold)
    if refused:
        sys.stderr.write(f"{refused}\n")
        return 2
    ships = out is None and options.release.resolve() == SHIPPED.resolve()
    try:
        release = evaluate(
            options.release,
            data=options.data,
            out=out,
            card=options.card or (CARD if ships else None),
            engine=options.engine,
            split=split,
            hold_out=options.hold_out,
            folds=options.fold,
            gate_report=options.gate_report,
            store=options.store,
            limit=options.limit,
            displays=options.displays,
            described=read_description(DESCRIPTION),
        )
    except (DataError, EngineError, ReleaseError) as error:
        sys.stderr.write(f"{error}\n")
        return 1
    target = out or options.release
    if split not in SPLITS:
        metrics = json.loads((target / METRICS).read_text(encoding="utf-8"))
        sys.stdout.write(printed(metrics))
        sys.stdout.write(f"{release}: this table and all figures are in {target / REPORT}.\n")
    else:
        sys.stdout.write(f"{release}: figures are in {target}.\n")
    return 0


def _refused(
    *, split: str, out: Path | None, limit: int | None, folds: Sequence[Fold]
) -> str | None:
    """Why this is not done, as a sentence; None where nothing speaks against it."""
    if folds and split in SPLITS:
        return f"--fold is for sources left out of training: give --split {VALIDATE} or {LEFT_OUT}."
    if out is not None:
        return None
    if limit is not None:
        return "--limit is for trying the command: name a folder with --out."
    if split not in _OF_A_RELEASE:
        return (
            f"Only the splits {' and '.join(_OF_A_RELEASE)} become part of a release: name a "
            "folder with --out."
        )
    return None


def _fold(text: str) -> Fold:
    directory, separator, name = text.rpartition("=")
    if not separator or not directory or not name:
        raise argparse.ArgumentTypeError(
            f"{text!r} is not RELEASE=NAME, for example var/fold2=fold-2-of-5"
        )
    return Fold(directory=Path(directory), hold_out=name)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m ml.training.evaluate",
        description=(
            "Evaluate a release on labeled slices; write metrics.json, figures, and card or report."
        ),
    )
    add_data_argument(parser)
    parser.add_argument("--release", type=Path, default=SHIPPED, help="release folder")
    parser.add_argument("--engine", choices=CHOICES, default="auto")
    parser.add_argument(
        "--split",
        choices=ALL_SPLITS,
        help="default: test; all, where every folder is a plain one (a folder a class)",
    )
    add_hold_out_argument(parser)
    parser.add_argument(
        "--fold",
        type=_fold,
        action="append",
        default=[],
        metavar="RELEASE=NAME",
        help="a release trained without the source or fold NAME, which reads it; several times",
    )
    parser.add_argument("--gate-report", type=Path, help="JSON that the gate's fitting wrote")
    parser.add_argument(
        "--out",
        type=Path,
        help=f"where to write (default: into the release; {DEFAULT_OUT}/NAME for plain folders)",
    )
    parser.add_argument("--card", type=Path, help="where the model card goes")
    parser.add_argument("--store", type=Path, default=DEFAULT_STORE, help="for finished passes")
    parser.add_argument("--limit", type=whole_above_zero, help="only so many slices, for trying it")
    parser.add_argument(
        "--displays",
        type=whole_above_zero,
        default=SAMPLE,
        help=f"slices that are read under changes of the display (default: {SAMPLE})",
    )
    return parser
