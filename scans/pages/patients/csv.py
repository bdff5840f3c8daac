"""The list of patients as a CSV file: filtered, sorted and worded as its page."""

from django.http import HttpResponse
from django.views.decorators.http import require_http_methods

from accounts.policy import Action, require
from scans import audit_events
from scans.models import Patient
from scans.pages.core.csv_responses import (
    MOST_ROWS,
    Columns,
    caveat_columns,
    list_response,
    query_of,
    record_export,
)
from scans.pages.core.decorators import clinical_page
from scans.pages.core.requests import ClinicalRequest
from scans.pages.patients.list import (
    filtered_patients,
    patient_rows,
    patient_sorting,
)
from scans.services.reports.caveats import Caveats


@require_http_methods(["GET", "POST"])
@clinical_page
def patients_csv(request: ClinicalRequest) -> HttpResponse:
    require(request.user, Action.VIEW)
    query = query_of(request)
    filterset, sorting = filtered_patients(request.user, query), patient_sorting(query)
    filterset.require_understood(query, also=["order"])
    sorting.require_understood()
    patients: list[Patient] = list(sorting.sorted(filterset.qs)[:MOST_ROWS])
    record_export(request.user, audit_events.PATIENT_EXPORTED, patients)
    rows = patient_rows(request.user, patients)
    studies = [row.newest.study for row in rows if row.newest]  # their findings are in the file
    record_export(request.user, audit_events.STUDY_EXPORTED, studies)
    return list_response("patients", COLUMNS, rows)


COLUMNS: Columns = {
    "Name": lambda row: row.patient.name,
    "Radiologist": lambda row: row.newest.radiologist if row.newest else "",
    "Report": lambda row: row.newest.report.words if row.newest else "",
    **caveat_columns(lambda row: row.newest.caveats if row.newest else Caveats()),
    "MRN": lambda row: row.patient.mrn,
    "Born": lambda row: row.patient.birth_date or "not known",
    "Sex": lambda row: row.patient.get_sex_display(),
    "Last study": lambda row: row.newest.study.study_date if row.newest else "none",
    "Archived": lambda row: "yes" if row.patient.is_archived else "no",
}
