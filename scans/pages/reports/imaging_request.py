"""What was asked of the study, in the editor of its report: shown, and corrected with a reason."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST

from accounts.policy import Action, require
from scans.errors import StateConflictError
from scans.models import Report, Study
from scans.pages.core.decorators import clinical_page
from scans.pages.core.requests import ClinicalRequest
from scans.pages.reports.opening import report_of
from scans.pages.studies.record_forms import ImagingRequestForm
from scans.services.reports.drafting import require_readable
from scans.services.studies.corrections import correct_study


def imaging_request_form(study: Study) -> ImagingRequestForm:
    """Return the form with what is stated now."""
    return ImagingRequestForm(initial=ImagingRequestForm.values_of(study))


def imaging_request_of(report: Report) -> dict[str, str]:
    """Return what is stated of the study: as it was signed, or as it is now for a draft."""
    return report.signed_study if report.is_signed else report.study.stated


@require_POST
@clinical_page
def report_imaging_request(request: ClinicalRequest, report_id: UUID) -> HttpResponse:
    """Correct question, referring physician and accession number; what is typed beside stays."""
    row = report_of(request, report_id)
    require(request.user, Action.WRITE_REPORT, row)
    require_readable(user=request.user, study=row.study)
    form = ImagingRequestForm(request.POST, initial=ImagingRequestForm.values_of(row.study))
    if form.is_valid():
        try:
            correct_study(
                user=request.user,
                study=row.study,
                changes=form.changes,
                seen=form.seen,
                reason=form.cleaned_data["reason"],
            )
        except (ValidationError, StateConflictError) as error:
            form.refuse(error, now=Study.objects.get(pk=row.study_id))
    if not request.htmx:
        return _without_script(request, row, form)
    row.study.refresh_from_db()
    context: dict[str, Any] = {"report": row, "study": row.study, "patient": row.study.patient}
    if form.errors:
        return render(
            request, "reports/_imaging_request.html", context | {"request_form": form}, status=422
        )
    context |= {"request_form": imaging_request_form(row.study), "is_corrected": True}
    return render(request, "reports/_imaging_request.html", context)


def _without_script(
    request: ClinicalRequest, row: Report, form: ImagingRequestForm
) -> HttpResponse:
    if form.errors:
        wrong = [sentence for sentences in form.errors.values() for sentence in sentences]
        messages.error(request, " ".join(str(one) for one in wrong))
    else:
        messages.success(request, "It is corrected. What was stated before is kept.")
    return redirect("report-edit", row.pk)
