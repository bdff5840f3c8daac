"""The list of reports as a CSV file: filtered, sorted and worded as its page."""

from django.http import HttpResponse
from django.views.decorators.http import require_http_methods

from accounts.policy import Action, require
from scans import audit_events
from scans.models import Report
from scans.pages.core.csv_responses import (
    MOST_ROWS,
    Columns,
    caveat_columns,
    list_response,
    moment_or_nothing,
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
    filterset = filtered_reports(request.user, query_of(request))
    filterset.require_understood(query_of(request))
    found = filterset.qs.select_related("study__patient", "author", "superseded_by")
    rows = list(found.order_by(*ORDER)[:MOST_ROWS])
    record_export(request.user, audit_events.REPORT_EXPORTED, rows)
    return list_response("reports", COLUMNS, rows)


def _signer(row: Report) -> str:
    return row.signed_name if row.is_signed else f"Not signed; {row.author} began it"


COLUMNS: Columns = {
    "Patient": lambda row: row.study.patient.name,
    "MRN": lambda row: row.study.patient.mrn,
    "Patient as printed": lambda row: row.signed_patient.get("name", ""),
    "MRN as printed": lambda row: row.signed_patient.get("mrn", ""),
    "Study": lambda row: row.study.title,
    "Study date": lambda row: row.study.study_date,
    "Report": lambda row: row.get_status_display(),
    "Version": lambda row: row.number,
    "Superseded": lambda row: "yes" if row.following else "no",
    **caveat_columns(lambda row: row),
    "Signed by": _signer,
    "Signed": lambda row: moment_or_nothing(row.signed_at),
    "Verification code": lambda row: row.code,
    "SHA-256 of the PDF": lambda row: row.pdf_sha256,
}
