"""Correct what is stated of a study, with a reason; what was signed keeps what it printed."""

from collections.abc import Mapping
from datetime import date
from functools import partial
from typing import Any

from django.core.exceptions import ValidationError

from accounts import audit
from accounts.clinical_write import clinical_write
from accounts.models import User
from accounts.policy import Action
from accounts.seen_values import refuse_overtaken
from scans import audit_events
from scans.errors import StateConflictError
from scans.models import RecordChange, Study
from scans.models.record_change import ChangeKind
from scans.models.study import STATED
from scans.services.patients.records import refuse_archived
from scans.services.studies.moving import locked_patients, locked_study_of
from scans.services.studies.stated import checked_reason, checked_statements


@clinical_write(Action.CORRECT_STUDY, on="study")
def correct_study(
    *,
    user: User,
    study: Study,
    changes: Mapping[str, Any],
    reason: str,
    seen: Mapping[str, Any] | None = None,
) -> RecordChange:
    """Change some of `STATED` of a study; the values before stay in the trail.

    `seen` holds the values that the person saw: where somebody else has changed one since, nothing
    is saved. Raises `NotAllowedError`, `ValidationError`, or `StateConflictError` where the study
    was moved meanwhile.
    """
    (patient,) = locked_patients(study.patient)
    refuse_archived(patient, then="correct the study")
    current = locked_study_of(study, patient)
    values = checked_statements(
        patient, {name: changes[name] for name in STATED if name in changes}
    )
    refuse_overtaken(partial(getattr, current), changes=values, seen=seen)
    new = {name: value for name, value in values.items() if getattr(current, name) != value}
    if not new:
        raise ValidationError("Nothing differs from what is stated already. Change a field first.")
    return _write(user, current, new, reason=checked_reason(reason))


@clinical_write()
def undo_correction(user: User, change: RecordChange) -> RecordChange:
    """Put back what a correction changed; see `scans.services.studies.undoing`."""
    assert change.study is not None
    (patient,) = locked_patients(change.study.patient)
    refuse_archived(patient, then="undo the correction")
    current = locked_study_of(change.study, patient)
    stated = current.stated
    if any(stated[name] != value for name, value in change.after.items()):
        raise StateConflictError(
            "The study was corrected again since. Undo the newer correction first."
        )
    before = dict(change.before)
    if "study_date" in before:
        before["study_date"] = date.fromisoformat(before["study_date"])
    values = checked_statements(patient, before)
    return _write(user, current, values, reason=f"Undone: {change.reason}"[:500], undoes=change)


def _write(
    user: User,
    study: Study,
    values: Mapping[str, Any],
    *,
    reason: str,
    undoes: RecordChange | None = None,
) -> RecordChange:
    before = study.stated
    for name, value in values.items():
        setattr(study, name, value)
    study.save(update_fields=[*values])
    after = study.stated
    change = RecordChange.objects.create(
        kind=ChangeKind.STUDY_CORRECTED,
        patient_id=study.patient_id,
        study=study,
        before={name: before[name] for name in values},
        after={name: after[name] for name in values},
        reason=reason,
        undoes=undoes,
        made_by=user,
    )
    audit.record(
        actor=user,
        event=audit_events.STUDY_CORRECTED,
        row=study,
        patient_id=study.patient_id,
        detail={"fields": [*values]} | ({"undoes": str(undoes.pk)} if undoes else {}),
    )
    return change
