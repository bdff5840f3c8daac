"""From the evidence of whole stacks to the rule of a series.

What the rule is. A logistic function of the numbers of `ml.series.features`, with a constant for
each sequence. No weight is below 0, so more evidence never makes a tumor less probable; a ridge
keeps them small, for the stacks are few.

How the stacks weigh. Every sequence weighs alike; within it every source; within that both labels,
but planted lesions half of that. So the source tells little about the label. Each stack is also
fitted as the two series of twice the spacing that it consists of, at half the weight each.

How sure it may be. Everything that is said of the rule comes from cross-fitting by patient: a
patient's stacks are judged by weights that were fitted without that patient, and without heads into
which a lesion of that patient was planted. Where those log-odds prove too steep, the weights are
flattened (never steepened).

Which threshold. The one at which the lesser of two margins is largest: sensitivity over
`SENSITIVITY`, specificity over `SPECIFICITY`; the middle of where that is so. Planted lesions have
no say in it: how strong they are is our choice. For the figures each fold's is chosen without it.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from scipy.optimize import minimize
from scipy.special import expit, logit
from sklearn.model_selection import StratifiedGroupKFold

from ml.metrics.classification import BoolArray, Float64Array
from ml.series import SEQUENCES, SeriesOperating, SeriesRule
from ml.series.assess import tally
from ml.series.features import FEATURES, measure
from ml.series.rule import NAME
from ml.training.fitting.series_readings import StackReading

SENSITIVITY: Final = 0.95
SPECIFICITY: Final = 0.90
FEWEST_STACKS: Final = 8  # of each label; a sequence with fewer has no opinion
FOLDS: Final = 10
MOST_ABSTAINED: Final = 0.2  # of a series' slices
_STEPS: Final = (1, 2)  # the spacing as it is, and twice as wide
_PLANTED_WEIGHS: Final = 0.5  # of another stack: not every planted lesion can be seen
_RIDGE: Final = 0.02  # of the mean loss, for features of unit variance
_NOT_ALL: Final = 0.9  # of the smallest stack's extent: how much a series must cover
_SEED: Final = 20261129


class SeriesFitError(Exception):
    """No rule can be fitted on these stacks; the message is a full sentence."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Samples:
    """One series a row, N in all.

    Attributes:
        features: shape (N, len(FEATURES)).
        tumor: shape (N,).
        readings: whose evidence each row is.
        steps: 1 for a stack as it is, 2 for every other slice of it.
    """

    features: Float64Array
    tumor: BoolArray
    readings: tuple[StackReading, ...]
    steps: tuple[int, ...]

    def __len__(self) -> int:
        return len(self.readings)

    @property
    def patients(self) -> list[str]:
        """Of each row."""
        return [one.stack.patient for one in self.readings]

    @property
    def sequences(self) -> list[str]:
        """Of each row."""
        return [one.stack.sequence for one in self.readings]

    def apart_from(self, held: BoolArray) -> BoolArray:
        """The rows that show no patient of the rows held out, and no lesion of theirs, shape (N,).

        Args:
            held: shape (N,), with all rows of the patients that it has any of.
        """
        patients = {one for one, inside in zip(self.patients, held, strict=True) if inside}
        theirs = np.array([one.lesion_of in patients for one in self.readings], dtype=bool)
        return np.asarray(~held & ~theirs, dtype=bool)


@dataclass(frozen=True, kw_only=True, slots=True)
class FittedSeries:
    """What was found.

    Attributes:
        rule: without its operating points, which `ml.training.evaluation.series` measures.
        samples: what it was fitted on.
        weights: of them, of mean 1, shape (N,).
        log_odds: of each, cross-fitted by patient, shape (N,).
        called: likewise, whether it was called a tumor, by a threshold chosen without its fold.
        left_out: readings without an opinion, which are not among the samples.
    """

    rule: SeriesRule
    samples: Samples
    weights: Float64Array
    log_odds: Float64Array
    called: BoolArray
    left_out: tuple[StackReading, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class _Weights:
    """Log-odds = features @ weights + the sequence's constant."""

    weights: Float64Array
    intercepts: dict[str, float]

    def log_odds(self, features: Float64Array, sequences: Sequence[str]) -> Float64Array:
        constants = np.array([self.intercepts[one] for one in sequences])
        return np.asarray(features @ self.weights + constants, dtype=np.float64)


def fit_series(readings: Sequence[StackReading]) -> FittedSeries:
    """Fit the rule.

    Args:
        readings: of stacks that the network did not train on, as they are and changed.

    Raises:
        SeriesFitError: there are too few stacks, or too few patients.
    """
    kept, left_out = _with_an_opinion(readings)
    sequences = _calibrated(kept)
    left_out += [one for one in kept if one.stack.sequence not in sequences]
    kept = [one for one in kept if one.stack.sequence in sequences]
    if not kept:
        raise SeriesFitError(
            f"No sequence has {FEWEST_STACKS} stacks with a tumor and {FEWEST_STACKS} without; "
            "give more stacks, or name more networks that did not train on them."
        )
    samples = _samples(kept)
    weights = weigh(samples)
    folds = _folds(samples)
    log_odds = np.empty(len(samples))
    for fold in np.unique(folds):
        here = folds == fold
        found = _fit(samples, weights, among=samples.apart_from(here))
        there = [one for one, inside in zip(samples.sequences, here, strict=True) if inside]
        log_odds[here] = found.log_odds(samples.features[here], there)
    whole = _fit(samples, weights, among=np.ones(len(samples), dtype=bool))
    slope, intercept = _flattened(log_odds, samples.tumor, weights)
    log_odds = slope * log_odds + intercept
    called = np.empty(len(samples), dtype=bool)
    real = weights * np.array([one.variant != "planted" for one in samples.readings])
    for fold in np.unique(folds):
        here, others = folds == fold, folds != fold
        cut = _cut(log_odds[others], samples.tumor[others], real[others])
        called[here] = log_odds[here] >= cut
    spacings = [one.stack.spacing_mm for one in kept]
    rule = SeriesRule(
        version=NAME,
        weights={
            name: _rounded(slope * weight)
            for name, weight in zip(FEATURES, whole.weights, strict=True)
        },
        intercepts={
            name: _rounded(slope * whole.intercepts[name] + intercept) for name in sequences
        },
        planes=tuple(sorted({one.stack.plane for one in kept})),
        spacing_mm=(min(spacings), _STEPS[-1] * max(spacings)),
        least_extent_mm=float(math.floor(_NOT_ALL * min(_extent(one) for one in kept))),
        most_abstained=MOST_ABSTAINED,
        threshold=_rounded(float(expit(_cut(log_odds, samples.tumor, real)))),
        operating=NOT_MEASURED,
        by_sequence=dict.fromkeys(sequences, NOT_MEASURED),
    )
    return FittedSeries(
        rule=rule,
        samples=samples,
        weights=weights,
        log_odds=log_odds,
        called=called,
        left_out=tuple(left_out),
    )


NOT_MEASURED: Final = SeriesOperating(
    dataset="not measured",
    sensitivity=0.0,
    specificity=0.0,
    sensitivity_interval=(0.0, 1.0),
    specificity_interval=(0.0, 1.0),
    abstained=0.0,
    tumor=0,
    no_tumor=0,
    patients=0,
)


def weigh(samples: Samples) -> Float64Array:
    """Weights of mean 1 under which sequences, sources within them, and labels weigh alike.

    A source that has one label of a sequence only weighs half, one whose tumors are all planted
    three quarters.
    """
    cells = [
        (one.stack.sequence, one.stack.source, bool(tumor))
        for one, tumor in zip(samples.readings, samples.tumor, strict=True)
    ]
    own = np.array([1.0 / step for step in samples.steps])
    times = [_PLANTED_WEIGHS if one.variant == "planted" else 1.0 for one in samples.readings]
    totals: defaultdict[tuple[str, str, bool], float] = defaultdict(float)
    for cell, share in zip(cells, own, strict=True):
        totals[cell] += float(share)
    sources = Counter(sequence for sequence, _, _ in totals)
    weights = np.array(
        [
            factor * share / totals[cell] / sources[cell[0]]
            for cell, share, factor in zip(cells, own, times, strict=True)
        ]
    )
    return np.asarray(weights * len(weights) / weights.sum(), dtype=np.float64)


def _with_an_opinion(
    readings: Sequence[StackReading],
) -> tuple[list[StackReading], list[StackReading]]:
    kept: list[StackReading] = []
    left_out: list[StackReading] = []
    for one in readings:
        counts = tally(dict(enumerate(one.evidence)))
        enough = counts.abstained <= MOST_ABSTAINED * len(one.evidence) and len(counts.read) > 1
        (kept if enough else left_out).append(one)
    return kept, left_out


def _calibrated(readings: Sequence[StackReading]) -> tuple[str, ...]:
    counts = Counter((one.stack.sequence, one.tumor) for one in readings)
    return tuple(
        name for name in SEQUENCES if min(counts[name, True], counts[name, False]) >= FEWEST_STACKS
    )


def _extent(reading: StackReading) -> float:
    return tally(dict(enumerate(reading.evidence))).covered * reading.stack.spacing_mm


def _samples(readings: Sequence[StackReading]) -> Samples:
    rows: list[list[float]] = []
    whose: list[StackReading] = []
    steps: list[int] = []
    for one in readings:
        for step in _STEPS:
            for phase in range(step):
                slices = {
                    place: evidence
                    for place, evidence in enumerate(one.evidence)
                    if place % step == phase and evidence.logit is not None
                }
                features = measure(slices, spacing_mm=one.stack.spacing_mm, step=step).features
                rows.append([getattr(features, name) for name in FEATURES])
                whose.append(one)
                steps.append(step)
    return Samples(
        features=np.array(rows, dtype=np.float64),
        tumor=np.array([one.tumor for one in whose], dtype=bool),
        readings=tuple(whose),
        steps=tuple(steps),
    )


def _folds(samples: Samples) -> Float64Array:
    patients = samples.patients
    folds = min(FOLDS, len(set(patients)))
    if folds < 2:
        raise SeriesFitError("All stacks are of one patient; a rule needs those of several.")
    split = StratifiedGroupKFold(n_splits=folds, shuffle=True, random_state=_SEED)
    strata = [
        f"{one.stack.sequence} {tumor}"
        for one, tumor in zip(samples.readings, samples.tumor, strict=True)
    ]
    found = np.zeros(len(samples))
    for number, (_, here) in enumerate(split.split(samples.features, strata, groups=patients)):
        found[here] = number
    return found


def _fit(samples: Samples, weights: Float64Array, *, among: BoolArray) -> _Weights:
    """Logistic regression with weights of at least 0 and a constant for each sequence.

    The ridge is on the weights of the standardized features and on how far each sequence's constant
    lies from the common one.
    """
    names = sorted(set(samples.sequences))
    features, tumor, shares = samples.features[among], samples.tumor[among], weights[among]
    mean = np.average(features, axis=0, weights=shares)
    scale = np.sqrt(np.average((features - mean) ** 2, axis=0, weights=shares)) + 1e-6
    which = np.array([names.index(one) for one in samples.sequences])[among]
    x = np.hstack([(features - mean) / scale, np.eye(len(names))[which], np.ones((len(which), 1))])
    penalty = np.full(x.shape[1], _RIDGE)
    penalty[-1] = 0.0
    shares = shares / shares.sum()
    sign = np.where(tumor, 1.0, -1.0)

    def loss(parameters: Float64Array) -> tuple[float, Float64Array]:
        margin = sign * (x @ parameters)
        value = float(shares @ np.logaddexp(0.0, -margin)) + 0.5 * float(penalty @ parameters**2)
        slope = -(shares * sign * expit(-margin)) @ x + penalty * parameters
        return value, np.asarray(slope, dtype=np.float64)

    bounds = [(0.0, None)] * features.shape[1] + [(None, None)] * (len(names) + 1)
    found = minimize(loss, np.zeros(x.shape[1]), jac=True, bounds=bounds, method="L-BFGS-B").x
    own = found[: features.shape[1]] / scale
    common = float(found[-1]) - float(own @ mean)
    constants = found[features.shape[1] : -1]
    return _Weights(
        weights=own,
        intercepts={
            name: common + float(constant) for name, constant in zip(names, constants, strict=True)
        },
    )


def _flattened(
    log_odds: Float64Array, tumor: BoolArray, weights: Float64Array
) -> tuple[float, float]:
    """Slope (at most 1) and intercept by which cross-fitted log-odds come true."""
    shares = weights / weights.sum()
    sign = np.where(tumor, 1.0, -1.0)

    def loss(parameters: Float64Array) -> float:
        margin = sign * (parameters[0] * log_odds + parameters[1])
        return float(shares @ np.logaddexp(0.0, -margin))

    slope, intercept = minimize(
        loss, np.array([0.8, 0.0]), bounds=[(0.05, 1.0), (-5.0, 5.0)], method="L-BFGS-B"
    ).x
    return float(slope), float(intercept)


def _cut(log_odds: Float64Array, tumor: BoolArray, weights: Float64Array) -> float:
    """The log-odds from which on a series is called a tumor."""
    if not weights[tumor].any() or not weights[~tumor].any():
        raise SeriesFitError("The threshold needs stacks with a real tumor, and stacks without.")
    edges = np.unique(log_odds)
    cuts = np.concatenate([[edges[0] - 1.0], (edges[1:] + edges[:-1]) / 2.0, [edges[-1] + 1.0]])
    above = log_odds[np.newaxis, :] >= cuts[:, np.newaxis]
    sensitivity = above @ (weights * tumor) / (weights @ tumor)
    specificity = ~above @ (weights * ~tumor) / (weights @ ~tumor)
    margin = np.minimum(sensitivity - SENSITIVITY, specificity - SPECIFICITY)
    best = np.flatnonzero(margin >= margin.max() - 1e-12)
    cut = float((cuts[best[0]] + cuts[best[-1]]) / 2.0)
    return float(np.clip(cut, logit(0.01), logit(0.99)))


def _rounded(value: float) -> float:
    return round(float(value), 6)
