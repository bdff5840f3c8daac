"""What a reader opened beside the study that they read: recorded, so that a report can say so."""

from collections.abc import Collection

from django.core.exceptions import ValidationError

from accounts import audit
from accounts.clinical_write import clinical_write
from accounts.models import User
from accounts.policy import Action, require
from scans import audit_events
from scans.models import Comparison, Study
from scans.models.study import StudyQuerySet


@clinical_write(Action.VIEW, on="study")
def record_comparison(*, user: User, study: Study, other: Study) -> Comparison:
    """Record that this person saw the other study beside this one; once, however often.

    Raises `NotAllowedError`, or `ValidationError` where it is not another study of the patient.
    """
    require(user, Action.VIEW, other)
    if other.pk == study.pk or other.patient_id != study.patient_id:
        raise ValidationError({"other": "Choose another study of the same patient."})
    comparison, is_new = Comparison.objects.get_or_create(study=study, other=other, reader=user)
    if is_new:
        audit.record(
            actor=user,
            event=audit_events.STUDY_COMPARED,
            row=study,
            patient_id=study.patient_id,
            detail={"other": str(other.pk)},
        )
    return comparison


def priors_of(study: Study) -> StudyQuerySet:
    """Return the patient's studies that a report can compare with: earlier and same-day ones."""
    rows = Study.objects.filter(patient=study.patient_id, study_date__lte=study.study_date)
    return rows.exclude(pk=study.pk).order_by("-study_date", "-received_at", "-pk")


def opened_beside(study: Study, *, readers: Collection[int]) -> list[Study]:
    """Return the studies that one of these people opened beside this one, newest first."""
    ids = Comparison.objects.filter(study=study, reader__in=readers).values("other")
    rows = Study.objects.filter(pk__in=ids, patient=study.patient_id)
    return list(rows.order_by("-study_date", "-received_at", "-pk"))
