"""The list of reports as CSV, filtered as on its page."""

from django.http import HttpResponse
from django.views.decorators.http import require_http_methods

from accounts.policy import Action, require
from scans import audit_events
from scans.pages.core.csv_responses import (
    MOST_ROWS,
    csv_response,
    moment,
    query_of,
    record_export,
)
from scans.pages.core.decorators import clinical_page
from scans.pages.core.requests import ClinicalRequest
from scans.pages.reports.list import ORDER, filtered_reports


@require_http_methods(["GET", "POST"])
@clinical_page
def reports_csv(request: ClinicalRequest) -> HttpResponse:
    """One row a version; a report's text stays on its page."""
    require(request.user, Action.VIEW)
    found = filtered_reports(request.user, query_of(request)).qs
    rows = list(
        found.select_related("study__patient", "superseded_by").order_by(*ORDER)[:MOST_ROWS]
    )
    record_export(request.user, audit_events.REPORT_EXPORTED, rows)
    header = ("MRN", "Patient", "Study date", "Version", "Status", "Signed by", "Signed at")
    return csv_response(
        "reports",
        (*header, "Superseded", "Verification code", "SHA-256 of the PDF"),
        (
            (
                row.study.patient.mrn,
                row.study.patient.name,
                row.study.study_date,
                row.number,
                row.get_status_display(),
                row.signed_name,
                row.signed_at and moment(row.signed_at),
                "yes" if row.following else "no",
                row.code,
                row.pdf_sha256,
            )
            for row in rows
        ),
    )
