"""All figures of a release on sources left out, as the part `left_out` of metrics.json."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, Final

import numpy as np

from ml.metrics.classification import BoolArray
from ml.predictor import Predictor
from ml.training.augmentation.display_set import DISPLAY
from ml.training.data.exceptions import read_exceptions, reason
from ml.training.data.manifest import Slice
from ml.training.evaluation.bootstrap import RESAMPLES
from ml.training.evaluation.calibrated import bins_of_equal_width
from ml.training.evaluation.classification import Answers
from ml.training.evaluation.left_out.aims import table
from ml.training.evaluation.left_out.cross_fitted import Fit, cross_fitted
from ml.training.evaluation.left_out.displays import SAMPLE, displays, sample
from ml.training.evaluation.left_out.failures import Stratum, worst
from ml.training.evaluation.left_out.figures import Read, figures, read_of
from ml.training.evaluation.left_out.strata import BY, Facts, facts_of, members, strata_of
from ml.training.evaluation.left_out.turned_away import turned_away
from ml.training.evaluation.passes import Passes, Row

_CALIBRATED: Final = frozenset({("source",), ("sequence",)})  # with an error of its own


@dataclass(frozen=True, kw_only=True, slots=True)
class Network:
    """A loaded release, and the slices that it was not trained on.

    Attributes:
        predictor: the release.
        slices: all that it is to read.
        others: images that are no brain MRI, as slices.
        hold_out: names of sources or folds that the slices are of; empty for none.
    """

    predictor: Predictor
    slices: Sequence[Slice]
    others: Sequence[Slice] = ()
    hold_out: tuple[str, ...] = ()


def measure_left_out(
    networks: Sequence[Network],
    *,
    store: Path,
    split: str,
    day: date,
    limit: int | None = None,
    display_sample: int = SAMPLE,
    fit: Fit | None = None,
) -> dict[str, Any]:
    """Read what is not stored yet, and evaluate it.

    Args:
        networks: one or several; what several say of their own slices is counted together, each
            at its own threshold.
        store: where finished passes are kept.
        split: the name of what the slices are.
        day: of the measurement.
        limit: take only so many slices of all, evenly spaced.
        display_sample: how many slices are read under the changes of the display; 0 for none.
        fit: how calibration and threshold were fitted, where that was done on these very slices.

    Returns:
        Numbers, lists, text: `data`, `all` and `strata` (as `figures.figures` gives them, each
        with `without_exceptions` where exceptions are among them), `table`, `worst`, `displays`,
        `turned_away`, `reliability`, and `cross_fitted`, as the module of that name gives it, or
        None without `fit`.
    """
    readings = _read(networks, store=store, limit=limit, display_sample=display_sample)
    slices, rows, facts = readings.slices, readings.rows, readings.facts
    answers = Answers(slices, rows, units=facts.units)
    gives_regions = all(one.predictor.release.regions is not None for one in networks)
    read = read_of(answers, rows, scans=facts.scans, regions=gives_regions)
    found = _figures(read, slices=slices, rows=rows, facts=facts)
    others = turned_away(readings.others, readings.other_rows)
    under = _displays(readings)
    return {
        "split": split,
        "measured": day.isoformat(),
        "engine": networks[0].predictor.engine,
        "networks": [_named(one) for one in networks],
        "data": {
            "slices": len(slices),
            "of": readings.of,
            "patients": len(set(facts.units)),
            "sources": len({item.source for item in slices}),
            "tumor": int(answers.truths.sum()),
            "no_tumor": int((~answers.truths).sum()),
            "outlined": sum(bool(item.outlines) for item in slices),
            "answered": int(answers.answered.sum()),
        },
        "bootstrap": {"resamples": RESAMPLES, "unit": "patient or cluster of near-duplicates"},
        "threshold": networks[0].predictor.release.threshold,
        "all": found.overall,
        "strata": [
            {"by": list(one.by), "names": list(one.names), **one.figures} for one in found.strata
        ],
        "table": table(found.strata, overall=found.overall, displays=under, others=others),
        "worst": worst(found.strata, truths=answers.truths, others=others),
        "displays": under,
        "turned_away": others,
        "reliability": bins_of_equal_width(
            answers.probabilities[answers.answered], answers.truths[answers.answered]
        ),
        "cross_fitted": None if fit is None else cross_fitted(slices, rows, facts=facts, fit=fit),
    }


def evenly(count: int, limit: int | None) -> list[int]:
    """Places of so many of `count` things, evenly spaced; of all where there are no more."""
    if limit is None or limit >= count:
        return list(range(count))
    return [index * count // limit for index in range(limit)]


@dataclass(frozen=True, kw_only=True, slots=True)
class _Readings:
    """What was read of a sample of all slices; `places` are those read under changes as well."""

    slices: list[Slice]
    rows: list[Row]
    facts: Facts
    of: int
    places: list[int]
    changed: dict[str, list[Row]]
    others: list[Slice]
    other_rows: list[Row]


def _read(
    networks: Sequence[Network], *, store: Path, limit: int | None, display_sample: int
) -> _Readings:
    everything = [item for one in networks for item in one.slices]
    kept = evenly(len(everything), limit)
    slices = [everything[place] for place in kept]
    places = sample([item.tumor for item in slices], size=display_sample)
    readings = _Readings(
        slices=slices,
        rows=[],
        facts=facts_of(everything).some(kept),
        of=len(everything),
        places=places,
        changed={change.name: [] for change in DISPLAY},
        others=[],
        other_rows=[],
    )
    changed = {kept[place] for place in places}
    first = 0
    for one in networks:
        own = [place for place in kept if first <= place < first + len(one.slices)]
        passes = _passes(one, [everything[place] for place in own], store=store)
        readings.rows.extend(passes.as_it_is())
        some = [everything[place] for place in own if place in changed]
        if some:
            passes = _passes(one, some, store=store, expected=len(DISPLAY))
            for name, rows in passes.changed(DISPLAY).items():
                readings.changed[name] += rows
        if one.others:
            others = [one.others[place] for place in evenly(len(one.others), limit)]
            readings.others.extend(others)
            readings.other_rows.extend(_passes(one, others, store=store).as_it_is())
        first += len(one.slices)
    return readings


@dataclass(frozen=True, kw_only=True, slots=True)
class _Found:
    overall: dict[str, Any]
    strata: list[Stratum]


def _figures(read: Read, *, slices: Sequence[Slice], rows: Sequence[Row], facts: Facts) -> _Found:
    listed = read_exceptions()
    usual = np.array([reason(item, listed) is None for item in slices], dtype=bool)
    strata = strata_of(slices, rows, facts=facts)
    everyone = np.ones(len(slices), dtype=bool)
    return _Found(
        overall=_both_ways(read, among=everyone, usual=usual, calibration=True),
        strata=[
            Stratum(
                by=by,
                names=names,
                among=among,
                figures=_both_ways(read, among=among, usual=usual, calibration=by in _CALIBRATED),
            )
            for by in BY
            for names, among in members(strata, by).items()
        ],
    )


def _both_ways(
    read: Read, *, among: BoolArray, usual: BoolArray, calibration: bool
) -> dict[str, Any]:
    """The figures, and once more without exceptions where there are any."""
    found = figures(read, among=among, calibration=calibration)
    if not (among & ~usual).any():
        return found
    without = figures(read, among=among & usual, calibration=calibration)
    return {**found, "without_exceptions": without}


def _displays(readings: _Readings) -> dict[str, Any] | None:
    places = readings.places
    if not places:
        return None
    unchanged = Answers(
        [readings.slices[place] for place in places],
        [readings.rows[place] for place in places],
        units=readings.facts.some(places).units,
    )
    return displays(unchanged, readings.changed)


def _passes(one: Network, slices: Sequence[Slice], *, store: Path, expected: int = 1) -> Passes:
    return Passes(predictor=one.predictor, slices=slices, store=store, expected=expected)


def _named(one: Network) -> dict[str, Any]:
    release = one.predictor.release
    return {
        "name": release.name,
        "version": release.version,
        "sha256": release.sha256,
        "threshold": release.threshold,
        "hold_out": list(one.hold_out),
        "fitted_on": None if release.operating is None else release.operating.dataset,
        "slices": len(one.slices),
    }
