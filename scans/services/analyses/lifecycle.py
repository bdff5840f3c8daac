"""What people do to analyses: request, cancel and retry them."""

from collections.abc import Sequence

from django.utils import timezone

from accounts import audit
from accounts.audit_registry import AuditEventType
from accounts.clinical_write import clinical_write
from accounts.models import User
from accounts.policy import Action
from scans import audit_events
from scans.errors import StateConflictError
from scans.models import Analysis, Image
from scans.models.analysis_states import FINISHED, Arrow
from scans.services.analyses.dispatch import dispatch_on_commit
from scans.services.analyses.releases import active_release
from scans.services.analyses.series_statements import update_series_statement
from scans.services.patients.records import refuse_archived

_THEN = "ask for new analyses"


def queue_analyses(images: Sequence[Image], *, user: User) -> list[Analysis]:
    """Queue an analysis by the active release for each new image, in the caller's transaction.

    Returns the new rows; none where no release is active: an upload succeeds without a model.
    """
    release = active_release()
    if release is None or not images:
        return []
    now = timezone.now()
    rows = Analysis.objects.bulk_create(
        Analysis(image=image, release=release, requested_by=user, queued_at=now, dispatched_at=now)
        for image in images
    )
    # The others are told of once their pixels are decoded.
    dispatch_on_commit(row.pk for row in rows if not row.image.instance.is_being_prepared)
    return rows


@clinical_write(Action.REQUEST_ANALYSIS, on="image")
def request_analysis(*, user: User, image: Image) -> tuple[Analysis, bool]:
    """Return an analysis of this image by the active release, and whether it is new.

    There is one analysis for an image and a release: one that failed or was cancelled joins the
    queue again, any other is returned as it is. Raises `NotAllowedError`, `ValidationError` for an
    archived patient, or `StateConflictError`.
    """
    refuse_archived(image.patient, then=_THEN)
    release = active_release()
    if release is None:
        raise StateConflictError(
            "No model release is active. Ask your administrator to activate one, then try again."
        )
    now = timezone.now()
    analysis, created = Analysis.objects.get_or_create(
        image=image,
        release=release,
        defaults={"requested_by": user, "queued_at": now, "dispatched_at": now},
    )
    if created:
        _record(user, audit_events.ANALYSIS_REQUESTED, analysis)
        dispatch_on_commit([analysis.pk])
    elif analysis.may_be_retried:
        analysis = retry_analysis(user=user, analysis=analysis)
    return analysis, created


@clinical_write(Action.REQUEST_ANALYSIS, on="analysis")
def retry_analysis(*, user: User, analysis: Analysis) -> Analysis:
    """failed | cancelled -> queued, with a fresh count of attempts.

    Raises `NotAllowedError`, `ValidationError` for an archived patient, or `StateConflictError` in
    any other state.
    """
    refuse_archived(analysis.image.patient, then=_THEN)
    changed = retry_analyses(user=user, analyses=[analysis])
    analysis.refresh_from_db()
    if not changed:
        raise StateConflictError(
            f"This analysis is {_state(analysis)}. "
            "Only one that failed or was cancelled can be tried again."
        )
    dispatch_on_commit([analysis.pk])
    return analysis


@clinical_write(Action.REQUEST_ANALYSIS)
def retry_analyses(*, user: User, analyses: Sequence[Analysis]) -> list[Analysis]:
    """failed | cancelled -> queued for all of these at once; those in any other state stay.

    A part of the caller's write, which has asked for the patient and tells the workers of them
    where their pixels are there. Returns those that went. Raises `NotAllowedError`.
    """
    now = timezone.now()
    rows = Analysis.objects.filter(pk__in=[analysis.pk for analysis in analyses])
    changed = rows.transition(
        Arrow.RETRY,
        attempts=0,
        queued_at=now,
        dispatched_at=now,
        started_at=None,
        finished_at=None,
        message="",
        traceback="",
    )
    went = list(analyses)
    if changed < len(went):
        queued = set(rows.queued().filter(queued_at=now).values_list("pk", flat=True))
        went = [analysis for analysis in went if analysis.pk in queued]
    for series_id in dict.fromkeys(analysis.image.series_id for analysis in went):
        update_series_statement(series_id)
    for analysis in went:
        _record(user, audit_events.ANALYSIS_RETRIED, analysis)
    return went


@clinical_write(Action.CANCEL_ANALYSIS, on="analysis")
def cancel_analysis(*, user: User, analysis: Analysis) -> Analysis:
    """queued -> cancelled. Raises `NotAllowedError`, or `StateConflictError` once it has begun."""
    changed = Analysis.objects.filter(pk=analysis.pk).transition(
        Arrow.CANCEL, finished_at=timezone.now()
    )
    analysis.refresh_from_db()
    if not changed:
        raise StateConflictError(
            f"This analysis is {_state(analysis)}. "
            "Only one that still waits in the queue can be cancelled."
        )
    update_series_statement(analysis.image.series_id)
    _record(user, audit_events.ANALYSIS_CANCELLED, analysis)
    return analysis


def _state(analysis: Analysis) -> str:
    """The state in a sentence; not whether it abstained, an AI result that may be withheld."""
    return "finished" if analysis.status in FINISHED else analysis.get_status_display().lower()


def _record(user: User, event: AuditEventType, analysis: Analysis) -> None:
    audit.record(actor=user, event=event, row=analysis, patient_id=analysis.image.patient_id)
