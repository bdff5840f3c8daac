"""What a release says of a whole series: the slices' evidence together, with a rule of its own.

Each finished slice leaves a `SliceEvidence`. The state of a series is nothing but these, by their
place in the series: whoever has them, in whatever order they came, can ask `assess` at any time,
and gets the same statement from the same evidence. It is final once every slice is finished.

    release.series                            the rule, or None: then there is no statement
    Prediction.evidence, Abstention.evidence  what a finished slice leaves, to be kept as JSON
    assess({place: evidence}, context=..., rule=...)   a SeriesOpinion, or NoOpinion with its reason

NumPy and OpenCV alone: the web process computes statements from rows.
"""

from ml.series.assess import assess
from ml.series.evidence import FAILED, SliceEvidence, evidence_of
from ml.series.rule import SeriesOperating, SeriesRule
from ml.series.statement import (
    PLANES,
    SEQUENCES,
    NoOpinion,
    Reason,
    SeriesContext,
    SeriesOpinion,
)

__all__ = [
    "FAILED",
    "PLANES",
    "SEQUENCES",
    "NoOpinion",
    "Reason",
    "SeriesContext",
    "SeriesOperating",
    "SeriesOpinion",
    "SeriesRule",
    "SliceEvidence",
    "assess",
    "evidence_of",
]
