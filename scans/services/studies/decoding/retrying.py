"""A person asks again for the images of a study that could not be shown."""

from django.utils import timezone

from accounts import audit
from accounts.clinical_write import clinical_write
from accounts.models import User
from accounts.policy import Action, has_perm
from scans import audit_events
from scans.errors import StateConflictError
from scans.models import Analysis, Image, Instance, Study
from scans.models.analysis_states import Status
from scans.models.decoding import Decoding
from scans.services.analyses.lifecycle import retry_analyses
from scans.services.patients.records import refuse_archived
from scans.services.studies.decoding.dispatch import dispatch_on_commit

_NONE_FAILED = (
    "No image of this study is one that cannot be shown by now. Load the page again to see them."
)


@clinical_write(Action.UPLOAD_STUDY, on="study")
def retry_decoding(*, user: User, study: Study) -> int:
    """failed -> waiting for each file of the study, with a fresh count of attempts; how many.

    Their analyses that failed are queued again with them, where the person may ask for analyses.
    Raises `NotAllowedError`, `ValidationError` for an archived patient, or `StateConflictError`
    where no file has failed.
    """
    refuse_archived(study.patient, then="try to show its images again")
    now = timezone.now()
    failed = Instance.objects.filter(series__study=study, decoding=Decoding.FAILED)
    ids = list(failed.values_list("pk", flat=True))
    again = Instance.objects.filter(pk__in=ids, decoding=Decoding.FAILED).update(
        decoding=Decoding.WAITING,
        decoding_problem="",
        decoding_attempts=0,
        decoding_queued_at=now,
        decoding_dispatched_at=now,
    )
    if not again:
        raise StateConflictError(_NONE_FAILED)
    if has_perm(user, Action.REQUEST_ANALYSIS):
        stopped = Analysis.objects.filter(image__instance__in=ids, status=Status.FAILED)
        # Workers are told of each once its pixels are decoded.
        retry_analyses(user=user, analyses=list(stopped.with_context()))
    audit.record(
        actor=user,
        event=audit_events.STUDY_DECODING_RETRIED,
        row=study,
        patient_id=study.patient_id,
        detail={"files": again},
    )
    dispatch_on_commit(
        Image.objects.filter(instance__in=ids, frame_number=1).with_instance().order_by("number")
    )
    return again
