"""Merge two patients who are one person: one stays, with the studies of both."""

from collections.abc import Sequence
from typing import Any

from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.formats import date_format

from accounts import audit
from accounts.audit_registry import AuditEventType
from accounts.clinical_write import clinical_write
from accounts.models import User
from accounts.policy import Action, NotAllowedError, has_object_perm
from scans import audit_events
from scans.errors import StateConflictError
from scans.models import Patient, RecordChange, Study
from scans.models.patient import Sex
from scans.models.record_change import ChangeKind, identity_of
from scans.services.patients.archiving import LONGEST_REASON
from scans.services.patients.records import edit_patient, refuse_archived
from scans.services.studies.moving import (
    locked_patients,
    locked_study_of,
    move_locked,
    refuse_being_read,
)
from scans.services.studies.stated import checked_reason

# What a record may not know of a person, and how it says so.
_UNKNOWN = {"birth_date": None, "sex": Sex.UNKNOWN.value, "given_name": ""}
_MERGED = ("merged_into", "archived_at", "archived_by", "archive_reason")


@clinical_write(Action.MOVE_STUDY, on="patient")
def merge_patients(
    *,
    user: User,
    patient: Patient,
    into: Patient,
    reason: str,
    despite: str = "",
    completes: bool = False,
) -> RecordChange:
    """Merge `patient` into the other one: their studies move, and the row stays, archived.

    `completes` takes over what only the merged one states of the person (`only_stated_by`). Where
    both state something and not alike, `despite` names it, as `difference_between` has it: that is
    the second act.

    Raises `NotAllowedError`, `ValidationError` (of `despite`, with what they differ in), or
    `StateConflictError` while somebody reads one of the studies.
    """
    reason = checked_reason(reason)
    if into.clinic_id != patient.clinic_id or not has_object_perm(user, Action.VIEW, into):
        raise NotAllowedError("There is no such patient in this clinic.")
    source, target = locked_patients(patient, into)
    if source.pk == target.pk:
        raise ValidationError({"patient": "These are the same record. Choose the other patient."})
    for one in (source, target):
        refuse_archived(one, then="merge the patients")
    differences = {difference_between(source, target), difference_between(target, source)}
    if despite not in differences:  # as they are now, in whichever order they were shown
        raise ValidationError(
            {
                "despite": f"They differ in {difference_between(source, target)}. Compare the two, "
                "and say that they are one person."
            }
        )
    studies = list(Study.objects.select_for_update().filter(patient=source).order_by("pk"))
    for study in studies:
        refuse_being_read(study, user)
    stated = only_stated_by(source, target) if completes else {}
    if stated:
        target = edit_patient(user=user, patient=target, changes=stated)
    merge = _record(user, source, target, reason=reason, completed=list(stated))
    for study in studies:
        move_locked(user, study, source, target, reason=reason, part_of=merge)
    source.merged_into, source.archived_at = target, timezone.now()
    source.archived_by, source.archive_reason = user, f"Merged: {reason}"[:LONGEST_REASON]
    source.save(update_fields=_MERGED)
    _record_in_both(user, audit_events.PATIENT_MERGED, target, source, studies=len(studies))
    return merge


def rows_that_differ(one: Patient, other: Patient) -> list[tuple[str, str, str]]:
    """Return what both records state of the person, and not alike, in words."""
    rows = [("Name", one.name, other.name)]
    if one.birth_date and other.birth_date:
        days = [date_format(day, "j M Y") for day in (one.birth_date, other.birth_date)]
        rows.append(("Birth date", days[0], days[1]))
    if Sex.UNKNOWN not in (one.sex, other.sex):
        rows.append(("Sex", one.get_sex_display(), other.get_sex_display()))
    return [row for row in rows if row[1].casefold() != row[2].casefold()]


def difference_between(one: Patient, other: Patient) -> str:
    """Return what both records state and not alike, in one line; empty where that is nothing."""
    return "; ".join(
        f"{what.lower()}: {own} / {others}" for what, own, others in rows_that_differ(one, other)
    )


def only_stated_by(one: Patient, other: Patient) -> dict[str, Any]:
    """Return what the record of `one` states of the person where the other's has nothing."""
    return {
        name: getattr(one, name)
        for name, unknown in _UNKNOWN.items()
        if getattr(one, name) != unknown and getattr(other, name) == unknown
    }


@clinical_write()
def undo_merge(user: User, change: RecordChange) -> RecordChange:
    """Take two patients apart again: what the merge moved goes back, what came since stays.

    What the merge took over from the other record goes as well, unless it was changed since. See
    `scans.services.studies.undoing`.
    """
    assert change.from_patient is not None
    target, source = locked_patients(change.patient, change.from_patient)
    if source.merged_into_id != target.pk:
        raise StateConflictError("These patients are not merged any more.")
    refuse_archived(target, then="undo the merge")
    moved = list(change.parts.select_related("study").filter(study__patient=target))
    reason = f"Undone: {change.reason}"[:500]
    source.merged_into, source.archived_at = None, None
    source.archived_by, source.archive_reason = None, ""
    source.save(update_fields=_MERGED)
    taken_over = {
        name: _UNKNOWN[name]
        for name in change.after.get("completed", ())
        if getattr(target, name) == getattr(source, name)
    }
    if taken_over:
        target = edit_patient(user=user, patient=target, changes=taken_over)
    undone = _record(user, target, source, reason=reason, undoes=change)
    for part in moved:
        assert part.study is not None
        study = locked_study_of(part.study, target)
        refuse_being_read(study, user)
        move_locked(user, study, target, source, reason=reason, undoes=part, part_of=undone)
    _record_in_both(user, audit_events.PATIENT_UNMERGED, target, source, studies=len(moved))
    return undone


def _record_in_both(
    user: User, event: AuditEventType, target: Patient, merged: Patient, *, studies: int
) -> None:
    """Add the event to the trail of each patient: the one who stays, and the one merged away."""
    for patient in (target, merged):
        audit.record(
            actor=user,
            event=event,
            row=target,
            patient_id=patient.pk,
            detail={"merged": str(merged.pk), "studies": studies},
        )


def _record(
    user: User,
    source: Patient,
    target: Patient,
    *,
    reason: str,
    undoes: RecordChange | None = None,
    completed: Sequence[str] = (),
) -> RecordChange:
    return RecordChange.objects.create(
        kind=ChangeKind.PATIENTS_MERGED,
        patient=target,
        from_patient=source,
        before=identity_of(source),
        after=identity_of(target) | ({"completed": list(completed)} if completed else {}),
        reason=reason,
        undoes=undoes,
        made_by=user,
    )
