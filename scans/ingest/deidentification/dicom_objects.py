"""A DICOM object without what says whom it is of (PS3.15, annex E).

The Basic Profile with the options in `profile.METHODS`. The transfer syntax stays, and so do the
bytes of the pixels. What the table does not name is kept as far as it is a number, a code, a UID
(in place of which another stands) or a text without the words of the patient's and others' names;
what is neither in the table nor in the dictionary of the standard goes.
"""

import io
from typing import Any, Final

import pydicom
from pydicom import DataElement, Dataset
from pydicom.dataset import FileMetaDataset
from pydicom.sequence import Sequence
from pydicom.tag import Tag
from pydicom.uid import PYDICOM_IMPLEMENTATION_UID, UID

from ml.imaging.formats import Limits, Refusal
from ml.imaging.formats.dicom import Kind, values
from ml.imaging.formats.dicom.files import read_dataset
from ml.imaging.formats.dicom.kinds import has_pixels, kind_of
from scans.ingest.deidentification.elements import Cleaning
from scans.ingest.deidentification.identity import Identity, identity_of
from scans.ingest.deidentification.keys import PseudonymKey
from scans.ingest.deidentification.profile import METHODS

__all__ = ["cannot", "pseudonymized_object"]

_IMPLEMENTATION: Final = "NEUROSCAN"


def pseudonymized_object(content: bytes, *, key: PseudonymKey, limits: Limits) -> bytes:
    """The object as it is stored: the same bytes each time for the same bytes and key.

    Raises:
        Refusal: as `read_dataset` does, or with code `cannot_be_pseudonymized`.
    """
    dataset = read_dataset(io.BytesIO(content), limits=limits)
    kind = kind_of(dataset)
    if not has_pixels(kind):  # text, or what no table describes
        raise cannot(f"it is no image ({kind.value})")
    if _has_overlay_in_pixels(dataset):
        raise cannot("a drawing lies in its pixels (an overlay in unused bits)")
    _refuse_text_in_pixels(dataset, kind)
    try:
        identity = identity_of(dataset)
        _clean(dataset, identity, key)
        return _written(dataset, key)
    except Refusal:
        raise
    except Exception as error:  # hostile or broken bytes fail in ways nobody lists
        raise cannot("its header is damaged") from error


def cannot(why: str) -> Refusal:
    """The refusal of a file of which names cannot be removed, for this reason."""
    return Refusal(
        "cannot_be_pseudonymized",
        "This clinic keeps no names in files, and what names a person cannot be removed from this "
        f"one: {why}.",
        "Leave it out, or ask an administrator of the clinic.",
    )


def _clean(dataset: Dataset, identity: Identity, key: PseudonymKey) -> None:
    implicit = dataset.file_meta.TransferSyntaxUID.is_implicit_VR
    cleaning = Cleaning(
        key=key, days=key.days(identity.key), words=identity.words, implicit=implicit
    )
    cleaning.clean(dataset)
    _name_vr_of_pixels(dataset)
    pseudonym = key.pseudonym(identity.key)
    dataset.PatientName = pseudonym
    # Without an ID it is nobody's by its ID, as where names are kept: a person decides.
    dataset.PatientID = pseudonym if identity.has_number else None
    dataset.PatientIdentityRemoved = "YES"
    dataset.DeidentificationMethod = [f"DICOM PS3.15 {code}" for code, _ in METHODS]
    dataset.DeidentificationMethodCodeSequence = Sequence(_code(*method) for method in METHODS)
    dataset.LongitudinalTemporalInformationModified = "MODIFIED"


def _name_vr_of_pixels(dataset: Dataset) -> None:
    """Where a file leaves it out, as some do that mix the two ways of writing elements."""
    if "PixelData" not in dataset or dataset.get_item("PixelData").VR is not None:
        return
    syntax = dataset.file_meta.TransferSyntaxUID
    if not syntax.is_implicit_VR:
        content = dataset.get_item("PixelData").value
        element = DataElement(Tag("PixelData"), "OB" if syntax.is_compressed else "OW", content)
        element.is_undefined_length = bool(syntax.is_encapsulated)
        dataset[element.tag] = element


def _code(value: str, meaning: str) -> Dataset:
    item = Dataset()
    item.CodeValue = value
    item.CodingSchemeDesignator = "DCM"
    item.CodeMeaning = meaning
    return item


def _has_overlay_in_pixels(dataset: Dataset) -> bool:
    """An overlay of the old standard, in bits that the image does not use (PS3.5-2004, 8.1.2)."""
    for group in range(0x6000, 0x6020, 2):
        if (group, 0x0010) in dataset and (group, 0x3000) not in dataset:
            return True
    return False


def _refuse_text_in_pixels(dataset: Dataset, kind: Kind) -> None:
    """Refuse an image that says so of itself, and a picture of a screen that does not deny it.

    Neither can be stamped as an image from which the patient's identity was removed.
    """
    said = values.text(dataset, "BurnedInAnnotation").upper()
    if said == "YES":
        raise cannot("its header says that text is burned into its pixels")
    if kind is Kind.SECONDARY_CAPTURE and said != "NO":
        raise cannot(
            "it is a picture of a screen or of paper, and its header does not say that no text is "
            "burned into its pixels"
        )


def _written(dataset: Dataset, key: PseudonymKey) -> bytes:
    received: Any = dataset.file_meta
    meta = FileMetaDataset()
    sop_class = values.text(dataset, "SOPClassUID")
    sop_class = sop_class or values.text(received, "MediaStorageSOPClassUID")
    if sop_class:
        meta.MediaStorageSOPClassUID = UID(sop_class)
    named = values.text(received, "MediaStorageSOPInstanceUID")
    meta.MediaStorageSOPInstanceUID = UID(values.text(dataset, "SOPInstanceUID") or key.uid(named))
    meta.TransferSyntaxUID = received.TransferSyntaxUID
    meta.ImplementationClassUID = PYDICOM_IMPLEMENTATION_UID
    meta.ImplementationVersionName = _IMPLEMENTATION
    meta.FileMetaInformationVersion = b"\0\1"
    meta.FileMetaInformationGroupLength = 0  # counted as it is written
    dataset.file_meta = meta
    dataset.preamble = b"\0" * 128
    file = io.BytesIO()
    pydicom.dcmwrite(file, dataset, enforce_file_format=False)
    return file.getvalue()
