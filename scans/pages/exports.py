"""Lists as CSV, filtered as on their pages. What is withheld there is withheld here."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.http import HttpResponse
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from accounts.policy import Action, require
from scans.models import Study
from scans.models.study_filters import filtered
from scans.pages.clinical import ClinicalRequest, clinical_page
from scans.pages.csv_answers import answer_of, asked, record_export
from scans.pages.forms import PatientFilterForm, StudyFilterForm
from scans.pages.patients import ORDER as PATIENT_ORDER
from scans.pages.patients import found_patients, with_last_study
from scans.pages.report_list import ORDER as REPORT_ORDER
from scans.pages.report_list import ReportFilterForm, found_reports
from scans.pages.worklist import WorklistFilterForm
from scans.services.disclosure import disclosed_to
from scans.services.summaries import summarize
from scans.services.worklist import Asked, places, worklist

MOST_ROWS = 5000
_STUDY = ("MRN", "Patient", "Study date", "Description", "Received", "Priority", "Reading")
_AI = ("Images", "AI result", "AI probability", "Model release")


@require_http_methods(["GET", "POST"])
@clinical_page
def studies_csv(request: ClinicalRequest) -> HttpResponse:
    require(request.user, Action.VIEW)
    rows = filtered(
        Study.objects.visible_to(request.user),
        told=disclosed_to(request.user),
        **asked(request, StudyFilterForm),
    ).select_related("patient", "clinic")
    return _studies(request, "studies", rows.order_by("-received_at", "-id")[:MOST_ROWS])


@require_http_methods(["GET", "POST"])
@clinical_page
def worklist_csv(request: ClinicalRequest) -> HttpResponse:
    """In the order of the page, with who has each study and the time by which it is first."""
    require(request.user, Action.VIEW)
    rows = worklist(user=request.user, asked=Asked(**asked(request, WorklistFilterForm)))
    studies = list(rows.select_related("patient", "clinic", "assignee")[:MOST_ROWS])
    stands = places(studies, user=request.user)
    more = {row.pk: (row.assignee or "", _moment(stands[row.pk].promised)) for row in studies}
    return _studies(request, "worklist", studies, more=("Assigned to", "First by"), cells=more)


@require_http_methods(["GET", "POST"])
@clinical_page
def reports_csv(request: ClinicalRequest) -> HttpResponse:
    """One row a version; a report's text stays on its page."""
    require(request.user, Action.VIEW)
    found = found_reports(user=request.user, **asked(request, ReportFilterForm))
    rows = list(
        found.select_related("study__patient", "superseded_by").order_by(*REPORT_ORDER)[:MOST_ROWS]
    )
    record_export(request.user, "report.exported", rows)
    header = ("MRN", "Patient", "Study date", "Version", "Status", "Signed by", "Signed at")
    return answer_of(
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
                row.signed_at and _moment(row.signed_at),
                "yes" if row.following else "no",
                row.code,
                row.pdf_sha256,
            )
            for row in rows
        ),
    )


@require_http_methods(["GET", "POST"])
@clinical_page
def patients_csv(request: ClinicalRequest) -> HttpResponse:
    require(request.user, Action.VIEW)
    rows = found_patients(user=request.user, **asked(request, PatientFilterForm))
    patients = list(with_last_study(rows).order_by(*PATIENT_ORDER)[:MOST_ROWS])
    record_export(request.user, "patient.exported", patients)
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


def _studies(
    request: ClinicalRequest,
    name: str,
    rows: Iterable[Study],
    *,
    more: Sequence[str] = (),
    cells: Mapping[UUID, Sequence[object]] | None = None,
) -> HttpResponse:
    """`more` and `cells` are the columns that only this list has."""
    studies = list(rows)
    record_export(request.user, "study.exported", studies)
    return answer_of(
        name,
        (*_STUDY, *more, *_AI),
        (
            (
                one.study.patient.mrn,
                one.study.patient.name,
                one.study.study_date,
                one.study.description,
                _moment(one.study.received_at),
                one.study.get_priority_display(),
                one.study.get_read_stage_display(),
                *(cells[one.study.pk] if cells else ()),
                one.image_count,
                *_said(one),
            )
            for one in summarize(studies, user=request.user)
        ),
    )


def _moment(when: datetime) -> str:
    return timezone.localtime(when).isoformat(timespec="seconds")


def _said(summary: Any) -> tuple[object, object, object]:
    if summary.withheld:
        return ("withheld: read first", "", "")
    opinion = summary.opinion
    if opinion is None:
        return ("", "", "")
    probability = "" if opinion.probability is None else f"{opinion.probability:.3f}"
    return (summary.label, probability, opinion.release)
