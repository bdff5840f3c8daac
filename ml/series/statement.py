"""What is known of a series, and what is stated of it: an opinion, or none with its reason."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Final, Literal, TypeAlias

Label: TypeAlias = Literal["tumor", "no_tumor"]

PLANES: Final = ("axial", "coronal", "sagittal")
SEQUENCES: Final = ("T1", "T1c", "T2", "FLAIR")  # T1c: T1 with contrast


@dataclass(frozen=True, kw_only=True, slots=True)
class SeriesContext:
    """What the keeper of a series knows of it; None where that is not known.

    Attributes:
        slices_expected: how many slices the series has, at least 1; places run from 0 to one less,
            along the axis of the slices, in either direction.
        plane: one of `PLANES`.
        sequence: one of `SEQUENCES`, or another name, of which there is then no opinion.
        spacing_mm: from the middle of one slice to that of the next, in millimeters.

    Raises:
        ValueError: there is no slice, or the spacing is not above 0.
    """

    slices_expected: int
    plane: str | None = None
    sequence: str | None = None
    spacing_mm: float | None = None

    def __post_init__(self) -> None:
        if self.slices_expected < 1:
            raise ValueError("A series has at least one slice.")
        if self.spacing_mm is not None and not 0.0 < self.spacing_mm < float("inf"):
            raise ValueError("The spacing of a series must be above 0 mm.")


class Reason(StrEnum):
    """Why there is no opinion on a series, as a stable code."""

    PLANE_UNKNOWN = "plane_unknown"
    PLANE_NOT_CALIBRATED = "plane_not_calibrated"
    SEQUENCE_UNKNOWN = "sequence_unknown"
    SEQUENCE_NOT_CALIBRATED = "sequence_not_calibrated"
    SPACING_UNKNOWN = "spacing_unknown"
    SPACING_NOT_CALIBRATED = "spacing_not_calibrated"
    TOO_FEW_SLICES = "too_few_slices"
    TOO_MANY_ABSTENTIONS = "too_many_abstentions"
    SIZES_DIFFER = "sizes_differ"
    UNFINISHED = "unfinished"


# What is in braces, `assess` fills in.
SENTENCES: Final[Mapping[Reason, str]] = MappingProxyType(
    {
        Reason.PLANE_UNKNOWN: (
            "The plane of the series is not known, and the model gives no opinion on the series; "
            "state the plane."
        ),
        Reason.PLANE_NOT_CALIBRATED: (
            "The model's opinion on a series was measured on {calibrated} slices alone, and it "
            "gives none on {stated} ones; send a series in that plane, or go by the single slices."
        ),
        Reason.SEQUENCE_UNKNOWN: (
            "The sequence of the series is not known, and the model gives no opinion on the "
            "series; state the sequence ({calibrated})."
        ),
        Reason.SEQUENCE_NOT_CALIBRATED: (
            "The model's opinion on a series was measured on {calibrated} alone, and it gives none "
            "on {stated}; send one of these sequences, or go by the single slices."
        ),
        Reason.SPACING_UNKNOWN: (
            "The distance from slice to slice is not known, and the model gives no opinion on the "
            "series; state the spacing in millimeters."
        ),
        Reason.SPACING_NOT_CALIBRATED: (
            "The model's opinion on a series was measured with slices up to {calibrated} mm apart, "
            "and it gives none on slices {stated} mm apart; send a series with more slices, or go "
            "by the single slices."
        ),
        Reason.TOO_FEW_SLICES: (
            "The series has too few slices of the head ({covered}; {needed} are needed at this "
            "spacing), and the model gives no opinion on the series; send all slices."
        ),
        Reason.TOO_MANY_ABSTENTIONS: (
            "The model gave no opinion on {abstained} of {expected} slices, too many for one on "
            "the series; see the reasons at the single slices, or read the series without the "
            "model."
        ),
        Reason.SIZES_DIFFER: (
            "The images of the series differ in size, so they cannot be laid upon one another, and "
            "the model gives no opinion on the series; send the slices as the scanner made them."
        ),
        Reason.UNFINISHED: (
            "{finished} of {expected} slices are analyzed, too few yet for an opinion on the "
            "series; wait until more are."
        ),
    }
)


@dataclass(frozen=True, kw_only=True, slots=True)
class SeriesOpinion:
    """The model's opinion on a series.

    Attributes:
        probability: calibrated probability that the series shows a tumor, 0 to 1.
        label: "tumor" where probability >= threshold, else "no_tumor".
        threshold: the rule's.
        carrying: places of the slices that carry it, in order: those that speak most for a tumor,
            whatever the label; at least one.
        peak: the place among them that speaks most for a tumor.
        version: the rule's name.
        analyzed: how many slices have a result and were used.
        abstained: how many have none (abstentions and failures), blank ones at the ends apart.
        expected: how many the series has.
        final: whether all of them are finished; else the opinion may change.
    """

    probability: float
    label: Label
    threshold: float
    carrying: tuple[int, ...]
    peak: int
    version: str
    analyzed: int
    abstained: int
    expected: int
    final: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class NoOpinion:
    """No opinion on a series: a result of its own.

    Attributes:
        reason: a code from `Reason`.
        message: the same for the user, as a full sentence with what can be done.
        version: the rule's name.
        analyzed, abstained, expected, final: as for `SeriesOpinion`.
    """

    reason: str
    message: str
    version: str
    analyzed: int
    abstained: int
    expected: int
    final: bool
