"""Move a study to the right patient: both trails keep it, and what was signed keeps its print."""

from django.core.exceptions import ValidationError
from django.db.models import F
from django.utils import timezone
from django.utils.formats import date_format

from accounts import audit
from accounts.clinical_write import clinical_write
from accounts.models import User
from accounts.policy import Action, NotAllowedError, has_object_perm
from scans import audit_events
from scans.errors import StateConflictError
from scans.models import Image, Instance, Patient, RecordChange, Report, Study, Verdict
from scans.models.patient import Sex
from scans.models.record_change import ChangeKind, identity_of
from scans.services.patients.records import refuse_archived
from scans.services.studies.inbox.deciding import withdraw_learned
from scans.services.studies.stated import checked_reason, wrong_date


@clinical_write(Action.MOVE_STUDY, on="study")
def move_study(*, user: User, study: Study, patient: Patient, reason: str) -> RecordChange:
    """Move a study, with its images, verdicts and reports, to another patient of its clinic.

    Raises `NotAllowedError`, `ValidationError`, or `StateConflictError` while somebody else reads.
    """
    reason = checked_reason(reason)
    if patient.clinic_id != study.clinic_id or not has_object_perm(user, Action.VIEW, patient):
        raise NotAllowedError("There is no such patient in this clinic.")
    source, target = locked_patients(study.patient, patient)
    if source.pk == target.pk:
        raise ValidationError({"patient": "The study is this patient's already. Choose another."})
    for one in (source, target):
        refuse_archived(one, then="move the study")
    current = locked_study_of(study, source)
    refuse_being_read(current, user)
    change = move_locked(user, current, source, target, reason=reason)
    withdraw_learned(user=user, study=current, patient=source)
    return change


def doubts_about(study: Study, patient: Patient) -> list[str]:
    """Return in sentences what speaks against the study being this patient's."""
    doubts = []
    sexes = {study.patient.sex, patient.sex} - {Sex.UNKNOWN}
    if len(sexes) > 1:
        doubts.append(
            f"The sex differs: the study is of a patient recorded as "
            f"{study.patient.get_sex_display().lower()}, and {patient.name} is recorded as "
            f"{patient.get_sex_display().lower()}."
        )
    if patient.birth_date and patient.birth_date > study.study_date:
        doubts.append(
            f"{patient.name} was born {date_format(patient.birth_date, 'j M Y')}, after the study "
            f"of {date_format(study.study_date, 'j M Y')}."
        )
    return doubts


@clinical_write()
def undo_move(user: User, change: RecordChange) -> RecordChange:
    """Move a study back; see `scans.services.studies.undoing`."""
    assert change.study is not None
    assert change.from_patient is not None
    source, target = locked_patients(change.patient, change.from_patient)
    for one in (source, target):
        refuse_archived(one, then="move the study back")
    current = locked_study_of(change.study, source)
    refuse_being_read(current, user)
    reason = f"Undone: {change.reason}"[:500]
    return move_locked(user, current, source, target, reason=reason, undoes=change)


def locked_patients(*patients: Patient) -> list[Patient]:
    """Return these rows as they are now, locked in one order whoever asks.

    Before any study: what is added to a trail locks its patient, so who has locked a study first
    waits for whoever moves it, and they for them.
    """
    ids = {patient.pk for patient in patients}
    rows = Patient.objects.select_for_update(of=("self",)).select_related("merged_into")
    found = {row.pk: row for row in rows.filter(pk__in=ids).order_by("pk")}
    return [found[patient.pk] for patient in patients]


def locked_study_of(study: Study, patient: Patient) -> Study:
    """Return the study, locked. Raises `StateConflictError` where it is not this patient's."""
    current = Study.objects.select_for_update().get(pk=study.pk)
    if current.patient_id != patient.pk:
        raise StateConflictError("The study was moved meanwhile. Look at where it is now.")
    return current


def refuse_being_read(study: Study, user: User) -> None:
    """Raise `StateConflictError` while somebody else reads the study for the patient it is of."""
    is_held = study.lock_expires_at is not None and study.lock_expires_at > timezone.now()
    if is_held and study.awaits_reader and study.locked_by_id not in (None, user.pk):
        raise StateConflictError(
            f"{study.locked_by} is reading this study now. Ask them to give it back, "
            "or wait ten minutes after they have left it."
        )


@clinical_write()
def move_locked(
    user: User,
    study: Study,
    source: Patient,
    target: Patient,
    *,
    reason: str,
    undoes: RecordChange | None = None,
    part_of: RecordChange | None = None,
) -> RecordChange:
    """Move a study whose row, and whose two patients, are locked. Raises `ValidationError`."""
    if sentence := wrong_date(target, study.study_date):
        raise ValidationError(
            {"patient": f"{sentence} {target.name} was born {target.birth_date}."}
        )
    study.patient = target
    study.save(update_fields=["patient"])
    _move_images(study, source, target)
    _notify_drafts(study)
    change = RecordChange.objects.create(
        kind=ChangeKind.STUDY_MOVED,
        patient=target,
        from_patient=source,
        study=study,
        before=identity_of(source),
        after=identity_of(target),
        reason=reason,
        undoes=undoes,
        part_of=part_of,
        made_by=user,
    )
    detail = {"from": str(source.pk), "to": str(target.pk)}
    for patient in (source, target):  # both trails
        audit.record(
            actor=user,
            event=audit_events.STUDY_MOVED,
            row=study,
            patient_id=patient.pk,
            detail=detail | ({"undoes": str(undoes.pk)} if undoes else {}),
        )
    return change


def _move_images(study: Study, source: Patient, target: Patient) -> None:
    """Give the files to the target with their images; one that they have already is a repeat."""
    instances = Instance.objects.filter(series__study=study)
    hashes = instances.values_list("sha256", flat=True)
    known = set(
        Instance.objects.filter(patient=target, sha256__in=list(hashes)).values_list(
            "sha256", flat=True
        )
    )
    moved_first = list(instances.filter(is_repeat=False).values_list("sha256", flat=True))
    instances.filter(sha256__in=known).update(patient=target, is_repeat=True)
    instances.exclude(sha256__in=known).update(patient=target, is_repeat=False)
    Image.objects.filter(series__study=study).update(patient=target)
    # Of what the source still has, one of each file is the first again.
    left = Instance.objects.filter(patient=source, sha256__in=moved_first, is_repeat=True)
    for row in left.order_by("received_at", "pk"):
        others = Instance.objects.filter(patient=source, sha256=row.sha256, is_repeat=False)
        if not others.exists():
            Instance.objects.filter(pk=row.pk).update(is_repeat=False)


def _notify_drafts(study: Study) -> None:
    """Let whoever has a draft of it open see the new patient before they can save or sign."""
    Verdict.objects.drafts().filter(study=study).update(revision=F("revision") + 1)
    Report.objects.preliminary().filter(study=study).update(revision=F("revision") + 1)
