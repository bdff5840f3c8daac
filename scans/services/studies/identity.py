"""Whom a file names, against the patient whose study it is to be."""

from collections.abc import Iterator

from scans import ingest
from scans.models import Patient
from scans.models.search_text import folded, mrn_key

_LONGEST = 64  # characters of a name in a sentence


def differences(patient: Patient, identity: ingest.PatientIdentity | None) -> list[str]:
    """What the file states otherwise than the record: patient ID, family name, birth date.

    Each as words for a sentence. Names are compared as the search compares them; what either side
    does not state contradicts nothing.
    """
    return list(_differences(patient, identity)) if identity is not None else []


def question_of(found: list[str]) -> str:
    """The sentence that asks whether a file with these differences is of the patient."""
    return (
        f"The file names another patient than the one chosen: {'; '.join(found)}. Choose the right "
        "patient, or say that these files are of this patient."
    )


def kinds_of(found: list[str]) -> list[str]:
    """Only what differs, and no value: an answer may be stored, to be given again."""
    kinds = ("patient ID", "name", "born")
    words = {"born": "birth date"}
    return [words.get(kind, kind) for kind in kinds if any(one.startswith(kind) for one in found)]


def _differences(patient: Patient, identity: ingest.PatientIdentity) -> Iterator[str]:
    number = identity.patient_id
    if number and mrn_key(number) != mrn_key(patient.mrn):
        yield f"patient ID {_short(number)}, not {patient.mrn}"
    if identity.name and (name := _other_name(patient, identity.name)):
        yield f"name {_short(name)}, not {_short(patient.name)}"
    born = identity.birth_date
    if born and patient.birth_date and born != patient.birth_date:
        yield f"born {born.isoformat()}, not {patient.birth_date.isoformat()}"


def _other_name(patient: Patient, written: str) -> str:
    """The name in the file, where none of its writings has the family name; "" where one has.

    DICOM writes a name in up to three groups (alphabetic, ideographic, phonetic), each with the
    family name first (PS3.5, 6.2). One without a caret may have it anywhere.
    """
    own = " ".join(folded(patient.family_name).split())
    shown = ""
    for group in written.split("="):
        family, caret, rest = group.partition("^")
        words = " ".join(folded(family).split())
        if not words:
            continue
        if words == own or (not caret and f" {own} " in f" {words.replace(',', ' ')} "):
            return ""
        given = rest.partition("^")[0]
        shown = shown or ", ".join(part for part in (family.strip(), given.strip()) if part)
    return shown


def _short(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"
