"""Archive a patient, with a reason, and undo it."""

from collections.abc import Sequence

from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.formats import date_format

from accounts import audit
from accounts.clinical_write import clinical_write
from accounts.models import User
from accounts.policy import Action
from scans import audit_events
from scans.errors import StateConflictError
from scans.models import Patient, Study
from scans.written_text import refuse_control_characters

SHORTEST_REASON, LONGEST_REASON = 3, 300
_NAMED = 5  # studies in a sentence


class UnreadStudiesError(StateConflictError):
    """Archiving would take unread studies out of the worklist; `studies` are these."""

    def __init__(self, studies: Sequence[Study]) -> None:
        one = len(studies) == 1
        named = [
            f"{row.title} of {date_format(row.study_date, 'j M Y')}" for row in studies[:_NAMED]
        ]
        if len(studies) > _NAMED:
            named.append(f"{len(studies) - _NAMED} more")
        super().__init__(
            f"This patient has {'an unread study' if one else f'{len(studies)} unread studies'}: "
            f"{'; '.join(named)}. Archiving takes {'it' if one else 'them'} out of the worklist. "
            "Read first, or say that you archive nevertheless."
        )
        self.studies = studies


def unread_studies(patient: Patient) -> list[Study]:
    """Return the patient's studies that are on the worklist, the oldest first."""
    rows = Study.objects.filter(patient=patient).awaiting_reader()
    return list(rows.order_by("received_at", "pk"))


@clinical_write(Action.ARCHIVE_PATIENT, on="patient")
def archive_patient(
    *, user: User, patient: Patient, reason: str, hides_unread: bool = False
) -> Patient:
    """Take the patient and their studies off the lists and close them to writing, for a reason.

    The record stays readable. `hides_unread` says that the person knows of unread studies.
    Raises `NotAllowedError`, `ValidationError` for the reason, or `UnreadStudiesError`.
    """
    reason = " ".join(reason.split())
    refuse_control_characters({"reason": reason})
    if not SHORTEST_REASON <= len(reason) <= LONGEST_REASON:
        raise ValidationError(
            {
                "reason": "Say why the patient is archived, in "
                f"{SHORTEST_REASON} to {LONGEST_REASON} characters."
            }
        )
    current = Patient.objects.select_for_update().get(pk=patient.pk)
    if not current.is_archived:
        unread = unread_studies(current)
        if unread and not hides_unread:
            raise UnreadStudiesError(unread)
        _change(current, archived_at=timezone.now(), archived_by=user, archive_reason=reason)
        audit.record(
            actor=user,
            event=audit_events.PATIENT_ARCHIVED,
            row=current,
            patient_id=current.pk,
            detail={"unread": [str(row.pk) for row in unread]},
        )
    patient.refresh_from_db(fields=FIELDS)
    return patient


@clinical_write(Action.ARCHIVE_PATIENT, on="patient")
def restore_patient(*, user: User, patient: Patient) -> Patient:
    """Undo `archive_patient`: lists, worklist and uploads have the patient again.

    Raises `NotAllowedError`, or `StateConflictError` for one that was merged into another.
    """
    current = Patient.objects.select_for_update().get(pk=patient.pk)
    if current.merged_into_id is not None:
        raise StateConflictError(
            "This patient was merged into another one. Undo the merge to have both again."
        )
    if current.is_archived:
        _change(current, archived_at=None, archived_by=None, archive_reason="")
        audit.record(
            actor=user, event=audit_events.PATIENT_RESTORED, row=current, patient_id=current.pk
        )
    patient.refresh_from_db(fields=FIELDS)
    return patient


FIELDS = ["archived_at", "archived_by", "archive_reason"]


def _change(patient: Patient, **fields: object) -> None:
    Patient.objects.filter(pk=patient.pk).update(**fields)
