"""What may be stated of a study: its date, description, and what was asked by whom."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from django.core.exceptions import ValidationError

from scans.models import Patient
from scans.services.core.dates import latest_today
from scans.written_text import control_characters_in, refuse_control_characters, written_lines

EARLIEST_STUDY = date(1970, 1, 1)  # before the first MR image of a person (1977)
_ONE_LINE = {
    "description": (200, "Describe the study in one line of 200 characters."),
    "referring_physician": (200, "Name the referring physician in one line of 200 characters."),
    "accession_number": (64, "An accession number is one line of at most 64 characters."),
}
_LONGEST_QUESTION = 2000


def checked_statements(patient: Patient, values: Mapping[str, Any]) -> dict[str, Any]:
    """The values, some or all of `STATED`, as a row holds them. Raises `ValidationError`."""
    checked, wrong = dict(values), {}
    for name, (longest, sentence) in _ONE_LINE.items():
        if name in values:
            checked[name] = str(values[name]).strip()
            if len(checked[name]) > longest or "\n" in checked[name] or "\t" in checked[name]:
                wrong[name] = sentence
    if "clinical_question" in values:
        text = written_lines(str(values["clinical_question"]))
        checked["clinical_question"] = text
        if len(text) > _LONGEST_QUESTION:
            wrong["clinical_question"] = f"Keep it to {_LONGEST_QUESTION} characters."
    texts = {name: checked[name] for name in (*_ONE_LINE, "clinical_question") if name in values}
    wrong = control_characters_in(texts) | wrong
    if "study_date" in values and (sentence := wrong_date(patient, values["study_date"])):
        wrong["study_date"] = sentence
    if wrong:
        raise ValidationError(wrong)
    return checked


def wrong_date(patient: Patient, day: date) -> str:
    """Return why a study of this patient cannot be of that day; "" where it can."""
    if day > latest_today():
        return "The study date is in the future. Correct it."
    if day < max(EARLIEST_STUDY, patient.birth_date or EARLIEST_STUDY):
        return "The study date is before the patient was born, or before MRI was."
    return ""


def checked_reason(reason: str) -> str:
    """The reason of a change, in one line. Raises `ValidationError`."""
    plain = " ".join(reason.split())
    refuse_control_characters({"reason": plain})
    if not 3 <= len(plain) <= 500:
        raise ValidationError({"reason": "Say why, in 3 to 500 characters."})
    return plain
