"""A reader asks for the analysis of a series that the AI was not given, or not each slice of."""

from accounts import audit
from accounts.clinical_write import clinical_write
from accounts.models import User
from accounts.policy import Action
from scans import audit_events
from scans.errors import StateConflictError
from scans.models import Image, Series, Study
from scans.services.analyses.lifecycle import queue_analyses
from scans.services.analyses.releases import active_release
from scans.services.analyses.series_statements import update_series_statement
from scans.services.patients.records import refuse_archived

READ_BY_THE_MODEL = "MR"  # as DICOM's Modality has it
_NO_RELEASE = "No model release is active. Ask your administrator to activate one, then try again."
_OTHER_MODALITY = "The model reads MRI, and this series is of another modality."
_ASKED = "This series is analyzed already. Load the page again to see its results."


@clinical_write(Action.REQUEST_ANALYSIS, on="series")
def request_series(*, user: User, series: Series) -> int:
    """Queue an analysis of each image of an MR series that has none; how many.

    That is of a series that was left out, or of which every n-th slice is analyzed by the clinic's
    rule. From then on the AI reads each of its slices, also those that still arrive. The audit
    trail keeps who asked, and why it had been left out. Raises `NotAllowedError`,
    `ValidationError` for an archived patient, or `StateConflictError` for a series of another
    modality, one that is analyzed already, or where no release is active.
    """
    refuse_archived(series.study.patient, then="ask for new analyses")
    study = Study.objects.select_for_update().get(pk=series.study_id)  # no image arrives meanwhile
    current = Series.objects.get(pk=series.pk)
    if not current.why_not_analyzed and current.every_nth_slice == 1:
        raise StateConflictError(_ASKED)
    if current.modality != READ_BY_THE_MODEL:
        raise StateConflictError(_OTHER_MODALITY)
    release = active_release()
    if release is None:
        raise StateConflictError(_NO_RELEASE)
    reason = current.why_not_analyzed or f"By the clinic's rule {current.slices_in_words}."
    current.why_not_analyzed, current.every_nth_slice = "", 1
    current.save(update_fields=["why_not_analyzed", "every_nth_slice"])
    # An image may have been asked for by itself before.
    images = Image.objects.with_instance().filter(series=current).exclude(analyses__release=release)
    queued = queue_analyses(list(images.order_by("number")), user=user)
    update_series_statement(current.pk)
    audit.record(
        actor=user,
        event=audit_events.SERIES_ANALYSIS_REQUESTED,
        row=current,
        patient_id=study.patient_id,
        detail={"images": len(queued), "left_out": reason},
    )
    return len(queued)
