"""Why the model gives no opinion: a stable code and a full sentence each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from ml.imaging.pixels import Float32Array


class Reason(StrEnum):
    """Why the model gave no opinion, as a stable code."""

    TOO_SMALL = "too_small"
    UNREADABLE_CONTRAST = "unreadable_contrast"
    NO_HEAD = "no_head"
    NOT_BRAIN_MRI = "not_brain_mri"
    UNFAMILIAR = "unfamiliar"


SENTENCES: Final[Mapping[Reason, str]] = MappingProxyType(
    {
        Reason.TOO_SMALL: (
            "The image has too few pixels for the model, which gives no opinion on it; "
            "export the slice at its full size and upload it again."
        ),
        Reason.UNREADABLE_CONTRAST: (
            "The image is blank or nearly so, and the model gives no opinion on it; "
            "check the export or the window and upload it again."
        ),
        Reason.NO_HEAD: (
            "There is no head in the image, only background or noise, and the model gives no "
            "opinion on it; slices beside the head need none."
        ),
        Reason.NOT_BRAIN_MRI: (
            "The image does not look like a slice of a brain MRI, and the model gives no opinion "
            "on it; upload the MRI slice itself."
        ),
        Reason.UNFAMILIAR: (
            "The image differs too much from those the model has learnt from, and the model gives "
            "no opinion on it; try another slice or sequence of the study, or read it without the "
            "model."
        ),
    }
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Refusal:
    """The gate's no: a coded reason and a sentence for the user."""

    reason: Reason
    sentence: str


@dataclass(frozen=True, kw_only=True, slots=True)
class GateResult:
    """What a gate says, before the network or after it.

    Attributes:
        refusal: why there is to be no opinion, or None where there may be one.
        distance: the out-of-distribution score: how far the image lies from the training images,
            0 and up; from 1 on it is refused. None where the gate does not measure it.
        described: what the image looks like, of which the gate is asked again after the network.
    """

    refusal: Refusal | None = None
    distance: float | None = None
    described: Float32Array | None = field(default=None, compare=False, repr=False)


def refuse(reason: Reason) -> Refusal:
    """The refusal with the sentence that belongs to a reason."""
    return Refusal(reason=reason, sentence=SENTENCES[reason])
