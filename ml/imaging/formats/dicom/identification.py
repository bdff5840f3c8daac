"""Which object a DICOM file is and whom it names: read in half a millisecond, without a pixel.

`read_header` reads everything else.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, BinaryIO

from ml.imaging.formats.contract import Limits, PatientIdentity, Refusal
from ml.imaging.formats.dicom import recognizing, values
from ml.imaging.formats.dicom.files import read_dataset
from ml.imaging.formats.dicom.header import patient_of
from ml.imaging.formats.dicom.json_header import json_header
from ml.imaging.formats.dicom.pixel_element import PixelElementFinder


@dataclass(frozen=True, kw_only=True, slots=True)
class Identification:
    """What tells an object from every other, and whose it is. "" for a UID that is not stated."""

    sop_class_uid: str
    sop_instance_uid: str
    transfer_syntax_uid: str
    study_uid: str
    series_uid: str
    patient: PatientIdentity


def read_identification(file: BinaryIO, *, limits: Limits) -> Identification:
    """Read which object a file is.

    Raises:
        Refusal: as `read_dataset` does, or with code `empty` or `not_dicom`.
    """
    file.seek(0)
    head = file.read(recognizing.HEAD_BYTES)
    if not head:
        raise Refusal("empty", "The file is empty.", "Export or copy it again.")
    if not recognizing.recognizes(head):
        raise Refusal("not_dicom", "This is not a DICOM file.", "Send the DICOM files themselves.")
    try:
        dataset = read_dataset(file, limits=limits, stop=PixelElementFinder())
    except Refusal:
        raise
    except Exception as error:  # hostile bytes make the reader fail in ways it does not document
        raise Refusal(
            "truncated", "The DICOM file is truncated or damaged.", "Export or send it again."
        ) from error
    return Identification(
        sop_class_uid=values.text(dataset, "SOPClassUID"),
        sop_instance_uid=values.text(dataset, "SOPInstanceUID"),
        transfer_syntax_uid=values.text(dataset.file_meta, "TransferSyntaxUID"),
        study_uid=values.text(dataset, "StudyInstanceUID"),
        series_uid=values.text(dataset, "SeriesInstanceUID"),
        patient=patient_of(dataset),
    )


def read_json_header(file: BinaryIO, *, limits: Limits) -> dict[str, Any]:
    """Read the header as DICOM JSON, as an instance keeps it.

    Raises:
        Refusal: as `read_dataset` does, or `truncated` where it cannot be written so.
    """
    dataset = read_dataset(file, limits=limits, stop=PixelElementFinder())
    try:
        return json_header(dataset)
    except Exception as error:  # ill-formed values fail in ways of their own
        raise Refusal("truncated", "The header of the file cannot be shown.") from error
