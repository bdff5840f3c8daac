"""What the pages of reports have in common: the row that they open, its read, why not."""

from uuid import UUID

from django.core.exceptions import ValidationError

from accounts import audit
from accounts.policy import get_visible_or_404
from scans import audit_events
from scans.models import Report
from scans.pages.core.requests import ClinicalRequest


def message_of(error: Exception) -> str:
    """Why a service refused, as a sentence for the page."""
    return " ".join(error.messages) if isinstance(error, ValidationError) else str(error)


def report_of(request: ClinicalRequest, report_id: UUID) -> Report:
    """The report of this id with what its pages show; raise `Http404` where it is not visible."""
    rows = Report.objects.select_related(
        "study__patient__clinic", "study__clinic", "author", "supersedes", "superseded_by"
    )
    return get_visible_or_404(rows, request.user, pk=report_id)


def record_read(request: ClinicalRequest, row: Report) -> None:
    """Leave an audit event that the text of a report was read."""
    audit.record(
        actor=request.user, event=audit_events.REPORT_READ, row=row, patient_id=row.study.patient_id
    )
