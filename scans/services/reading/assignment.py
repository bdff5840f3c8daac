"""Who reads which study: assignment and the soft lock.

A lock is soft: it tells everybody who is reading, it runs out by itself when that person goes
away, and somebody who has to can take the study over, which the audit trail then says.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.core.exceptions import ValidationError
from django.utils import timezone

from accounts import audit
from accounts.audit_registry import AuditEventType
from accounts.clinical_write import clinical_write
from accounts.models import AuditEvent, Clinic, Role, User
from accounts.policy import Action
from scans import audit_events
from scans.errors import StateConflictError
from scans.models import Study, Verdict
from scans.models.notification import NotificationKind
from scans.models.reading import ReadStage
from scans.services.notifications import notify
from scans.services.patients.records import refuse_archived
from scans.services.reading.double_reading import why_no_read_is_left
from scans.services.reading.new_images import why_not_reviewed

LOCK_TIME = timedelta(minutes=10)  # renewed while the reader's page is open and in sight


@clinical_write(Action.READ_STUDY, on="study")
def take_study(*, user: User, study: Study, take_over: bool = False) -> Study:
    """Lock the study for this reader; assign it to them if nobody has it who can read it.

    Raises `NotAllowedError`, `ValidationError` for an archived patient, or `StateConflictError`
    where no read is left for this reader, or somebody else is reading it and the reader did not say
    that they take it over.
    """
    refuse_archived(study.patient, then="read the study")
    current = Study.objects.select_for_update().get(pk=study.pk)
    if why_not_reviewed(current, reader=user) and (
        no_read_left := why_no_read_is_left(current, reader=user)
    ):
        raise StateConflictError(no_read_left)
    holder = lock_holder(current)
    if holder is not None and holder != user.pk and not take_over:
        raise StateConflictError(
            f"{current.locked_by} is reading this study. Choose another one, or take it over."
        )
    changed = {"locked_by": user, "lock_expires_at": timezone.now() + LOCK_TIME}
    is_free = take_over or current.assignee_id is None or not _can_read(current.assignee, current)
    if is_free and current.read_stage != ReadStage.READ:
        changed["assignee"] = user
    is_renewal = holder == user.pk and "assignee" not in changed
    _change(current, **changed)
    if not is_renewal:
        taken_from = {"from": holder} if holder not in (None, user.pk) else {}
        _record(user, audit_events.STUDY_TAKEN, current, **taken_from)
    return current


@clinical_write(Action.READ_STUDY, on="study")
def renew_lock(*, user: User, study: Study) -> None:
    """Extend the lock of this reader; that of somebody else is left alone.

    Raises `NotAllowedError`.
    """
    Study.objects.filter(pk=study.pk, locked_by=user).update(
        lock_expires_at=timezone.now() + LOCK_TIME
    )


@clinical_write(Action.READ_STUDY, on="study")
def release_study(*, user: User, study: Study, keeps_assignment: bool = False) -> Study:
    """Give back a study that one has taken: the lock, and the assignment to oneself.

    One that `keeps_assignment` stays theirs to read; nobody is told any longer that they read it.

    Raises `NotAllowedError`.
    """
    current = Study.objects.select_for_update().get(pk=study.pk)
    changed: dict[str, Any] = {}
    if current.locked_by_id == user.pk:
        changed |= {"locked_by": None, "lock_expires_at": None}
    if current.assignee_id == user.pk and not keeps_assignment:
        changed["assignee"] = None
    if changed:
        _change(current, **changed)
        _record(user, audit_events.STUDY_RELEASED, current)
    return current


@clinical_write(Action.ASSIGN_STUDY, on="study")
def assign_study(*, user: User, study: Study, assignee: User | None) -> Study:
    """Assign the study to a radiologist of its clinic, or (None) to nobody.

    Raises `NotAllowedError`, or `ValidationError` for an archived patient or an assignee who
    cannot read.
    """
    refuse_archived(study.patient, then="assign the study")
    if assignee is not None and not _may_read(assignee, study):
        raise ValidationError(
            {"assignee": "Only an active radiologist of this clinic can be given a study."}
        )
    current = Study.objects.select_for_update().get(pk=study.pk)
    if assignee is not None and not _can_read(assignee, current):
        then = (
            "it is read" if current.read_stage == ReadStage.READ else "it waits for another reader"
        )
        raise ValidationError(
            {"assignee": f"{assignee} has signed a verdict for this study: {then}."}
        )
    if current.assignee_id != (assignee.pk if assignee else None):
        _change(current, assignee=assignee)
        _record(
            user, audit_events.STUDY_ASSIGNED, current, assignee=assignee.pk if assignee else None
        )
        notify([assignee], NotificationKind.ASSIGNED, current, actor=user)
    return current


def lock_holder(study: Study) -> int | None:
    """Return the id of the person whose lock of the study has not run out, or None.

    A study that is read is being read by nobody, unless images came since.
    """
    expires = study.lock_expires_at
    if not study.awaits_reader:
        return None
    if study.locked_by_id is None or expires is None or expires <= timezone.now():
        return None
    return int(study.locked_by_id)


@dataclass(frozen=True)
class Reading:
    """Who is reading a study, and since when, where that is known."""

    reader: User
    since: datetime | None


def reading_since(study: Study) -> Reading | None:
    """Return who holds the study's lock; the audit trail says since when."""
    holder = lock_holder(study)
    if holder is None or study.locked_by is None:
        return None
    taken = AuditEvent.objects.filter(
        action=audit_events.STUDY_TAKEN.name, object_id=str(study.pk), actor=holder
    )
    return Reading(study.locked_by, taken.order_by("-pk").values_list("at", flat=True).first())


def readers_of(clinic: Clinic) -> Any:
    """Return the people of a clinic to whom a study can be assigned, by name."""
    people = User.objects.filter(clinic=clinic, role=Role.RADIOLOGIST, is_active=True)
    return people.order_by("last_name", "first_name", "pk")


def _can_read(person: User | None, study: Study) -> bool:
    """Return whether this person may read it, and has not given their read already."""
    if person is None or not _may_read(person, study):
        return False
    signed = Verdict.objects.filter(study=study.pk, reader=person.pk)
    return not signed.signed().exists()


def _may_read(person: User, study: Study) -> bool:
    return bool(
        person.is_active and person.role == Role.RADIOLOGIST and person.clinic_id == study.clinic_id
    )


def _change(study: Study, **fields: Any) -> None:
    for name, value in fields.items():
        setattr(study, name, value)
    study.save(update_fields=list(fields))


def _record(user: User, event: AuditEventType, study: Study, **detail: object) -> None:
    audit.record(
        actor=user, event=event, row=study, patient_id=study.patient_id, detail=dict(detail)
    )
