"""How urgent a study is: stated as it arrives, or later."""

from django.core.exceptions import ValidationError

from accounts import audit
from accounts.clinical_write import clinical_write
from accounts.models import User
from accounts.policy import Action
from scans import audit_events
from scans.errors import StateConflictError
from scans.models import Study
from scans.models.notification import NotificationKind
from scans.models.reading import Priority, ReadStage
from scans.services.notifications import notify, readers
from scans.services.patients.records import refuse_archived


def checked_priority(priority: str) -> str:
    """Return the priority where it is one of the list. Raises `ValidationError`."""
    if priority not in Priority.values:
        raise ValidationError({"priority": "Choose stat, urgent or routine."})
    return priority


@clinical_write(Action.PRIORITIZE_STUDY, on="study")
def set_priority(*, user: User, study: Study, priority: str, expected: str | None = None) -> Study:
    """Set the priority of the study, one of `Priority.values`; of stat the readers are told.

    Raises `NotAllowedError` or `ValidationError`, and `StateConflictError` where it is not the
    `expected` one any more.
    """
    refuse_archived(study.patient, then="say how urgent the study is")
    checked_priority(priority)
    current = Study.objects.select_for_update().get(pk=study.pk)
    if expected is not None and current.priority != expected:
        raise StateConflictError(
            f"The priority is {current.get_priority_display().lower()} meanwhile: somebody else "
            "changed it. Nothing was undone."
        )
    if current.priority != priority:
        before, current.priority = current.priority, priority
        current.save(update_fields=["priority"])
        audit.record(
            actor=user,
            event=audit_events.STUDY_PRIORITIZED,
            row=current,
            patient_id=current.patient_id,
            detail={"priority": [before, priority]},
        )
        if priority == Priority.STAT and current.read_stage != ReadStage.READ:
            notify(readers(current), NotificationKind.STAT, current, actor=user)
    return current
