"""What a stored object is: an MR image of a head, or what else, and why that is not analyzed."""

from __future__ import annotations

import re
import unicodedata
from enum import Enum
from typing import Final

from pydicom import Dataset, uid

from ml.imaging.formats.dicom import private, sequences, values


class Kind(Enum):
    """What an object is, as lists name it. Only of `MR_IMAGE` slices are analyzed."""

    MR_IMAGE = "MR image"
    LOCALIZER = "localizer"
    DERIVED = "derived MR image"
    PHASE = "phase image"
    OTHER_BODY_PART = "MR image of another part of the body"
    CT = "CT image"
    ULTRASOUND = "ultrasound image"
    OTHER_IMAGE = "image of another modality"
    SECONDARY_CAPTURE = "secondary capture"
    SEGMENTATION = "segmentation"
    STRUCTURED_REPORT = "structured report"
    PROTOCOL = "protocol report"
    SPECTROSCOPY = "spectroscopy"
    RAW_DATA = "raw data"
    PRESENTATION_STATE = "presentation state"
    DOCUMENT = "document"
    OTHER = "another object"

    @property
    def why_not_analyzed(self) -> str:
        """A sentence for people; empty for what is analyzed."""
        return _WHY.get(self, "" if self is Kind.MR_IMAGE else _NO_IMAGE.format(name=self.value))


_NO_IMAGE: Final = "Not analyzed: it is a {name}, and no slice of a head."
_WHY: Final = {
    Kind.LOCALIZER: "Not analyzed: a localizer is for planning the other series.",
    Kind.DERIVED: "Not analyzed: it was computed from other images.",
    Kind.PHASE: "Not analyzed: it shows the phase of the signal, and no anatomy.",
    Kind.OTHER_BODY_PART: "Not analyzed: its header names another part of the body than the head.",
    Kind.CT: "Not analyzed: the model reads MRI, and this is CT.",
    Kind.ULTRASOUND: "Not analyzed: the model reads MRI, and this is ultrasound.",
    Kind.OTHER_IMAGE: "Not analyzed: the model reads MRI, and this is of another modality.",
    Kind.SECONDARY_CAPTURE: "Not analyzed: it is a picture of a screen or of paper.",
    Kind.OTHER: "Not analyzed: it is no image.",
}
_MR: Final = {uid.MRImageStorage, uid.EnhancedMRImageStorage, uid.EnhancedMRColorImageStorage}
_BY_CLASS: Final = {
    uid.LegacyConvertedEnhancedMRImageStorage: Kind.MR_IMAGE,
    uid.MRSpectroscopyStorage: Kind.SPECTROSCOPY,
    uid.RawDataStorage: Kind.RAW_DATA,
    uid.SegmentationStorage: Kind.SEGMENTATION,
    uid.SurfaceSegmentationStorage: Kind.SEGMENTATION,
    uid.EncapsulatedPDFStorage: Kind.DOCUMENT,
    uid.EncapsulatedCDAStorage: Kind.DOCUMENT,
    # Siemens' own classes: protocol ("Phoenix") and spectroscopy.
    "1.3.12.2.1107.5.9.1": Kind.PROTOCOL,
}
# Parts of names of SOP classes, as PS3.6 has them.
_BY_NAME: Final = (
    ("Secondary Capture", Kind.SECONDARY_CAPTURE),
    ("Presentation State", Kind.PRESENTATION_STATE),
    (" SR Storage", Kind.STRUCTURED_REPORT),
    ("Structured Report", Kind.STRUCTURED_REPORT),
    ("Key Object Selection", Kind.STRUCTURED_REPORT),
    ("CT Image", Kind.CT),
    ("Ultrasound", Kind.ULTRASOUND),
    ("Image Storage", Kind.OTHER_IMAGE),
)
# In English, German, French, Italian, Spanish and Portuguese, without accents, and those parts of
# the head that have examinations of their own.
_HEAD: Final = re.compile(
    r"HEAD|BRAIN|SKULL|NEURO|CRAN|KOPF|SCHADEL|CEREB|TETE|CABE[CZ]|ENCEF|ENCEPH|\bCEPHAL|\bTESTA\b"
    r"|PITUIT|HYPOPHY|SELLA|ORBIT|TEMPORAL|\bIACS?\b"
)
_NOT_TOLD: Final = {"", "UNKNOWN", "OTHER", "NONE", "WHOLEBODY", "UNSPECIFIED"}
# Of Image Type: what is projected through many slices is none.
_PROJECTIONS: Final = {"PROJECTION IMAGE", "MIP", "MNIP", "MAX_IP", "MIN_IP"}
_LOCALIZER_WORDS: Final = {
    "localizer",
    "localiser",
    "loc",
    "scout",
    "survey",
    "aahscout",
    "3plane",
    "3-plane",
    "pilot",
}


def kind_of(dataset: Dataset) -> Kind:
    """What an object is, by its SOP class, then by what its header says of the image."""
    sop_class = values.text(dataset, "SOPClassUID")
    modality = values.text(dataset, "Modality").upper()
    if sop_class in _BY_CLASS and _BY_CLASS[sop_class] is not Kind.MR_IMAGE:
        return _BY_CLASS[sop_class]
    if _is_protocol(dataset):
        return Kind.PROTOCOL
    if sop_class in _MR or sop_class in _BY_CLASS or (not sop_class and modality == "MR"):
        return _kind_of_mr(dataset)
    name = uid.UID(sop_class).name if sop_class else ""
    for part, kind in _BY_NAME:
        if part in name:
            return kind
    has_image = "Rows" in dataset and "Columns" in dataset
    return Kind.OTHER_IMAGE if has_image else Kind.OTHER


def body_part_of(dataset: Dataset) -> str:
    """The part of the body that the header names; "" where it names none, or says "unknown"."""
    part = values.text(dataset, "BodyPartExamined")
    return "" if part.upper().replace(" ", "") in _NOT_TOLD else part


def has_pixels(kind: Kind) -> bool:
    """Whether objects of this kind are shown as images."""
    return kind not in {
        Kind.STRUCTURED_REPORT,
        Kind.PROTOCOL,
        Kind.SPECTROSCOPY,
        Kind.RAW_DATA,
        Kind.PRESENTATION_STATE,
        Kind.DOCUMENT,
        Kind.OTHER,
    }


def _kind_of_mr(dataset: Dataset) -> Kind:
    image_type = {part.upper() for part in values.texts(dataset, "ImageType")}
    words = set(values.text(dataset, "SeriesDescription").lower().replace("_", " ").split())
    if "LOCALIZER" in image_type or words & _LOCALIZER_WORDS:
        return Kind.LOCALIZER
    if _is_of_another_part(values.text(dataset, "BodyPartExamined")):
        return Kind.OTHER_BODY_PART
    if _is_phase(dataset, image_type):
        return Kind.PHASE
    if image_type & _PROJECTIONS or sequences.sequence_of(dataset) == sequences.DERIVED:
        return Kind.DERIVED
    return Kind.MR_IMAGE


def _is_phase(dataset: Dataset, image_type: set[str]) -> bool:
    """Whether a classic image shows the phase, or one part of the complex signal."""
    said = values.text(dataset, "ComplexImageComponent").upper()
    if said:
        return said in {"PHASE", "IMAGINARY"}  # the real part of an inversion recovery is anatomy
    if image_type & {"M", "MAGNITUDE"} or "MIXED" in image_type:
        return False
    parts = {"P", "PHASE", "I", "IMAGINARY"}
    return bool(image_type & parts) or private.component(dataset) in {"phase", "imaginary"}


def _is_of_another_part(part: str) -> bool:
    """Whether a body part is named, and none of the head. Scanners fill it in carelessly."""
    plain = unicodedata.normalize("NFKD", part.upper()).encode("ascii", "ignore").decode()
    said = plain.replace("_", " ")
    return said.replace(" ", "") not in _NOT_TOLD and not _HEAD.search(said)


def _is_protocol(dataset: Dataset) -> bool:
    """Whether it is Siemens' report of a protocol: a hospital's name may hold the word as well."""
    said = values.text(dataset, "SeriesDescription").lower()
    return "phoenix" in said and "Rows" not in dataset
