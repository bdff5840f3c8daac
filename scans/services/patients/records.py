"""Writes to the patient register: register and edit a patient."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.db.models import QuerySet

from accounts import audit
from accounts.clinical_write import clinical_write
from accounts.models import User
from accounts.policy import Action
from accounts.seen_values import refuse_overtaken
from scans import audit_events
from scans.models import Patient, Study
from scans.models.search_text import mrn_key
from scans.services.core.dates import latest_today
from scans.written_text import refuse_control_characters


@clinical_write(Action.REGISTER_PATIENT)
def register_patient(
    *,
    user: User,
    mrn: str,
    family_name: str,
    given_name: str = "",
    birth_date: date | None = None,
    sex: str = "U",
) -> Patient:
    """Register a patient in the user's clinic. Raises `NotAllowedError` or `ValidationError`."""
    patient = Patient(clinic=user.clinic, created_by=user)
    _fill(
        patient,
        mrn=mrn,
        family_name=family_name,
        given_name=given_name,
        birth_date=birth_date,
        sex=sex,
    )
    _save(patient, force_insert=True)
    audit.record(
        actor=user, event=audit_events.PATIENT_REGISTERED, row=patient, patient_id=patient.pk
    )
    return patient


@clinical_write(Action.EDIT_PATIENT, on="patient")
def edit_patient(
    *,
    user: User,
    patient: Patient,
    changes: Mapping[str, Any],
    seen: Mapping[str, Any] | None = None,
) -> Patient:
    """Change what identifies a patient: only the fields in `changes`, on the row as it is now.

    `seen` holds the values that the person saw in these fields: where somebody else has changed
    one since, nothing is saved. Raises `NotAllowedError`, or `ValidationError` also for an archived
    patient.
    """
    current = Patient.objects.select_for_update().get(pk=patient.pk)
    refuse_archived(current, then="correct what identifies them")
    before = {name: getattr(current, name) for name in FIELDS}
    refuse_overtaken(before.__getitem__, changes=changes, seen=seen)
    _fill(current, **{name: changes[name] for name in FIELDS if name in changes})
    changed = [name for name in FIELDS if before[name] != getattr(current, name)]
    if changed:
        _save(current, update_fields=[*changed, "mrn_collides"])
        audit.record(
            actor=user,
            event=audit_events.PATIENT_EDITED,
            row=current,
            patient_id=current.pk,
            detail={"fields": changed},
        )
    return current


def refuse_archived(patient: Patient, *, then: str) -> None:
    """Raise `ValidationError` for an archived patient, whose record is read and not added to."""
    refuse_merged(patient)
    if patient.is_archived:
        raise ValidationError(f"This patient is archived. Restore the patient, then {then}.")


def refuse_merged(patient: Patient) -> None:
    """Raise `ValidationError` for a patient that was merged into another one."""
    into = patient.merged_into
    if into is not None:
        raise ValidationError(
            f"This patient was merged into {into.name} (MRN {into.mrn}). Go on with that patient."
        )


OLDEST_YEARS = 130  # nobody is known to have lived longer
FIELDS = ("mrn", "family_name", "given_name", "birth_date", "sex")


def _fill(patient: Patient, **fields: object) -> None:
    for name, value in fields.items():
        setattr(patient, name, value.strip() if isinstance(value, str) else value)
    refused: dict[str, list[str]] = {}
    for check in (_check_birth_date, _refuse_control_characters, _check_fields, _check_mrn):
        if check is _check_mrn and "mrn" in refused:
            continue
        try:
            check(patient)
        except ValidationError as error:
            for name, texts in error.message_dict.items():
                refused.setdefault(name, texts)  # of one field, the first that is wrong
    if refused:
        raise ValidationError(refused)


def _check_fields(patient: Patient) -> None:
    patient.full_clean(validate_constraints=False)


def _check_mrn(patient: Patient) -> None:
    key = mrn_key(patient.mrn)
    if key == patient.mrn_key:
        return  # written anew or not changed at all: two that collide keep their MRN
    if (other := _of_same_mrn(patient).first()) is not None:
        raise _mrn_taken(other)
    patient.mrn_key, patient.mrn_collides = key, False


def _check_birth_date(patient: Patient) -> None:
    born = patient.birth_date
    if not isinstance(born, date):
        return
    if born > latest_today():
        raise ValidationError({"birth_date": "The birth date is in the future. Correct it."})
    if born.year < latest_today().year - OLDEST_YEARS:
        raise ValidationError(
            {"birth_date": f"The birth date is more than {OLDEST_YEARS} years ago. Correct it."}
        )
    if Study.objects.filter(patient_id=patient.pk, study_date__lt=born).exists():
        raise ValidationError(
            {"birth_date": "This patient has a study from before this date. Correct it."}
        )


def _save(patient: Patient, **options: Any) -> None:
    """Save; raise `ValidationError` where somebody else took the MRN a moment ago."""
    try:
        with transaction.atomic():
            patient.save(**options)
    except IntegrityError as error:
        if (other := _of_same_mrn(patient).first()) is not None:
            raise _mrn_taken(other) from error
        raise


def _of_same_mrn(patient: Patient) -> QuerySet[Patient]:
    same = Patient.objects.filter(clinic_id=patient.clinic_id).with_mrn(patient.mrn)
    return same.exclude(pk=patient.pk)


def _mrn_taken(other: Patient) -> ValidationError:
    if other.merged_into_id is not None:
        return ValidationError(
            {"mrn": "This MRN is of a patient who was merged into another one. Use that patient."}
        )
    return ValidationError(
        {"mrn": "A patient with this MRN is already registered. Search for the MRN instead."}
    )


def _refuse_control_characters(patient: Patient) -> None:
    texts = {name: str(getattr(patient, name)) for name in ("mrn", "family_name", "given_name")}
    refuse_control_characters(texts, called={"mrn": "MRN"})
    wrong = [name for name, text in texts.items() if "\n" in text or "\t" in text]
    if not texts["mrn"].isprintable():  # no invisible difference between two numbers
        wrong.append("mrn")
    if wrong:
        raise ValidationError(
            dict.fromkeys(wrong, "Remove the line breaks and control characters.")
        )
