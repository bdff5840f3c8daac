"""The rule of a release by which the evidence of slices becomes a statement on their series.

It is the section `series` of release.json. What its numbers mean stands in `ml.series.features`; a
rule that computes otherwise gets a new name.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Final

from ml.metrics.calibration import sigmoid
from ml.series.features import FEATURES, Features
from ml.series.statement import PLANES, SEQUENCES

NAME: Final = "series-1"


@dataclass(frozen=True, kw_only=True, slots=True)
class SeriesOperating:
    """What the rule's threshold does on whole stacks that the network did not train on.

    Attributes:
        dataset: which stacks, in words.
        sensitivity, specificity: at the threshold, 0 to 1.
        sensitivity_interval, specificity_interval: 95 %, by patient.
        abstained: share of the stacks without an opinion, which the others leave out.
        tumor, no_tumor: how many stacks of each kind they rest on.
        patients: how many patients' these are.
    """

    dataset: str
    sensitivity: float
    specificity: float
    sensitivity_interval: tuple[float, float]
    specificity_interval: tuple[float, float]
    abstained: float
    tumor: int
    no_tumor: int
    patients: int


@dataclass(frozen=True, kw_only=True, slots=True)
class SeriesRule:
    """How evidence becomes a probability, and where it may.

    Attributes:
        version: the rule's name, `NAME`.
        weights: for each of `ml.series.features.FEATURES` its weight in the log-odds, none below 0:
            more evidence never makes a tumor less probable.
        intercepts: the constant of the log-odds by sequence; of other sequences there is no
            opinion.
        planes: of which there is one.
        spacing_mm: least and most of what was calibrated; finer series are taken apart into
            several of such a spacing.
        least_extent_mm: how much of the head the slices must cover, blank ones apart.
        most_abstained: the largest share of slices without a result, 0 to 1.
        threshold: probability from which on the label is "tumor".
        operating: over all sequences.
        by_sequence: the same for each.
    """

    version: str
    weights: Mapping[str, float]
    intercepts: Mapping[str, float]
    planes: tuple[str, ...]
    spacing_mm: tuple[float, float]
    least_extent_mm: float
    most_abstained: float
    threshold: float
    operating: SeriesOperating
    by_sequence: Mapping[str, SeriesOperating]

    def log_odds(self, features: Features, *, sequence: str) -> float:
        """The log-odds of a tumor. Raises `KeyError` for a sequence that was not calibrated."""
        values = asdict(features)
        terms = [self.weights[name] * values[name] for name in FEATURES]
        return self.intercepts[sequence] + math.fsum(terms)

    def probability(self, log_odds: float) -> float:
        """From log-odds to probability, 0 to 1."""
        return sigmoid(log_odds)

    def to_json(self) -> dict[str, Any]:
        """The section `series` of release.json."""
        value = asdict(self)
        value["weights"], value["intercepts"] = dict(self.weights), dict(self.intercepts)
        return value


def read_rule(value: Mapping[str, Any]) -> SeriesRule:
    """The rule from its JSON object; nothing may be missing, and nothing unknown be there.

    Raises:
        ValueError: it is not such an object; the message names the field.
    """
    version = value.get("version")
    if version != NAME:
        raise ValueError(
            f"The rule of a series is {version!r}, which this version of NeuroScan does not have."
        )
    _only(value, SeriesRule.__dataclass_fields__, what="series")
    intercepts = _numbers(value, "intercepts")
    weights = _numbers(value, "weights")
    by_sequence = _object(value, "by_sequence")
    planes = value["planes"]
    if set(weights) != set(FEATURES):
        raise ValueError(f"The series' 'weights' must be those of {', '.join(FEATURES)}.")
    if min(weights.values()) < 0.0:
        raise ValueError(
            "The series' 'weights' must be at least 0, so that more evidence never makes a tumor "
            "less probable."
        )
    if not intercepts or not set(intercepts) <= set(SEQUENCES):
        raise ValueError(f"The series' 'intercepts' must be for some of {', '.join(SEQUENCES)}.")
    if set(by_sequence) != set(intercepts):
        raise ValueError("The series' 'by_sequence' and 'intercepts' must name the same ones.")
    if not isinstance(planes, list | tuple) or not planes or not set(planes) <= set(PLANES):
        raise ValueError(f"The series' 'planes' must be some of {', '.join(PLANES)}.")
    low, high = _pair(value, "spacing_mm")
    if not 0.0 < low <= high:
        raise ValueError("The series' 'spacing_mm' must be above 0, the least first.")
    if high < 2.0 * low:
        raise ValueError("The series' 'spacing_mm' must reach from some spacing to twice of it.")
    rule = SeriesRule(
        version=version,
        weights=weights,
        intercepts=intercepts,
        planes=tuple(planes),
        spacing_mm=(low, high),
        least_extent_mm=_number(value, "least_extent_mm"),
        most_abstained=_share(value, "most_abstained"),
        threshold=_share(value, "threshold"),
        operating=_operating(_object(value, "operating")),
        by_sequence={name: _operating(_object(by_sequence, name)) for name in by_sequence},
    )
    if rule.least_extent_mm <= 0.0:
        raise ValueError("The series' 'least_extent_mm' must be above 0.")
    if not 0.0 < rule.threshold < 1.0:
        raise ValueError("The series' 'threshold' must lie between 0 and 1.")
    return rule


def _operating(value: Mapping[str, Any]) -> SeriesOperating:
    _only(value, SeriesOperating.__dataclass_fields__, what="series' operating point")
    if not isinstance(value["dataset"], str):
        raise ValueError("The series' 'dataset' must be text.")
    return SeriesOperating(
        dataset=value["dataset"],
        sensitivity=_share(value, "sensitivity"),
        specificity=_share(value, "specificity"),
        sensitivity_interval=_pair(value, "sensitivity_interval"),
        specificity_interval=_pair(value, "specificity_interval"),
        abstained=_share(value, "abstained"),
        tumor=_count(value, "tumor"),
        no_tumor=_count(value, "no_tumor"),
        patients=_count(value, "patients"),
    )


def _only(value: Mapping[str, Any], known: Mapping[str, Any], *, what: str) -> None:
    for name in known:
        if name not in value:
            raise ValueError(f"The {what} lacks {name!r}.")
    for name in value:
        if name not in known:
            raise ValueError(f"The {what} has {name!r}, which is not known.")


def _object(value: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    found = value[key]
    if not isinstance(found, Mapping):
        raise ValueError(f"The series' {key!r} must be a JSON object.")
    return found


def _numbers(value: Mapping[str, Any], key: str) -> dict[str, float]:
    found = _object(value, key)
    return {str(name): _number(found, name) for name in found}


def _number(value: Mapping[str, Any], key: str) -> float:
    return _finite(value[key], key)


def _finite(number: object, key: str) -> float:
    if isinstance(number, bool) or not isinstance(number, int | float) or not math.isfinite(number):
        raise ValueError(f"The series' {key!r} must be a number.")
    return float(number)


def _share(value: Mapping[str, Any], key: str) -> float:
    number = _number(value, key)
    if not 0.0 <= number <= 1.0:
        raise ValueError(f"The series' {key!r} must lie between 0 and 1.")
    return number


def _pair(value: Mapping[str, Any], key: str) -> tuple[float, float]:
    pair = value[key]
    if not isinstance(pair, list | tuple) or len(pair) != 2:
        raise ValueError(f"The series' {key!r} must be two numbers.")
    low, high = (_finite(each, key) for each in pair)
    return low, high


def _count(value: Mapping[str, Any], key: str) -> int:
    number = value[key]
    if isinstance(number, bool) or not isinstance(number, int) or number < 0:
        raise ValueError(f"The series' {key!r} must be a whole number.")
    return number
