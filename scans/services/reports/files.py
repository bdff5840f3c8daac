"""Deliver the PDF of a report: the only way that it leaves."""

from django.http import Http404, HttpResponseBase
from django.utils import timezone

from accounts import audit
from accounts.models import User
from scans import audit_events
from scans.models import Report
from scans.services.files import stored_file
from scans.services.reports.drafting import require_readable


def deliver_report(*, user: User, report: Report) -> HttpResponseBase:
    """Return the PDF of a signed report, byte for byte as it was signed; the read is recorded.

    Raises `NotAllowedError`, or `Http404` where there is none.
    """
    require_readable(user=user, study=report.study)
    if not report.pdf:
        raise Http404("There is no such file: the report is not signed.")
    audit.record(
        actor=user,
        event=audit_events.REPORT_PDF_READ,
        row=report,
        patient_id=report.study.patient_id,
    )
    # The bytes cannot say so themselves: the name of a copy does, and the headers below.
    since = "-new-images-since" if report.new_images_at else ""
    response = stored_file(
        report.pdf,
        media_type="application/pdf",
        filename=f"report-{report.code}{since}.pdf",
        cache_control="private, no-store",
    )
    for header, moment in (
        ("X-Verdict-Amended-At", report.verdict_amended_at),
        ("X-New-Images-At", report.new_images_at),
        ("X-Study-Moved-At", report.moved_at),
    ):
        if moment is not None:
            response[header] = timezone.localtime(moment).isoformat()
    return response
