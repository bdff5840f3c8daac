"""The patient list as CSV, filtered as on its page."""

from django.http import HttpResponse
from django.views.decorators.http import require_http_methods

from accounts.policy import Action, require
from scans import audit_events
from scans.pages.core.csv_responses import MOST_ROWS, answer_of, asked, record_export
from scans.pages.core.decorators import clinical_page
from scans.pages.core.requests import ClinicalRequest
from scans.pages.patients.forms import PatientFilterForm
from scans.pages.patients.views import ORDER, found_patients, with_last_study


@require_http_methods(["GET", "POST"])
@clinical_page
def patients_csv(request: ClinicalRequest) -> HttpResponse:
    require(request.user, Action.VIEW)
    rows = found_patients(user=request.user, **asked(request, PatientFilterForm))
    patients = list(with_last_study(rows).order_by(*ORDER)[:MOST_ROWS])
    record_export(request.user, audit_events.PATIENT_EXPORTED, patients)
    return answer_of(
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
