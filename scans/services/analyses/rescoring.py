"""Analyze earlier studies with the active release, so that results can be compared."""

from dataclasses import dataclass
from uuid import UUID

from django.db import IntegrityError
from django.db.models import Count, Exists, OuterRef, QuerySet

from accounts import audit
from accounts.clinical_write import clinical_write
from accounts.models import User
from accounts.policy import Action
from scans import audit_events
from scans.errors import StateConflictError
from scans.models import Analysis, Image, ModelRelease, Patient
from scans.models.analysis import RETRYABLE
from scans.models.study_filters import to_analyze
from scans.services.analyses.dispatch import dispatch_on_commit
from scans.services.analyses.lifecycle import queue_analyses, retry_analyses
from scans.services.analyses.releases import active_release
from scans.services.patients.records import refuse_archived

# Of one request: the new studies of the clinic wait in the same queue.
MAX_IMAGES = 300


@dataclass(frozen=True)
class UnscoredImages:
    """How many images, of how many studies, the active release has neither analyzed nor queued."""

    release: ModelRelease
    images: int
    studies: int


def unscored_images(*, patient: Patient) -> UnscoredImages | None:
    """Count this patient's images that the active release has not analyzed; None for none."""
    release = active_release()
    if release is None:
        return None
    counts = _without_result(patient, release.pk).aggregate(
        images=Count("pk"), studies=Count("series__study", distinct=True)
    )
    return UnscoredImages(release, **counts) if counts["images"] else None


def rescore_studies(*, user: User, patient: Patient) -> int:
    """Queue an analysis by the active release for each image that it has none of.

    The newest studies first, `MAX_IMAGES` at most. Returns how many; earlier results stay.
    Raises `NotAllowedError`, `ValidationError` (archived) or `StateConflictError`.
    """
    try:
        return _queue(user=user, patient=patient)
    except IntegrityError as error:
        raise StateConflictError(
            "Somebody asked for the same analyses at this moment. Look at the case history again."
        ) from error


@clinical_write(Action.REQUEST_ANALYSIS, on="patient")
def _queue(*, user: User, patient: Patient) -> int:
    refuse_archived(patient, then="ask for new analyses")
    release = active_release()
    if release is None:
        raise StateConflictError(
            "No model release is active. Ask your administrator to activate one, then try again."
        )
    Patient.objects.select_for_update().get(
        pk=patient.pk
    )  # the second of two clicks finds none left
    rows = _without_result(patient, release.pk).order_by(
        "-series__study__study_date", "-series__study__received_at", "series__number", "number"
    )
    images = list(rows[:MAX_IMAGES])
    stopped = {
        row.image_id: row
        for row in Analysis.objects.filter(image__in=images, release=release).select_related(
            "image__patient"
        )
    }
    queue_analyses([image for image in images if image.pk not in stopped], user=user)
    again = retry_analyses(user=user, analyses=list(stopped.values()))
    dispatch_on_commit(row.pk for row in again)
    if images:
        audit.record(
            actor=user,
            event=audit_events.PATIENT_RESCORED,
            row=patient,
            patient_id=patient.pk,
            detail={"release": str(release.pk), "images": len(images)},
        )
    return len(images)


def _without_result(patient: Patient, release_id: UUID) -> QuerySet[Image]:
    existing = Analysis.objects.filter(image=OuterRef("pk"), release=release_id)
    # Of a series of which every n-th slice is analyzed: those that were.
    return Image.objects.filter(to_analyze(), patient=patient, series__why_not_analyzed="").exclude(
        Exists(existing.exclude(status__in=RETRYABLE))
    )
