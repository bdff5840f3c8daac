"""Enhanced multi-frame objects (PS3.3, C.7.6.16): each frame described as a classic image is.

A functional group stands once for all frames (Shared) or for each (Per-Frame). Both are brought
into one data set a frame, with the elements of a classic MR image, so that every rule reads one
form.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from pydicom import Dataset

from ml.imaging.formats.dicom import values

# Group, its elements, and what a classic image calls them.
_GROUPS: Final[tuple[tuple[str, dict[str, str]], ...]] = (
    (
        "PixelMeasuresSequence",
        {"PixelSpacing": "", "SliceThickness": "", "SpacingBetweenSlices": ""},
    ),
    ("PlanePositionSequence", {"ImagePositionPatient": ""}),
    ("PlaneOrientationSequence", {"ImageOrientationPatient": ""}),
    (
        "FrameVOILUTSequence",
        {
            "WindowCenter": "",
            "WindowWidth": "",
            "WindowCenterWidthExplanation": "",
            "VOILUTFunction": "",
        },
    ),
    (
        "PixelValueTransformationSequence",
        {"RescaleSlope": "", "RescaleIntercept": "", "RescaleType": ""},
    ),
    ("MRTimingAndRelatedParametersSequence", {"RepetitionTime": "", "EchoTrainLength": ""}),
    ("MREchoSequence", {"EffectiveEchoTime": "EchoTime"}),
    ("MRModifierSequence", {"InversionTimes": "InversionTime"}),
    (
        "MRImageFrameTypeSequence",
        {"FrameType": "ImageType", "ComplexImageComponent": "", "AcquisitionContrast": ""},
    ),
    ("MRDiffusionSequence", {"DiffusionBValue": ""}),
    (
        "FrameContentSequence",
        {
            "FrameAcquisitionNumber": "AcquisitionNumber",
            "TemporalPositionIndex": "TemporalPositionIdentifier",
            "StackID": "",
            "InStackPositionNumber": "",
            "DimensionIndexValues": "",
        },
    ),
)


def is_enhanced(dataset: Dataset) -> bool:
    """Whether its frames are described by functional groups."""
    return any(
        keyword in dataset
        for keyword in ("PerFrameFunctionalGroupsSequence", "SharedFunctionalGroupsSequence")
    )


def classic_frames(dataset: Dataset, indices: Iterable[int]) -> Iterator[Dataset]:
    """One data set for each of these frames, from 0; what no group says of it is not in it."""
    shared = values.first_item(dataset, "SharedFunctionalGroupsSequence")
    frames = list(values.items(dataset, "PerFrameFunctionalGroupsSequence"))
    for index in indices:
        own = frames[index] if index < len(frames) else None
        yield classic(dataset, shared, own)


def classic(dataset: Dataset, shared: Dataset | None, own: Dataset | None) -> Dataset:
    """The functional groups of one frame in the elements of a classic image."""
    frame = Dataset()
    for group, elements in _GROUPS:
        item = values.first_item(own, group) or values.first_item(shared, group)
        if item is None:
            continue
        for keyword, classic_keyword in elements.items():
            found = values.value(item, keyword)
            if found is not None:
                setattr(frame, classic_keyword or keyword, _single(classic_keyword, found))
    frame.ScanningSequence = _techniques(dataset)
    return frame


def _single(keyword: str, found: object) -> object:
    """Inversion Times has several values where Inversion Time has one."""
    if keyword == "InversionTime" and not isinstance(found, float | int | str):
        return next(iter(found), None)  # type: ignore[call-overload]
    return found


def _techniques(dataset: Dataset) -> list[str]:
    """As Scanning Sequence has them: SE, GR, EP, IR."""
    echo = values.text(dataset, "EchoPulseSequence").upper()
    found = {"SPIN": ["SE"], "GRADIENT": ["GR"], "BOTH": ["GR", "SE"]}.get(echo, [])
    if values.text(dataset, "EchoPlanarPulseSequence").upper() == "YES":
        found.append("EP")
    if values.text(dataset, "InversionRecovery").upper() == "YES":
        found.append("IR")
    return found
