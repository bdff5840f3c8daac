"""What a person decides about held objects: whose they are, try again, discard, take that back.

A decision holds for all objects of the study that name the patient alike and are held for one
reason; in quarantine it is of one object.
"""

from collections.abc import Mapping
from typing import Any

from django.utils import timezone

from accounts import audit
from accounts.clinical_write import clinical_write
from accounts.models import User
from accounts.policy import Action, NotAllowedError, has_object_perm, require
from scans import audit_events
from scans.errors import StateConflictError
from scans.models import Instance, Patient, PatientIdentifier, ReceivedObject, Study
from scans.models.received_object import ReceivedObjectQuerySet
from scans.models.received_object_states import ReceivedArrow, ReceivedState
from scans.models.search_text import mrn_key
from scans.services.patients.records import refuse_archived, register_patient
from scans.services.studies.inbox.matching import is_own_issuer, survivor
from scans.services.studies.inbox.waking import wake_on_commit
from scans.services.studies.stated import checked_reason

_DECIDED_MEANWHILE = "Somebody has decided about these objects meanwhile. Look at the list again."
_FREE = {"claim_token": None, "claimed_until": None, "attempts": 0}


@clinical_write(Action.UPLOAD_STUDY, on="row")
def assign(*, user: User, row: ReceivedObject, patient: Patient) -> int:
    """Say that the held objects of this study are of this patient; return how many wait since.

    They are filed a moment later, or by `file_now`. The (issuer, patient ID) that they state is the
    patient's from then on, unless another one has it: the next study is filed by itself.

    Raises `NotAllowedError`, `ValidationError` for an archived patient, or `StateConflictError`.
    """
    if patient.clinic_id != row.clinic_id or not has_object_perm(user, Action.VIEW, patient):
        raise NotAllowedError("There is no such patient in this clinic.")
    current = Patient.objects.select_for_update(of=("self",)).select_related("merged_into")
    target = survivor(current.get(pk=patient.pk))
    refuse_archived(target, then="file the study")
    if row.is_conflict:
        raise StateConflictError("An object in quarantine is filed for nobody.")
    held = _held(row)
    first = held.order_by("received_at", "pk").first()
    assert first is not None
    changed = held.transition(
        ReceivedArrow.RELEASE,
        **_decided_by(user),
        **_FREE,
        code="",
        detail="",
        patient=target,
        is_confirmed=True,
    )
    identifier = _learned(user, row, target)
    audit.record(
        actor=user,
        event=audit_events.RECEIVED_OBJECT_ASSIGNED,
        row=first,
        patient_id=target.pk,
        detail={"objects": changed, "identifier": str(identifier.pk) if identifier else None},
    )
    wake_on_commit()
    return changed


@clinical_write(Action.UPLOAD_STUDY, on="row")
def assign_to_new(*, user: User, row: ReceivedObject, facts: Mapping[str, Any]) -> Patient:
    """Register a patient, and say that the held objects are theirs.

    `facts` are the arguments of `register_patient`. Raises as that one and `assign` do.
    """
    patient = register_patient(user=user, **facts)
    assign(user=user, row=row, patient=patient)
    return patient


@clinical_write(Action.UPLOAD_STUDY, on="row")
def retry(*, user: User, row: ReceivedObject) -> int:
    """Have held objects matched and filed again, in the name of this person; return how many.

    One in quarantine only where nothing else of its UID is left. Raises `NotAllowedError` or
    `StateConflictError`.
    """
    if row.is_conflict:
        require(user, Action.DECIDE_CONFLICT, row)
        if Instance.objects.filter(**_same_uid(row)).exists() or _others_open(row).exists():
            raise StateConflictError(
                "The clinic has the other object of this UID. Nothing in the record is replaced."
            )
    changed = _held(row).transition(
        ReceivedArrow.RELEASE, **_decided_by(user), **_FREE, code="", detail="", is_confirmed=False
    )
    audit.record(
        actor=user,
        event=audit_events.RECEIVED_OBJECT_RETRIED,
        row=row,
        detail={"objects": changed},
    )
    wake_on_commit()
    return changed


@clinical_write(Action.UPLOAD_STUDY, on="row")
def discard(*, user: User, row: ReceivedObject, reason: str) -> int:
    """Take held objects off the list, for a reason; return how many. Their bytes stay.

    In quarantine an administrator does, who so keeps the object that was there before. Raises
    `NotAllowedError`, `ValidationError` for the reason, or `StateConflictError`.
    """
    if row.is_conflict:
        require(user, Action.DECIDE_CONFLICT, row)
    reason = checked_reason(reason)
    changed = _held(row).transition(
        ReceivedArrow.DISCARD, **_decided_by(user), **_FREE, reason=reason
    )
    audit.record(
        actor=user,
        event=audit_events.RECEIVED_OBJECT_DISCARDED,
        row=row,
        detail={"objects": changed},
    )
    return changed


@clinical_write(Action.UPLOAD_STUDY, on="row")
def restore(*, user: User, row: ReceivedObject) -> int:
    """Take a discard back: the objects that it took off the list are held again; return how many.

    Raises `NotAllowedError`, or `StateConflictError` where one has come again since.
    """
    if row.is_conflict:
        require(user, Action.DECIDE_CONFLICT, row)
    rows = _group(row, ReceivedState.DISCARDED)
    same_uids = {
        "clinic_id": row.clinic_id,
        "sop_instance_uid__in": rows.values("sop_instance_uid"),
    }
    if not row.is_conflict:
        if ReceivedObject.objects.open().not_quarantined().filter(**same_uids).exists():
            raise StateConflictError(
                "These objects have been received again since. Look at the list."
            )
        if Instance.objects.filter(**same_uids).exists():
            raise StateConflictError(
                "These objects have been received again since, and are in the record."
            )
    changed = rows.transition(ReceivedArrow.RESTORE, **_decided_by(user), reason="")
    audit.record(
        actor=user,
        event=audit_events.RECEIVED_OBJECT_RESTORED,
        row=row,
        detail={"objects": changed},
    )
    return changed


@clinical_write(Action.EDIT_PATIENT, on="identifier")
def withdraw_identifier(*, user: User, identifier: PatientIdentifier) -> None:
    """Say that another system's identifier is not this patient's; studies keep their patient."""
    rows = PatientIdentifier.objects.in_force().filter(pk=identifier.pk)
    if rows.update(withdrawn_at=timezone.now(), withdrawn_by=user):
        audit.record(
            actor=user,
            event=audit_events.PATIENT_IDENTIFIER_WITHDRAWN,
            row=identifier,
            patient_id=identifier.patient_id,
        )


def withdraw_learned(*, user: User, study: Study, patient: Patient) -> None:
    """Withdraw what this patient's other identifiers are known from: a study that was not theirs.

    In the transaction that moves the study away. The next one of the same ID is then asked about.
    """
    filed = ReceivedObject.objects.filter(instance__series__study=study, is_confirmed=True)
    stated = {
        (mrn_key(issuer), mrn_key(value))
        for issuer, value in filed.values_list("stated_issuer", "stated_patient_id").distinct()
    }
    if not stated:
        return
    for known in PatientIdentifier.objects.in_force().filter(patient=patient):
        if known.is_named(stated):
            withdraw_identifier(user=user, identifier=known)


def _group(row: ReceivedObject, state: ReceivedState) -> ReceivedObjectQuerySet:
    """The objects that one decision is of, locked as they are now. Raises `StateConflictError`."""
    locked = ReceivedObject.objects.select_for_update().filter(pk=row.pk, state=state).first()
    if locked is None or locked.code != row.code:
        raise StateConflictError(_DECIDED_MEANWHILE)
    if locked.is_conflict:
        return ReceivedObject.objects.filter(pk=row.pk)
    rows = ReceivedObject.objects.like(locked)
    if state == ReceivedState.DISCARDED:
        rows = rows.filter(decided_at=locked.decided_at)
    return rows


def _held(row: ReceivedObject) -> ReceivedObjectQuerySet:
    return _group(row, ReceivedState.HELD)


def _same_uid(row: ReceivedObject) -> dict[str, Any]:
    return {"clinic_id": row.clinic_id, "sop_instance_uid": row.sop_instance_uid}


def _others_open(row: ReceivedObject) -> ReceivedObjectQuerySet:
    rows = ReceivedObject.objects.open().not_quarantined()
    return rows.filter(**_same_uid(row)).exclude(pk=row.pk)


def _decided_by(user: User) -> dict[str, Any]:
    return {"decided_by": user, "decided_at": timezone.now()}


def _learned(user: User, row: ReceivedObject, patient: Patient) -> PatientIdentifier | None:
    """The identifier that the patient has since: none where the ID is known, or of another one."""
    if not mrn_key(row.stated_patient_id):
        return None
    issuer = "" if is_own_issuer(row) else row.stated_issuer
    if not issuer and Patient.objects.filter(clinic_id=row.clinic_id).with_mrn(
        row.stated_patient_id
    ):
        return None
    known = PatientIdentifier.objects.in_force().filter(clinic_id=row.clinic_id)
    if known.named(issuer=issuer, value=row.stated_patient_id).exists():
        return None
    made = PatientIdentifier(
        clinic_id=row.clinic_id,
        patient=patient,
        issuer=issuer,
        value=row.stated_patient_id,
        added_by=user,
    )
    made.save(force_insert=True)
    audit.record(
        actor=user,
        event=audit_events.PATIENT_IDENTIFIER_ADDED,
        row=made,
        patient_id=patient.pk,
    )
    return made
