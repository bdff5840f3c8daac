"""The list of patients as a CSV file, filtered as on its page."""

from django.http import HttpResponse
from django.views.decorators.http import require_http_methods

from accounts.policy import Action, require
from scans import audit_events
from scans.pages.core.csv_responses import MOST_ROWS, csv_response, query_of, record_export
from scans.pages.core.decorators import clinical_page
from scans.pages.core.requests import ClinicalRequest
from scans.pages.patients.views import ORDER, filtered_patients, with_last_study


@require_http_methods(["GET", "POST"])
@clinical_page
def patients_csv(request: ClinicalRequest) -> HttpResponse:
    require(request.user, Action.VIEW)
    filterset = filtered_patients(request.user, query_of(request))
    patients = list(with_last_study(filterset.qs).order_by(*ORDER)[:MOST_ROWS])
    record_export(request.user, audit_events.PATIENT_EXPORTED, patients)
    return csv_response(
        "patients",
        ("MRN", "Family name", "Given name", "Born", "Sex", "Last study", "Archived"),
        (
            (
                row.mrn,
                row.family_name,
                row.given_name,
                row.birth_date,
                row.get_sex_display(),
                row.last_study,  # type: ignore[attr-defined]
                "yes" if row.is_archived else "no",
            )
            for row in patients
        ),
    )
