"""Where a slice comes from and what it may be used for, as far as its data folder says."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final, Literal

UNKNOWN: Final = "unknown"
STATISTICS_ONLY: Final = "nb_nc_"  # how the names of sources begin that give statistics alone
_NON_COMMERCIAL: Final = re.compile(
    r"\bNC\b|non-?commercial|no licen[cs]e stated", flags=re.IGNORECASE
)
_BANDS: Final = ("0-25 %", "25-50 %", "50-75 %", "75-100 %")

Role = Literal["train", "validate"]
Use = Literal["weights", "statistics", "look"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Provenance:
    """What a data folder says of a slice beside its label.

    Attributes:
        folder: name of the data folder, which numbers its clusters by itself.
        file: the slice's name in that folder's manifest.
        role: `train`, or `validate` for what may be looked at and never enters weights.
        license: in the folder's words; empty where it says none.
        patient: the head; empty where it is not known.
        sequence, plane: for example "T1c" and "axial", or "unknown".
        level: 0 (base, back or left) to 1 (vertex, front or right) of what the scan covers.
        stripped: whether the skull was removed: "yes", "no" or "unknown".
        stack, index, position_mm: the stack it belongs to, its place there and on the axis of the
            scanner.
        tumor_in_head: whether any slice of its stack shows a tumor.
    """

    folder: str = ""
    file: str = ""
    role: Role = "train"
    license: str = ""
    patient: str = ""
    sequence: str = UNKNOWN
    plane: str = UNKNOWN
    level: float | None = None
    stripped: str = UNKNOWN
    stack: str = ""
    index: int | None = None
    position_mm: float | None = None
    tumor_in_head: bool | None = None

    @property
    def level_band(self) -> str:
        """The quarter of the scan, or "unknown"."""
        if self.level is None:
            return UNKNOWN
        return _BANDS[min(int(self.level * len(_BANDS)), len(_BANDS) - 1)]


_STRIPPED: Final = {"1": "yes", "yes": "yes", "0": "no", "no": "no"}
NOTHING_KNOWN: Final = Provenance()


def use_of(*, role: str, source: str, license: str) -> Use:
    """What an image may be used for.

    Returns:
        "weights" for training; "statistics" for means, covariances, quantiles and thresholds,
        without a gradient and without a stored example; "look" for choosing by figures alone.
    """
    if role == "validate":
        return "look"
    if source.startswith(STATISTICS_ONLY) or _NON_COMMERCIAL.search(license):
        return "statistics"
    return "weights"


def stripped_of(text: str) -> str:
    """Whether the skull was removed, as a table says it (1 or 0, yes or no): yes, no or unknown."""
    return _STRIPPED.get(text.lower(), UNKNOWN)
