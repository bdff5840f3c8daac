"""Writes to the patient register: register, edit, archive and restore a patient."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.utils import timezone

from accounts import audit
from accounts.clinical_write import clinical_write
from accounts.models import User
from accounts.policy import Action
from scans import audit_events
from scans.models import Patient, Study
from scans.services.core.dates import latest_today
from scans.written_text import has_control_characters


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
    one since, nothing is saved. Raises `NotAllowedError` or `ValidationError`.
    """
    current = Patient.objects.select_for_update().get(pk=patient.pk)
    before = {name: getattr(current, name) for name in FIELDS}
    for name, value in (seen or {}).items():
        if name in changes and before[name] not in (value, changes[name]):
            raise ValidationError(
                {name: "Somebody else has changed this meanwhile. Look at the new value first."}
            )
    _fill(current, **{name: changes[name] for name in FIELDS if name in changes})
    changed = [name for name in FIELDS if before[name] != getattr(current, name)]
    if changed:
        _save(current, update_fields=changed)
        audit.record(
            actor=user,
            event=audit_events.PATIENT_EDITED,
            row=current,
            patient_id=current.pk,
            detail={"fields": changed},
        )
    return current


def archive_patient(*, user: User, patient: Patient) -> Patient:
    """Hide the patient from lists and close it to uploads; the record stays readable."""
    return _set_archived(user=user, patient=patient, archived=True)


def restore_patient(*, user: User, patient: Patient) -> Patient:
    """Undo `archive_patient`."""
    return _set_archived(user=user, patient=patient, archived=False)


def refuse_archived(patient: Patient, *, then: str) -> None:
    """Raise `ValidationError` for an archived patient, whose record is read and not added to."""
    if patient.is_archived:
        raise ValidationError(f"This patient is archived. Restore the patient, then {then}.")


@clinical_write(Action.ARCHIVE_PATIENT, on="patient")
def _set_archived(*, user: User, patient: Patient, archived: bool) -> Patient:
    changed = Patient.objects.filter(pk=patient.pk, archived_at__isnull=archived).update(
        archived_at=timezone.now() if archived else None
    )
    if changed:
        event = audit_events.PATIENT_ARCHIVED if archived else audit_events.PATIENT_RESTORED
        audit.record(actor=user, event=event, row=patient, patient_id=patient.pk)
    patient.refresh_from_db(fields=["archived_at"])
    return patient


OLDEST_YEARS = 130  # nobody is known to have lived longer
FIELDS = ("mrn", "family_name", "given_name", "birth_date", "sex")


def _fill(patient: Patient, **fields: object) -> None:
    for name, value in fields.items():
        setattr(patient, name, value.strip() if isinstance(value, str) else value)
    _check_birth_date(patient)
    _refuse_control_characters(patient)
    patient.full_clean(validate_constraints=False)
    if _of_same_mrn(patient).exists():
        raise _mrn_taken()


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
        if _of_same_mrn(patient).exists():
            raise _mrn_taken() from error
        raise


def _of_same_mrn(patient: Patient) -> QuerySet[Patient]:
    same = Patient.objects.filter(clinic_id=patient.clinic_id, mrn__iexact=patient.mrn)
    return same.exclude(pk=patient.pk)


def _mrn_taken() -> ValidationError:
    return ValidationError(
        {"mrn": "A patient with this MRN is already registered. Search for the MRN instead."}
    )


def _refuse_control_characters(patient: Patient) -> None:
    texts = {name: str(getattr(patient, name)) for name in ("mrn", "family_name", "given_name")}
    wrong = [name for name, text in texts.items() if has_control_characters(text)]
    if not texts["mrn"].isprintable():  # no invisible difference between two numbers
        wrong.append("mrn")
    if wrong:
        raise ValidationError(
            dict.fromkeys(wrong, "Remove the line breaks and control characters.")
        )
