"""Fit the rule by which a release states what a whole series shows, and measure it.

    python -m ml.training.fit_series --release DIR --data DIR... \\
        --reader RELEASE=HELD_OUT[,HELD_OUT...] [--reader ...]

Each reader is a release whose network was trained with `--hold-out HELD_OUT`, and reads the stacks
of those sources (`all` for a network that saw none of the data). So every stack is read by a
network that did not train on its patient. Each reader should be calibrated as the release is, since
the rule weighs calibrated logits. The rule goes into the release as its section `series`, what was
measured into its `series.json`. What was read is kept (`--store`), so the command goes on where it
was stopped, and another fit costs seconds.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from ml.cli.arguments import whole_above_zero
from ml.engines import CHOICES, EngineError
from ml.predictor import Predictor
from ml.release.releases import Release, ReleaseError, file_sha256, read_release, write_release
from ml.series import SEQUENCES, SeriesRule
from ml.training.augmentation.lesion import Lesion
from ml.training.data.arguments import add_data_argument
from ml.training.data.folders import read_folders
from ml.training.data.folds import held_out
from ml.training.data.manifest import DataError
from ml.training.data.sampling import Sampling, family_of
from ml.training.data.stacks import Stack, stacks_of
from ml.training.evaluation.series import JudgedSeries, operating, report
from ml.training.fitting.series import FittedSeries, SeriesFitError, fit_series
from ml.training.fitting.series_readings import StackReader, StackReading, lesions_to_plant

REPORT: Final = "series.json"
EVERYTHING: Final = "all"
DEFAULT_STORE: Final = Path("var/series")


@dataclass(frozen=True, kw_only=True, slots=True)
class Reader:
    """A release that reads stacks, and the sources that its network was not trained on."""

    release: Path
    held_out: tuple[str, ...]


def fit(
    release: Release,
    *,
    data: Sequence[Path],
    readers: Sequence[Reader],
    store: Path,
    engine: str = "auto",
    limit: int | None = None,
    sequences: Sequence[str] = (),
) -> tuple[Release, dict[str, Any]]:
    """Fit the rule and add it to the release.

    Args:
        release: gets the section; it must have a lesion decoder.
        data: folders as `ml.training.data.folders` reads them, the same as in the trainings, since
            folds of sources are dealt out over all of them.
        readers: in turn; a stack is read by the first that its source was held out of.
        store: folder for what was read.
        engine: one of `ml.engines.CHOICES`.
        limit: only so many stacks of each source and sequence, for trying it.
        sequences: the rule has an opinion on these alone; empty for all that have enough stacks.

    Returns:
        The release, whose release.json is written too, and what its series.json says.

    Raises:
        ReleaseError: a file of a release is missing, altered or malformed, or there is no decoder.
        EngineError: the engine cannot run here.
        DataError: a data folder is not what it must be, or no stack is left for any reader.
        SeriesFitError: there are too few stacks.
    """
    if release.regions is None:
        raise ReleaseError(f"{release} has no lesion decoder, which the rule of a series needs.")
    items = read_folders(data, seed=1)
    families = [family_of(item.slice, sampling=Sampling()) for item in items]
    stacks = stacks_of(item.slice for item in items)
    dealt = []
    for reader in readers:
        out = set(families)
        if reader.held_out != (EVERYTHING,):
            out = {
                family
                for name in reader.held_out
                for family in held_out(name, items=items, families=families)
            }
        # A stack's family is its source: only the first folder's sources have families.
        mine = [one for one in stacks if one.source in out]
        stacks = [one for one in stacks if one.source not in out]
        dealt.append((reader, _some(mine, limit=limit)))
    if not any(mine for _, mine in dealt):
        raise DataError("No stack is of a source that was held out of any reader.")
    planted = lesions_to_plant([one for _, mine in dealt for one in mine])
    readings = [
        reading
        for reader, mine in dealt
        if mine
        for reading in _read(reader, mine, planted=planted, store=store, engine=engine)
    ]
    if sequences:
        readings = [one for one in readings if one.stack.sequence in sequences]
    fitted = fit_series(readings)
    judged = _judged(fitted)
    rule = _measured(fitted, judged)
    found = {
        "rule": rule.to_json(),
        "readers": [
            {"release": str(read_release(one.release)), "held_out": list(one.held_out)}
            for one in readers
        ],
        "without_a_reader": sorted({one.source for one in stacks}),
        "without_an_opinion": len(fitted.left_out),
        **report(judged),
    }
    path = release.directory / REPORT
    path.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    files = {**release.files, REPORT: file_sha256(path)}
    release = replace(release, series=rule, files=files)
    write_release(release)
    return release, found


def _read(
    reader: Reader,
    stacks: Sequence[Stack],
    *,
    planted: dict[str, list[Lesion]],
    store: Path,
    engine: str,
) -> list[StackReading]:
    predictor = Predictor.load(reader.release, engine=engine, evidence=True)
    if predictor.release.regions is None:
        raise ReleaseError(f"{predictor.release} has no lesion decoder, and cannot be a reader.")
    return StackReader(predictor=predictor, lesions=planted, store=store).read(stacks)


def _some(stacks: Sequence[Stack], *, limit: int | None) -> list[Stack]:
    kept: list[Stack] = []
    for stack in stacks:
        alike = [
            one for one in kept if (one.source, one.sequence) == (stack.source, stack.sequence)
        ]
        if limit is None or len(alike) < limit:
            kept.append(stack)
    return kept


def _judged(fitted: FittedSeries) -> list[JudgedSeries]:
    samples = fitted.samples
    return [
        JudgedSeries(
            patient=one.stack.patient,
            source=one.stack.source,
            sequence=one.stack.sequence,
            variant=one.variant,
            spacing_mm=round(one.stack.spacing_mm * samples.steps[row], 2),
            whole=samples.steps[row] == 1,
            tumor=one.tumor,
            log_odds=float(fitted.log_odds[row]),
            called=bool(fitted.called[row]),
            any_slice=any(
                evidence.logit is not None and evidence.logit >= one.slice_cut
                for evidence in one.evidence
            ),
            weight=float(fitted.weights[row]),
        )
        for row, one in enumerate(samples.readings)
    ]


def _measured(fitted: FittedSeries, judged: Sequence[JudgedSeries]) -> SeriesRule:
    """The rule with its operating points."""
    left_out = [one.stack.sequence for one in fitted.left_out]
    sequences = tuple(fitted.rule.intercepts)
    of_these = sum(name in sequences for name in left_out)
    return replace(
        fitted.rule,
        operating=operating(judged, abstained=of_these, dataset=_words(judged)),
        by_sequence={
            name: operating(
                [one for one in judged if one.sequence == name],
                abstained=left_out.count(name),
                dataset=_words([one for one in judged if one.sequence == name]),
            )
            for name in sequences
        },
    )


def _words(judged: Sequence[JudgedSeries]) -> str:
    """Which series these are, by what was done to their stacks."""
    counts = [
        ("with a tumor", "as it is", True),
        ("without", "as it is", False),
        ("with the tumor erased", "erased", False),
    ]
    parts = []
    for words, variant, tumor in counts:
        number = sum(one.whole and one.variant == variant and one.tumor == tumor for one in judged)
        if number:
            parts.append(f"{number} {words}")
    return f"whole stacks of sources left out of training: {', '.join(parts)}"


def _reader(text: str) -> Reader:
    release, separator, names = text.rpartition("=")
    held = tuple(name.strip() for name in names.split(",") if name.strip())
    if not separator or not release or not held:
        raise argparse.ArgumentTypeError(
            f"{text!r} is not RELEASE=HELD_OUT, for example var/release/fold-1=fold-1-of-5"
        )
    return Reader(release=Path(release), held_out=held)


def main(arguments: Sequence[str] | None = None) -> int:
    """The command line; returns the exit status."""
    options = _parser().parse_args(arguments)
    try:
        release, found = fit(
            read_release(options.release),
            data=options.data,
            readers=options.reader,
            store=options.store,
            engine=options.engine,
            limit=options.limit,
            sequences=options.sequence,
        )
    except (DataError, EngineError, ReleaseError, SeriesFitError) as error:
        sys.stderr.write(f"{error}\n")
        return 1
    assert release.series is not None
    points = {"all sequences": release.series.operating, **release.series.by_sequence}
    for name, point in points.items():
        sys.stdout.write(
            f"{name}: sensitivity {point.sensitivity:.3f} ({_pair(point.sensitivity_interval)}) of "
            f"{point.tumor}, specificity {point.specificity:.3f} "
            f"({_pair(point.specificity_interval)}) of {point.no_tumor} series\n"
        )
    alone = found["source_alone"]
    sys.stdout.write(
        "The source alone tells the label of "
        f"{alone['as_they_are']:.0%} as they are, of {alone['by_weight']:.0%} by weight in "
        "the fit.\n"
        f"{release}: the rule is in {release.directory}, its figures in {REPORT} there.\n"
    )
    return 0


def _pair(interval: tuple[float, float]) -> str:
    return f"{interval[0]:.3f} to {interval[1]:.3f}"


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m ml.training.fit_series",
        description="Fit the rule of a series on whole stacks that the networks did not train on.",
    )
    parser.add_argument("--release", type=Path, required=True, help="gets the section `series`")
    add_data_argument(parser)
    parser.add_argument(
        "--reader",
        type=_reader,
        action="append",
        required=True,
        metavar="RELEASE=HELD_OUT",
        help="a release, and the sources or folds that it was trained without (or all)",
    )
    parser.add_argument("--store", type=Path, default=DEFAULT_STORE, help="for what was read")
    parser.add_argument(
        "--sequence",
        choices=SEQUENCES,
        action="append",
        default=[],
        help="have an opinion on this one; several times (default all with enough stacks)",
    )
    parser.add_argument("--engine", choices=CHOICES, default="auto")
    parser.add_argument(
        "--limit", type=whole_above_zero, help="stacks of a source and sequence, for trying it"
    )
    return parser
