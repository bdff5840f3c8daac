"""The data set that answers a Store transaction (PS3.18, 10.5.3), as DICOM JSON or as XML."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any
from xml.etree import ElementTree

from pydicom.dataset import Dataset
from pydicom.sequence import Sequence as ItemSequence
from rest_framework.renderers import BaseRenderer

from scans.services.studies.doors import Taken

# Of our own, from the range of warnings: the object is stored, and a person has to say whose it is.
HELD = 0xB0F0
COERCED = 0xB000  # PS3.18, table I.2-1: coercion of data elements
_NAMESPACE = "http://dicom.nema.org/PS3.19/models/NativeDICOM"


@dataclass(frozen=True)
class Warned:
    """What is to be said of an object that is stored: a Warning Reason, and a sentence."""

    reason: int
    sentence: str


@dataclass(frozen=True)
class Stored:
    """What became of one part; a warning only where it is stored."""

    taken: Taken
    warning: Warned | None = None

    @property
    def sentence(self) -> str:
        """What is said of it in words; empty where all is well."""
        return self.warning.sentence if self.warning else self.taken.sentence


def status_of(outcomes: Sequence[Stored]) -> int:
    """200 where all is well, 409 where nothing is stored, else 202 (PS3.18, table 10.5.3-1)."""
    if not any(one.taken.is_stored for one in outcomes):
        return 409
    is_well = all(one.taken.is_stored and not one.warning for one in outcomes)
    return 200 if is_well else 202


def dataset_of(outcomes: Iterable[Stored]) -> Dataset:
    """Name each object under what became of it; what is no object has no name, only a reason."""
    stored, failed, others = ItemSequence(), ItemSequence(), ItemSequence()
    for one in outcomes:
        item, row = Dataset(), one.taken.row
        if row is not None:
            item.ReferencedSOPClassUID = row.sop_class_uid
            item.ReferencedSOPInstanceUID = row.sop_instance_uid
        if one.taken.is_stored:
            if one.warning:
                item.WarningReason = one.warning.reason
            item.RetrieveURL = ""  # required to be there; nothing is retrieved here by DICOMweb
            stored.append(item)
            continue
        item.FailureReason = one.taken.status.value
        (others if row is None else failed).append(item)
    answer = Dataset()
    answer.RetrieveURL = ""
    if stored:
        answer.ReferencedSOPSequence = stored
    if failed:
        answer.FailedSOPSequence = failed
    if others:
        answer.OtherFailuresSequence = others
    return answer


class DicomJSONRenderer(BaseRenderer):
    """PS3.18, annex F."""

    media_type = "application/dicom+json"
    format = "dicom-json"
    charset = None

    def render(self, data: Any, *_: Any, **__: Any) -> bytes:
        """Return the data set as JSON."""
        return json.dumps(data.to_json_dict()).encode()


class PlainJSONRenderer(DicomJSONRenderer):
    """The same for clients that ask for JSON."""

    media_type = "application/json"


class DicomXMLRenderer(BaseRenderer):
    """The Native DICOM Model (PS3.19, annex A), of what an answer holds: texts, numbers, items."""

    media_type = "application/dicom+xml"
    format = "dicom-xml"
    charset = None

    def render(self, data: Any, *_: Any, **__: Any) -> bytes:
        """Return the data set as XML."""
        root = ElementTree.Element("NativeDicomModel", {"xmlns": _NAMESPACE})
        _add(root, data)
        return b'<?xml version="1.0" encoding="UTF-8"?>\n' + ElementTree.tostring(root)


def _add(parent: ElementTree.Element, dataset: Dataset) -> None:
    for element in dataset:
        attribute = ElementTree.SubElement(
            parent,
            "DicomAttribute",
            {
                "tag": f"{element.tag:08X}",
                "vr": element.VR,
                "keyword": element.keyword,
            },
        )
        if element.VR == "SQ":
            for number, item in enumerate(element.value, 1):
                _add(ElementTree.SubElement(attribute, "Item", {"number": str(number)}), item)
        elif element.value not in (None, ""):
            ElementTree.SubElement(attribute, "Value", {"number": "1"}).text = str(element.value)
