"""Reports: the versions of a study, one version to read, amending, discarding, the PDF."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts import audit
from accounts.policy import Action, get_visible_or_404, require
from accounts.posting import posted_from
from scans import audit_events
from scans.errors import StateConflictError
from scans.models import Report, ReportTemplate, Study
from scans.models.report import ReportStatus
from scans.pages.core.decorators import clinical_page
from scans.pages.core.refusals import message_of
from scans.pages.core.requests import ClinicalRequest
from scans.pages.reports.imaging_request import imaging_request_of
from scans.pages.reports.opening import record_read, report_of
from scans.pages.reports.presentation import (
    figures_shown,
    linked_sections,
)
from scans.services.reports import drafting as service
from scans.services.reports import signing
from scans.services.reports.content import templates_of
from scans.services.reports.files import deliver_report
from scans.services.reports.verdict_with_report import deciding_verdict


@require_GET
@clinical_page
def study_report(request: ClinicalRequest, study_id: UUID) -> HttpResponse:
    """Show the versions of a study's report, or the form that starts one."""
    study = _study(request, study_id)
    service.require_readable(user=request.user, study=study)
    rows = Report.objects.filter(study=study).with_caveats().with_changes()
    versions = list(rows.select_related("author", "superseded_by"))
    audit.record_list(
        actor=request.user,
        event=audit_events.REPORT_LISTED,
        rows=versions,
        patient_id=study.patient_id,
    )
    can_write = service.can_write_report(request.user, study)
    context = {
        "study": study,
        "patient": study.patient,
        "versions": versions,
        "can_write": can_write,
        "can_start": can_write and all(one.status == ReportStatus.CANCELLED for one in versions),
        "templates": templates_of(study.clinic_id),
    }
    return render(request, "reports/study.html", context)


@require_POST
@clinical_page
def study_report_start(request: ClinicalRequest, study_id: UUID) -> HttpResponse:
    study = _study(request, study_id)
    template: ReportTemplate | None = None
    if chosen := request.POST.get("template"):
        template = get_visible_or_404(templates_of(study.clinic_id), request.user, pk=chosen)
    try:
        report = service.start_report(user=request.user, study=study, template=template)
    except (ValidationError, StateConflictError) as error:
        messages.error(request, message_of(error))
        return redirect("study-report", study.pk)
    return redirect("report-edit", report.pk)


@require_GET
@clinical_page
def report(request: ClinicalRequest, report_id: UUID) -> HttpResponse:
    """Show one version."""
    row = report_of(request, report_id)
    service.require_readable(user=request.user, study=row.study)
    record_read(request, row)
    return render(request, "reports/report.html", _reading(request, row))


@posted_from("report")
@clinical_page
def report_amend(request: ClinicalRequest, report_id: UUID) -> HttpResponse:
    row = report_of(request, report_id)
    try:
        amendment = service.amend_report(
            user=request.user, report=row, reason=request.POST.get("reason", "")
        )
    except (ValidationError, StateConflictError) as error:
        context = _reading(request, row) | {"refusal": message_of(error)}
        return render(request, "reports/report.html", context, status=409)
    return redirect("report-edit", amendment.pk)


@require_POST
@clinical_page
def report_discard(request: ClinicalRequest, report_id: UUID) -> HttpResponse:
    """Discard a draft; its text stays readable."""
    row = report_of(request, report_id)
    try:
        service.discard_report(user=request.user, report=row)
    except (ValidationError, StateConflictError) as error:
        messages.error(request, message_of(error))
        return redirect(row)
    messages.success(request, f"The draft, version {row.number}, is discarded. Its text is kept.")
    return redirect("study-report", row.study_id)


@require_GET
@clinical_page
def report_pdf(request: ClinicalRequest, report_id: UUID) -> HttpResponseBase:
    return deliver_report(user=request.user, report=report_of(request, report_id))


@require_http_methods(["GET"])
@clinical_page
def verify(request: ClinicalRequest, code: str = "") -> HttpResponse:
    """Show which report a verification code on paper belongs to. For people of the clinic only.

    A public page would reveal to strangers that somebody was examined here.
    """
    require(request.user, Action.VIEW)
    if "code" in request.GET:
        return redirect("report-verify", signing.normal_code(request.GET["code"][:40]) or "-")
    if not code:
        return render(request, "reports/verify.html", {"row": None})
    rows = Report.objects.select_related("study__patient", "superseded_by").signed()
    rows = rows.with_caveats().with_changes()
    try:
        row = get_visible_or_404(rows, request.user, code=signing.normal_code(code))
    except Http404:
        # The same page for a code of nobody and for one of another clinic.
        context = {"row": None, "unknown": code[:40]}
        return render(request, "reports/verify.html", context, status=404)
    service.require_readable(user=request.user, study=row.study)
    audit.record(
        actor=request.user,
        event=audit_events.REPORT_VERIFIED,
        row=row,
        patient_id=row.study.patient_id,
    )
    return render(request, "reports/verify.html", {"row": row})


def _reading(request: ClinicalRequest, row: Report) -> dict[str, Any]:
    figures = figures_shown(row)
    return {
        "report": row,
        "study": row.study,
        "patient": row.study.patient,
        "imaging_request": imaging_request_of(row),
        "sections": linked_sections(user=request.user, report=row, figures=figures),
        "figures": figures,
        "can_write": service.can_write_report(request.user, row.study),
        "versions": Report.objects.filter(study=row.study_id),
        "deciding": deciding_verdict(row.study),
        "amendment": Report.objects.filter(supersedes=row).preliminary().first(),
    }


def _study(request: ClinicalRequest, study_id: UUID) -> Study:
    rows = Study.objects.select_related("patient__clinic", "clinic")
    return get_visible_or_404(rows, request.user, pk=study_id)
