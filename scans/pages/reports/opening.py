"""What the pages of reports have in common: the row that they open, and its read."""

from uuid import UUID

from accounts import audit
from accounts.policy import get_visible_or_404
from scans import audit_events
from scans.models import Report
from scans.pages.core.requests import ClinicalRequest


def report_of(request: ClinicalRequest, report_id: UUID) -> Report:
    """The report of this id with what its pages show; raise `Http404` where it is not visible."""
    rows = Report.objects.select_related(
        "study__patient__clinic", "study__clinic", "author", "supersedes", "superseded_by"
    )
    rows = rows.with_caveats().with_changes()
    return get_visible_or_404(rows, request.user, pk=report_id)


def record_read(request: ClinicalRequest, row: Report) -> None:
    """Leave an audit event that the text of a report was read."""
    audit.record(
        actor=request.user, event=audit_events.REPORT_READ, row=row, patient_id=row.study.patient_id
    )
