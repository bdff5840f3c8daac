"""The kinds of image that a release fails on most surely."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from ml.metrics.classification import BoolArray

COUNT: Final = 6
LEAST: Final = 20  # slices that a figure must rest on
LEAST_PATIENTS: Final = 3  # of fewer the interval reaches to the bottom whatever was found
_OVERLAP: Final = 0.5  # of the smaller of two kinds; with more they are one


@dataclass(frozen=True, kw_only=True, slots=True)
class Stratum:
    """Some slices and their figures.

    Attributes:
        by, names: under what they are counted, as in `strata.BY`, and the name of each.
        among: bool, shape (N,): which of all slices.
        figures: as `figures.figures` gives them.
    """

    by: tuple[str, ...]
    names: tuple[str, ...]
    among: BoolArray
    figures: dict[str, Any]


@dataclass(frozen=True, kw_only=True, slots=True)
class _Failure:
    stratum: Stratum
    figure: str
    estimate: dict[str, Any]
    among: BoolArray


def worst(
    strata: Sequence[Stratum], *, truths: BoolArray, others: Mapping[str, Any] | None = None
) -> list[dict[str, Any]]:
    """The six kinds with the lowest lower ends of an interval, the worst first.

    Of two kinds that share more than half of the smaller one's slices the worse stands for both.

    Args:
        strata: all of them; those of fewer than 20 slices or three patients are left out, and
            figures at which nothing failed.
        truths: bool, shape (N,), whether a slice shows a tumor.
        others: from `turned_away.turned_away`.

    Returns:
        A row each: `by`, `names`, `figure` (`sensitivity`, `specificity`, `heatmap`, `answered`,
        the share of brain MRI with an answer, or `turned_away`, of what is none), `value`, `low`,
        `high`, `n`.
    """
    found: list[_Failure] = []
    for one in sorted(_candidates(strata, truths=truths), key=_lower_end):
        if not any(_same(one, other) for other in found):
            found.append(one)
    rows = [
        {
            "by": list(one.stratum.by),
            "names": list(one.stratum.names),
            "figure": one.figure,
            **{key: one.estimate[key] for key in ("value", "low", "high", "n")},
        }
        for one in found[:COUNT]
    ]
    rows += [
        {
            "by": ["other"],
            "names": [kind["kind"]],
            "figure": "turned_away",
            **kind["share"],
            "n": kind["n"],
        }
        for kind in (others or {}).get("kinds", ())
        if kind["n"] >= LEAST and kind["share"]["value"] < 1.0
    ]
    return sorted(rows, key=lambda row: (row["low"], row["value"]))[:COUNT]


def _candidates(strata: Sequence[Stratum], *, truths: BoolArray) -> Iterator[_Failure]:
    for stratum in strata:
        given = {
            "sensitivity": (stratum.figures["sensitivity"], stratum.among & truths),
            "specificity": (stratum.figures["specificity"], stratum.among & ~truths),
            "heatmap": (stratum.figures["heatmap"], stratum.among & truths),
            "answered": (_answered(stratum.figures["abstained"]), stratum.among),
        }
        for figure, (estimate, among) in given.items():
            if estimate is None or estimate["low"] is None or estimate["value"] == 1.0:
                continue  # nothing is known, or nothing failed
            if estimate["n"] >= LEAST and estimate["clusters"] >= LEAST_PATIENTS:
                yield _Failure(stratum=stratum, figure=figure, estimate=estimate, among=among)


def _answered(abstained: Mapping[str, Any] | None) -> dict[str, Any] | None:
    if abstained is None or abstained["low"] is None:
        return None
    ends = {"value": "value", "low": "high", "high": "low"}
    return {**abstained, **{to: round(1.0 - abstained[of], 4) for to, of in ends.items()}}


def _lower_end(one: _Failure) -> tuple[float, float, int]:
    # Of equal ones that which is counted under fewer names, the wider kind.
    return one.estimate["low"], one.estimate["value"], len(one.stratum.by)


def _same(one: _Failure, other: _Failure) -> bool:
    smaller = min(int(one.among.sum()), int(other.among.sum()))
    shared = int((one.among & other.among).sum())
    return one.figure == other.figure and shared > _OVERLAP * smaller
