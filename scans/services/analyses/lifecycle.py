"""What people do to analyses: ask for them, cancel them, try them again."""

from collections.abc import Sequence

from django.db import transaction
from django.utils import timezone

from accounts import audit
from accounts.models import User
from accounts.policy import Action, require
from scans.errors import StateConflictError
from scans.models import Analysis, Image
from scans.models.analysis_states import FINISHED, Arrow
from scans.services.analyses.dispatch import dispatch_on_commit
from scans.services.analyses.releases import active_release


def queue_analyses(images: Sequence[Image], *, user: User) -> list[Analysis]:
    """One queued analysis of the active release for each new image, in the caller's transaction.

    Where no release is active the images are kept and nothing is queued: an upload is not lost
    for want of a model.
    """
    release = active_release()
    if release is None or not images:
        return []
    now = timezone.now()
    rows = Analysis.objects.bulk_create(
        Analysis(image=image, release=release, requested_by=user, queued_at=now, dispatched_at=now)
        for image in images
    )
    dispatch_on_commit(row.pk for row in rows)
    return rows


@transaction.atomic
def request_analysis(*, user: User, image: Image) -> tuple[Analysis, bool]:
    """An analysis of this image by the active release, and whether it is new.

    There is one analysis for an image and a release: one that failed or was cancelled joins the
    queue again, any other is returned as it is. Raises `NotAllowedError` or `StateConflictError`.
    """
    require(user, Action.REQUEST_ANALYSIS, image)
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
        _record(user, "analysis.requested", analysis)
        dispatch_on_commit([analysis.pk])
    elif analysis.may_be_retried:
        analysis = retry_analysis(user=user, analysis=analysis)
    return analysis, created


@transaction.atomic
def retry_analysis(*, user: User, analysis: Analysis) -> Analysis:
    """failed | cancelled -> queued, with a fresh count of attempts.

    Raises `NotAllowedError`, or `StateConflictError` in any other state.
    """
    require(user, Action.REQUEST_ANALYSIS, analysis)
    now = timezone.now()
    changed = Analysis.objects.filter(pk=analysis.pk).transition(
        Arrow.RETRY,
        attempts=0,
        queued_at=now,
        dispatched_at=now,
        started_at=None,
        finished_at=None,
        message="",
        traceback="",
    )
    analysis.refresh_from_db()
    if not changed:
        raise StateConflictError(
            f"This analysis is {_state(analysis)}. "
            "Only one that failed or was cancelled can be tried again."
        )
    _record(user, "analysis.retried", analysis)
    dispatch_on_commit([analysis.pk])
    return analysis


@transaction.atomic
def cancel_analysis(*, user: User, analysis: Analysis) -> Analysis:
    """queued -> cancelled. Raises `NotAllowedError`, or `StateConflictError` once it has begun."""
    require(user, Action.CANCEL_ANALYSIS, analysis)
    changed = Analysis.objects.filter(pk=analysis.pk).transition(
        Arrow.CANCEL, finished_at=timezone.now()
    )
    analysis.refresh_from_db()
    if not changed:
        raise StateConflictError(
            f"This analysis is {_state(analysis)}. "
            "Only one that still waits in the queue can be cancelled."
        )
    _record(user, "analysis.cancelled", analysis)
    return analysis


def _state(analysis: Analysis) -> str:
    """Not whether it abstained: that is the AI's word, which may be withheld from the person."""
    return "finished" if analysis.status in FINISHED else analysis.get_status_display().lower()


def _record(user: User, action: str, analysis: Analysis) -> None:
    audit.record(actor=user, action=action, row=analysis, patient_id=analysis.image.patient_id)
