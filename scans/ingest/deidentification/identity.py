"""Whom an object is of, and the words in it that say so."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from pydicom import Dataset
from pydicom.datadict import dictionary_VR
from pydicom.multival import MultiValue
from pydicom.sequence import Sequence
from pydicom.tag import BaseTag

from ml.imaging.formats.dicom import values
from scans.ingest.deidentification.descriptors import words_of

# Beside every person's name, what may be repeated in a text elsewhere.
_NAMING: Final = (
    "PatientID",
    "OtherPatientIDs",
    "AccessionNumber",
    "StudyID",
    "PatientAddress",
    "PatientTelephoneNumbers",
    "InstitutionName",
    "InstitutionAddress",
    "InstitutionalDepartmentName",
    "PatientMotherBirthName",
    "PatientBirthName",
    "OtherPatientNames",
    "MilitaryRank",
    "AdmissionID",
    "RequestingService",
)


@dataclass(frozen=True, slots=True)
class Identity:
    """What an object states of its patient.

    Attributes:
        key: what the pseudonym and the shift of dates are made of: the patient ID and who gave it,
            without one the name and the birth date, without a name the study alone.
        has_number: whether the object states a patient ID: only then it is found again by it.
        words: of names and numbers, in small letters, which no text keeps.
    """

    key: str
    has_number: bool
    words: frozenset[str]


def identity_of(dataset: Dataset) -> Identity:
    """Read all from a whole object. Ill-formed values count as not stated."""
    words: set[str] = set()
    for text in _texts(dataset):
        words |= words_of(text)
    return Identity(
        key=_key(dataset).casefold(),
        has_number=bool(values.text(dataset, "PatientID")),
        words=frozenset(words),
    )


def _key(dataset: Dataset) -> str:
    """Of two patients never the same; a null character is in none of the values."""
    number = values.text(dataset, "PatientID")
    if number:
        issuer = values.text(dataset, "IssuerOfPatientID")
        return f"{issuer}\0{number}" if issuer else number
    name = values.text(dataset, "PatientName")
    if name.strip("^= "):
        return f"{name}^{values.text(dataset, 'PatientBirthDate')}"
    uids = ("StudyInstanceUID", "SeriesInstanceUID", "SOPInstanceUID")
    return "\0\0" + next((uid for keyword in uids if (uid := values.text(dataset, keyword))), "")


def _texts(dataset: Dataset) -> Iterator[str]:
    for tag in list(dataset.keys()):
        try:
            vr = "" if tag.is_private else dictionary_VR(tag)
        except KeyError:
            continue
        if vr not in ("PN", "SQ"):
            continue
        value = _value(dataset, tag)
        if isinstance(value, Sequence):
            for item in value:
                yield from _texts(item)
        elif vr == "PN":
            yield from _each(value)
    for keyword in _NAMING:
        yield from _each(values.value(dataset, keyword))


def _value(dataset: Dataset, tag: BaseTag) -> Any:
    try:
        return dataset[tag].value
    except Exception:  # ill-formed; it is removed later
        return None


def _each(value: Any) -> Iterator[str]:
    parts = value if isinstance(value, MultiValue | list | tuple) else [value]
    yield from (str(part) for part in parts if part is not None)
