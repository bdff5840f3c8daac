"""From the validation split's logits to a calibration and a threshold.

How the slices weigh. Tumor and no tumor weigh half each, whatever their shares here: a clinic's
shares are its own. Within a kind all slices weigh alike: to give every source the same say would
let 15 tumors of one of them decide as much as 392 of the other.

How sure it may be. The network is made surer than it is (slope above 1) only where cross-validation
says so by more than a standard error: the split is of the sources it was trained on, and elsewhere
it errs more. Targets are those of Platt (1999), short of 0 and 1 by what the number of slices
cannot rule out; and the calibrated probability itself keeps that distance (`Calibration.doubt`,
Laplace's rule of succession): 114 slices without a tumor and no error among them do not make 99.9
%. Both count slices, not clusters of near-duplicates: the 114 are 44 clusters, of which the rule
would make 1/46 and not 1/116. So near 0 and 1 the probability is surer than independent patients
would allow.

Which method. Temperature (one number) or Platt (two), by the log-likelihood in cross-validation
over clusters of near-duplicates (stratified folds that split none); Platt only where it is better
by more than its standard error, which is one over clusters too.

Where sources that were left out are among the slices (`Elsewhere`), it is otherwise. All slices
weigh alike, for about one slice of a head in three shows its tumor, there as in a clinic. And the
threshold is the one below which a given share of the slices without a tumor stays, each source
weighed by the root of its slices; sensitivity is what is left. Nine in ten over sources of all
kinds (tumor-free slices of tumor heads, multiple sclerosis, stroke) were 96 in 100 over healthy
heads.

Which threshold otherwise. The one with the largest mean of two Youden indices (sensitivity +
specificity - 1): over all slices, and among the slices of the source that has both kinds. Where
several do as well, as they do near a perfect separation, the middle of them on the logit scale; and
the median of that over 400 resamples of clusters, so that no single slice decides.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final, Literal

import numpy as np
from scipy.optimize import brentq
from scipy.special import expit
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedGroupKFold

from ml.metrics.calibration import Calibration
from ml.metrics.classification import BoolArray, Float64Array
from ml.release.parts import Operating
from ml.release.releases import Release
from ml.training.data.manifest import Slice
from ml.training.fitting.weigh import by_source

FOLDS: Final = 5
RESAMPLES: Final = 400
MOST_SLOPE: Final = 2.0  # beyond that a handful of slices near the threshold would decide
_SEED = 20261123
_STEPS = 100
_RIDGE = 1e-6
_TOLERANCE = 1e-10  # of the gradient


@dataclass(frozen=True, kw_only=True, slots=True)
class Way:
    """A way to calibrate: which method, and how steep it may become."""

    name: str
    method: Literal["temperature", "platt"]
    most: float


# In the order of what each dares more than the one before.
_WAYS: Final = (
    Way(name="temperature", method="temperature", most=1.0),
    Way(name="platt", method="platt", most=1.0),
    Way(name="steep_platt", method="platt", most=MOST_SLOPE),
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Fitted:
    """What was found.

    Attributes:
        calibration: from logit to probability.
        threshold: calibrated probability from which on the label is "tumor".
        operating: what the threshold does on these slices.
    """

    calibration: Calibration
    threshold: float
    operating: Operating


@dataclass(frozen=True, kw_only=True, slots=True)
class Elsewhere:
    """That sources which were left out are among the slices.

    Attributes:
        dataset: which slices these are, in words.
        specificity: share of the slices without a tumor that the threshold is to leave without
            alarm.
    """

    dataset: str
    specificity: float = 0.90


def calibrate(
    release: Release,
    *,
    logits: Float64Array,
    slices: Sequence[Slice],
    elsewhere: Elsewhere | None = None,
) -> Release:
    """The release with calibration, threshold and operating point from a split's logits.

    Args:
        release: to complete; release.json is not written.
        logits: shape (N,), of the network, uncalibrated.
        slices: what they are, in the same order.
        elsewhere: where sources that were left out are among them.

    Raises:
        ValueError: the lengths differ, or only one of the two kinds is there.
    """
    found = fit(
        np.asarray(logits, dtype=np.float64),
        np.array([item.tumor for item in slices], dtype=bool),
        sources=[item.source for item in slices],
        clusters=[item.cluster for item in slices],
        elsewhere=elsewhere,
    )
    return replace(
        release,
        calibration=found.calibration,
        threshold=found.threshold,
        operating=found.operating,
    )


def fit(
    logits: Float64Array,
    truths: BoolArray,
    *,
    sources: Sequence[str],
    clusters: Sequence[str],
    elsewhere: Elsewhere | None = None,
) -> Fitted:
    """Fit calibration and threshold.

    Args:
        logits: shape (N,), uncalibrated.
        truths: shape (N,), True for tumors.
        sources: the collection of each slice. `br35h` tumors and all slices without a tumor are
            of one source (see the data's README); where there is no `br35h`, there is one family.
        clusters: of near-duplicates; no resample and no fold splits one.
        elsewhere: where sources that were left out are among them.

    Raises:
        ValueError: the lengths differ, or only one of the two kinds is there.
    """
    if not len(logits) == len(truths) == len(sources) == len(clusters):
        raise ValueError("Logits, truths, sources and clusters must be of one length.")
    if truths.all() or not truths.any():
        raise ValueError("A calibration can only be fitted on images of both kinds.")
    weights = weigh(truths) if elsewhere is None else np.ones(len(truths))
    folds = _folds(truths, clusters)
    losses = {way: _cross_validated(logits, truths, weights, folds=folds, way=way) for way in _WAYS}
    chosen = _WAYS[0]
    for way in _WAYS[1:]:
        gain, error = _gain(losses[chosen], losses[way], clusters=clusters)
        if gain > error:
            chosen = way
    calibration = _fit(logits, truths, weights, way=chosen)
    if elsewhere is None:
        cut = _cut(logits, truths, sources=sources, clusters=clusters)
    else:
        cut = _cut_at(elsewhere.specificity, logits, truths, sources=sources)
    threshold = min(max(calibration.probability(cut), 0.01), 0.99)
    called = calibration.probabilities(logits) >= threshold
    operating = Operating(
        dataset="val split" if elsewhere is None else elsewhere.dataset,
        sensitivity=round(float(called[truths].mean()), 4),
        specificity=round(float((~called[~truths]).mean()), 4),
        tumor=int(truths.sum()),
        no_tumor=int((~truths).sum()),
    )
    return Fitted(calibration=calibration, threshold=threshold, operating=operating)


def weigh(truths: BoolArray) -> Float64Array:
    """Weights of mean 1 under which both kinds weigh alike.

    Args:
        truths: shape (N,), True for tumors; both kinds are there.
    """
    tumors = int(truths.sum())
    return np.where(truths, 0.5 / tumors, 0.5 / (len(truths) - tumors)) * len(truths)


def _fit(
    logits: Float64Array, truths: BoolArray, weights: Float64Array, *, way: Way
) -> Calibration:
    positives, negatives = int(truths.sum()), int((~truths).sum())
    doubt = 1.0 / (min(positives, negatives) + 2.0)
    targets = np.where(truths, (positives + 1.0) / (positives + 2.0), 1.0 / (negatives + 2.0))
    platt = way.method == "platt"
    slope, intercept = _logistic(logits, targets, weights, intercept=platt)
    if slope > way.most:
        slope = way.most
        intercept = _intercept(logits * slope, targets, weights) if platt else 0.0
    return Calibration(method=way.method, slope=slope, intercept=intercept, doubt=doubt)


def _logistic(
    logits: Float64Array, targets: Float64Array, weights: Float64Array, *, intercept: bool
) -> tuple[float, float]:
    """Weighted logistic regression on one number: slope (at least 0.02) and intercept.

    A target between 0 and 1 is a slice of each kind that share the slice's weight.
    """
    scale = max(float(np.abs(logits).mean()), 1e-9)
    columns = [logits / scale, np.ones_like(logits)] if intercept else [logits / scale]
    x = np.tile(np.stack(columns, axis=1), (2, 1))
    kinds = np.repeat([1, 0], len(logits))
    shares = np.concatenate([weights * targets, weights * (1.0 - targets)])
    # The curvature vanishes where the kinds lie far apart, so a ridge keeps the slope finite.
    model = LogisticRegression(
        C=1.0 / (_RIDGE * float(weights.sum())),
        fit_intercept=False,  # it is a column of its own, under the ridge like the slope
        solver="newton-cholesky",
        tol=_TOLERANCE,
        max_iter=_STEPS,
    ).fit(x, kinds, sample_weight=shares)
    slope, *rest = model.coef_[0].tolist()
    return max(slope / scale, 0.02), rest[0] if intercept else 0.0


def _intercept(logits: Float64Array, targets: Float64Array, weights: Float64Array) -> float:
    """The intercept to scaled logits with which mean promise and mean target agree."""

    def excess(intercept: float) -> float:
        return float((weights * (expit(logits + intercept) - targets)).sum())

    return float(brentq(excess, -30.0, 30.0))


def _cross_validated(
    logits: Float64Array,
    truths: BoolArray,
    weights: Float64Array,
    *,
    folds: np.ndarray,
    way: Way,
) -> Float64Array:
    """Each slice's weighted log-loss under a fit that has not seen its fold."""
    losses = np.zeros(len(logits))
    for fold in range(FOLDS):
        out = folds == fold
        seen = truths[~out]
        if not out.any() or seen.all() or not seen.any():
            continue
        fitted = _fit(logits[~out], seen, weights[~out], way=way)
        promised = fitted.probabilities(logits[out])
        losses[out] = -weights[out] * np.log(np.where(truths[out], promised, 1.0 - promised))
    return losses


def _gain(
    before: Float64Array, after: Float64Array, *, clusters: Sequence[str]
) -> tuple[float, float]:
    """By how much the mean loss falls, and the standard error of that over clusters."""
    _, member = np.unique(np.asarray(clusters), return_inverse=True)
    gains = np.bincount(member, weights=before - after) / len(before)
    return float(gains.sum()), float(gains.std() * np.sqrt(len(gains)))


def _folds(truths: BoolArray, clusters: Sequence[str]) -> np.ndarray:
    """The fold of each slice: both kinds spread evenly, no cluster split; all 0 if too few."""
    folds = np.zeros(len(truths), dtype=int)
    count = min(FOLDS, int(truths.sum()), int((~truths).sum()))
    if count < 2:
        return folds
    dealer = StratifiedGroupKFold(n_splits=count, shuffle=True, random_state=_SEED)
    for fold, (_, held) in enumerate(dealer.split(truths, truths, groups=np.asarray(clusters))):
        folds[held] = fold
    return folds


def _cut_at(
    specificity: float, logits: Float64Array, truths: BoolArray, *, sources: Sequence[str]
) -> float:
    """The threshold as a logit below which that share of the slices without a tumor stays."""
    values = logits[~truths]
    weights = by_source(truths, sources)[~truths]
    order = np.argsort(values, kind="stable")
    shares = np.cumsum(weights[order]) / weights.sum()
    place = int(np.searchsorted(shares, specificity))
    above = min(place + 1, len(values) - 1)
    return float((values[order][min(place, len(values) - 1)] + values[order][above]) / 2.0)


def _cut(
    logits: Float64Array, truths: BoolArray, *, sources: Sequence[str], clusters: Sequence[str]
) -> float:
    """The threshold as a logit."""
    names = np.asarray(sources)
    family = ~truths | (names == "br35h")
    if not (family & truths).any():
        family = np.ones_like(truths)
    order = np.argsort(logits, kind="stable")
    ordered = logits[order]
    # One place below all slices, one between each two, one above all.
    places = np.concatenate(
        [[ordered[0] - 1.0], (ordered[:-1] + ordered[1:]) / 2.0, [ordered[-1] + 1.0]]
    )
    codes, member = np.unique(np.asarray(clusters), return_inverse=True)
    rng = np.random.default_rng(_SEED)
    found = []
    for _ in range(RESAMPLES):
        drawn = np.bincount(rng.integers(len(codes), size=len(codes)), minlength=len(codes))
        times = drawn[member][order].astype(np.float64)
        index = np.zeros(len(places))
        usable = True
        for inside in (np.ones_like(truths), family):
            positive = np.where(inside & truths, 1.0, 0.0)[order] * times
            negative = np.where(inside & ~truths, 1.0, 0.0)[order] * times
            if not positive.sum() or not negative.sum():
                usable = False
                break
            missed = np.concatenate([[0.0], np.cumsum(positive)]) / positive.sum()
            alarms = 1.0 - np.concatenate([[0.0], np.cumsum(negative)]) / negative.sum()
            index += 1.0 - missed - alarms
        if usable:
            best = places[index >= index.max() - 1e-9]
            found.append((float(best[0]) + float(best[-1])) / 2.0)
    return float(np.median(found)) if found else 0.0
