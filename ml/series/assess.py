"""From the evidence of a series' slices to the statement on the series."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from ml.series.evidence import SliceEvidence
from ml.series.features import Measured, measure
from ml.series.rule import SeriesRule
from ml.series.statement import SENTENCES, NoOpinion, Reason, SeriesContext, SeriesOpinion
from ml.series.volume import SizesDifferError

# Codes of the gate for slices with nothing in them.
BLANK: Final = frozenset({"unreadable_contrast", "no_head"})
_ROUNDING: Final = 0.02  # of a spacing: what is stated as 5 mm may be 4.98


@dataclass(frozen=True, kw_only=True, slots=True)
class Tally:
    """What has come of a series so far.

    Attributes:
        read: the slices with a result, by place.
        finished: how many slices are finished, with a result or without.
        abstained: how many of them have none; blank ones above and below the head do not count.
    """

    read: Mapping[int, SliceEvidence]
    finished: int
    abstained: int

    @property
    def covered(self) -> int:
        """How many slices of the head there were."""
        return len(self.read) + self.abstained


def assess(
    evidence: Mapping[int, SliceEvidence], *, context: SeriesContext, rule: SeriesRule
) -> SeriesOpinion | NoOpinion:
    """State what the finished slices of a series say together.

    The same evidence gives the same statement, in whatever order it came. A series whose slices
    lie closer together than those that were calibrated is taken apart into as many coarser ones
    as it takes (of slices 1 mm apart, five that are 5 mm apart); its log-odds are their mean.

    Args:
        evidence: of the finished slices, by place in the series (see `SeriesContext`); abstentions
            and failures among them (`SliceEvidence.without_opinion`).
        context: what is known of the series.
        rule: the release's, which also read the slices.

    Raises:
        ValueError: a place lies outside the series, or a map is missing or broken.
    """
    if any(not 0 <= place < context.slices_expected for place in evidence):
        raise ValueError("A place lies outside the series.")
    counts = tally(evidence)
    refused = _outside_the_calibrated(context, rule=rule) or _too_little(
        counts, context=context, rule=rule
    )
    if refused is None:
        try:
            return _opinion(counts, context=context, rule=rule)
        except SizesDifferError:
            refused = Reason.SIZES_DIFFER, {}
    reason, words = refused
    return NoOpinion(
        reason=str(reason),
        message=SENTENCES[reason].format(**words),
        version=rule.version,
        analyzed=len(counts.read),
        abstained=counts.abstained,
        expected=context.slices_expected,
        final=counts.finished == context.slices_expected,
    )


def coarser(spacing_mm: float, *, calibrated: tuple[float, float]) -> int | None:
    """Into how many coarser series a series is taken apart; None where it is too coarse itself."""
    low, high = calibrated
    parts = max(1, math.ceil(low * (1.0 - _ROUNDING) / spacing_mm))
    return parts if parts * spacing_mm <= high * (1.0 + _ROUNDING) else None


def tally(evidence: Mapping[int, SliceEvidence]) -> Tally:
    """Count what has come.

    Args:
        evidence: of the finished slices, by place.
    """
    read = {place: one for place, one in sorted(evidence.items()) if one.logit is not None}
    # Above the head and below it there is nothing to have an opinion on.
    first, last = min(read, default=math.inf), max(read, default=-math.inf)
    abstained = [
        place
        for place, one in evidence.items()
        if one.logit is None and (first < place < last or one.reason not in BLANK)
    ]
    return Tally(read=read, finished=len(evidence), abstained=len(abstained))


def _outside_the_calibrated(
    context: SeriesContext, *, rule: SeriesRule
) -> tuple[Reason, dict[str, str]] | None:
    planes, sequences = ", ".join(rule.planes), ", ".join(rule.intercepts)
    if context.plane is None:
        return Reason.PLANE_UNKNOWN, {}
    if context.plane not in rule.planes:
        return Reason.PLANE_NOT_CALIBRATED, {"calibrated": planes, "stated": context.plane}
    if context.sequence is None:
        return Reason.SEQUENCE_UNKNOWN, {"calibrated": sequences}
    if context.sequence not in rule.intercepts:
        words = {"calibrated": sequences, "stated": context.sequence}
        return Reason.SEQUENCE_NOT_CALIBRATED, words
    if context.spacing_mm is None:
        return Reason.SPACING_UNKNOWN, {}
    if coarser(context.spacing_mm, calibrated=rule.spacing_mm) is None:
        words = {"calibrated": f"{rule.spacing_mm[1]:g}", "stated": f"{context.spacing_mm:g}"}
        return Reason.SPACING_NOT_CALIBRATED, words
    return None


def _too_little(
    counts: Tally, *, context: SeriesContext, rule: SeriesRule
) -> tuple[Reason, dict[str, str]] | None:
    assert context.spacing_mm is not None  # `_outside_the_calibrated` asked
    expected = str(context.slices_expected)
    if counts.abstained > rule.most_abstained * context.slices_expected:
        words = {"abstained": str(counts.abstained), "expected": expected}
        return Reason.TOO_MANY_ABSTENTIONS, words
    needed = math.ceil(rule.least_extent_mm / context.spacing_mm)
    if counts.covered >= needed:
        return None
    if context.slices_expected - counts.finished + counts.covered < needed:
        words = {"covered": str(counts.covered), "needed": str(needed)}
        return Reason.TOO_FEW_SLICES, words
    return Reason.UNFINISHED, {"finished": str(counts.finished), "expected": expected}


def _opinion(counts: Tally, *, context: SeriesContext, rule: SeriesRule) -> SeriesOpinion:
    assert context.spacing_mm is not None  # `_outside_the_calibrated` asked
    assert context.sequence is not None
    parts = coarser(context.spacing_mm, calibrated=rule.spacing_mm)
    assert parts is not None
    found: list[tuple[float, Measured]] = []
    for phase in range(parts):
        slices = {place: one for place, one in counts.read.items() if place % parts == phase}
        if slices:
            measured = measure(slices, spacing_mm=context.spacing_mm, step=parts)
            log_odds = rule.log_odds(measured.features, sequence=context.sequence)
            found.append((log_odds, measured))
    probability = rule.probability(math.fsum(one for one, _ in found) / len(found))
    _, strongest = max(found, key=lambda one: one[0])
    return SeriesOpinion(
        probability=probability,
        label="tumor" if probability >= rule.threshold else "no_tumor",
        threshold=rule.threshold,
        carrying=tuple(sorted({place for _, one in found for place in one.carrying})),
        peak=strongest.peak,
        version=rule.version,
        analyzed=len(counts.read),
        abstained=counts.abstained,
        expected=context.slices_expected,
        final=counts.finished == context.slices_expected,
    )
