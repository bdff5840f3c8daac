"""Reports: the versions of a study, one version to read, the editor, signing, amending, the PDF."""

from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpResponse, HttpResponseBase, QueryDict
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.formats import time_format
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts import audit
from accounts.policy import Action, get_visible_or_404, require
from scans import audit_events
from scans.errors import StateConflictError
from scans.models import Report, ReportTemplate, Study
from scans.models.report import ReportStatus
from scans.models.report_sections import LONGEST_SECTION, SECTION_NAMES, SECTIONS
from scans.pages.core.decorators import clinical_page
from scans.pages.core.requests import ClinicalRequest
from scans.pages.core.responses import with_htmx_events
from scans.pages.reports.presentation import (
    figure_choices,
    figures_shown,
    linked_sections,
    sections_of,
)
from scans.services.reports import drafting as service
from scans.services.reports import signing
from scans.services.reports.content import MOST_FIGURES, templates_of
from scans.services.reports.files import deliver_report


class ReportForm(forms.ModelForm):
    revision = forms.IntegerField(min_value=0, widget=forms.HiddenInput)

    class Meta:
        model = Report
        fields = [*SECTION_NAMES, "with_overlay"]
        widgets = {
            section.name: forms.Textarea(
                attrs={
                    "rows": section.lines,
                    "class": "form-control",
                    "maxlength": LONGEST_SECTION,
                }
            )
            for section in SECTIONS
        } | {"with_overlay": forms.CheckboxInput(attrs={"class": "form-check-input"})}
        labels = {"with_overlay": "Color where the model looked over the figures"}


@require_GET
@clinical_page
def study_report(request: ClinicalRequest, study_id: UUID) -> HttpResponse:
    """Show the versions of a study's report, or the form that starts one."""
    study = _study(request, study_id)
    service.require_readable(user=request.user, study=study)
    versions = list(Report.objects.filter(study=study).select_related("author", "superseded_by"))
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
        messages.error(request, _message(error))
        return redirect("study-report", study.pk)
    return redirect("report-edit", report.pk)


@require_GET
@clinical_page
def report(request: ClinicalRequest, report_id: UUID) -> HttpResponse:
    """Show one version."""
    row = _report(request, report_id)
    service.require_readable(user=request.user, study=row.study)
    _record_read(request, row)
    return render(request, "reports/report.html", _reading(request, row))


@require_GET
@clinical_page
def report_edit(request: ClinicalRequest, report_id: UUID) -> HttpResponse:
    """Show the editor of a draft; its script saves it while one writes."""
    row = _report(request, report_id)
    require(request.user, Action.WRITE_REPORT, row)
    service.require_readable(user=request.user, study=row.study)
    if not row.is_draft:
        return redirect(row)
    _record_read(request, row)
    return _editor(request, row)


@require_POST
@clinical_page
def report_save(request: ClinicalRequest, report_id: UUID) -> HttpResponse:
    """Save the draft. The script gets 204 with the new revision, or why nothing was saved."""
    row = _report(request, report_id)
    try:
        saved = _saved(request, row)
    except (ValidationError, StateConflictError) as error:
        if request.htmx:
            # The script saves a refused text again once it is corrected; after a conflict the
            # writer compares both sides first.
            kind = "report-refused" if isinstance(error, ValidationError) else "report-not-saved"
            return with_htmx_events(HttpResponse(status=204), **{kind: _message(error)})
        return _editor(request, _report(request, report_id), sent=request.POST, refusal=error)
    if not request.htmx:
        messages.success(request, "The draft is saved.")
        return redirect("report-edit", row.pk)
    now = time_format(timezone.localtime(), "H:i:s")
    response = with_htmx_events(HttpResponse(status=204), **{"report-saved": f"Saved {now}"})
    response["X-Revision"] = str(saved.revision)
    return response


@sensitive_post_parameters("password")
@require_POST
@clinical_page
def report_sign(request: ClinicalRequest, report_id: UUID) -> HttpResponse:
    """Save what was sent from the editor, and sign it."""
    row = _report(request, report_id)
    saved: Report | None = None
    try:
        saved = _saved(request, row)
        signed = signing.sign_report(
            user=request.user,
            report=saved,
            revision=saved.revision,
            password=request.POST.get("password", ""),
        )
    except (ValidationError, StateConflictError) as error:
        now = _report(request, report_id)
        return _editor(request, now, sent=request.POST, refusal=error, saved=saved)
    messages.success(request, "The report is signed. It does not change any more.")
    return redirect(signed)


@require_POST
@clinical_page
def report_amend(request: ClinicalRequest, report_id: UUID) -> HttpResponse:
    row = _report(request, report_id)
    try:
        amendment = service.amend_report(
            user=request.user, report=row, reason=request.POST.get("reason", "")
        )
    except (ValidationError, StateConflictError) as error:
        context = _reading(request, row) | {"refusal": _message(error)}
        return render(request, "reports/report.html", context, status=409)
    return redirect("report-edit", amendment.pk)


@require_POST
@clinical_page
def report_discard(request: ClinicalRequest, report_id: UUID) -> HttpResponse:
    """Discard a draft; its text stays readable."""
    row = _report(request, report_id)
    try:
        service.discard_report(user=request.user, report=row)
    except (ValidationError, StateConflictError) as error:
        messages.error(request, _message(error))
        return redirect(row)
    messages.success(request, f"The draft, version {row.number}, is discarded. Its text is kept.")
    return redirect("study-report", row.study_id)


@require_GET
@clinical_page
def report_pdf(request: ClinicalRequest, report_id: UUID) -> HttpResponseBase:
    return deliver_report(user=request.user, report=_report(request, report_id))


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
    row = get_visible_or_404(rows, request.user, code=signing.normal_code(code))
    service.require_readable(user=request.user, study=row.study)
    audit.record(
        actor=request.user,
        event=audit_events.REPORT_VERIFIED,
        row=row,
        patient_id=row.study.patient_id,
    )
    return render(request, "reports/verify.html", {"row": row})


def _editor(
    request: ClinicalRequest,
    row: Report,
    sent: QueryDict | None = None,
    refusal: Exception | None = None,
    saved: Report | None = None,
) -> HttpResponse:
    """Render the editor with what was sent; `saved` is what this request saved before a refusal."""
    if sent is not None:
        sent = sent.copy()
        if isinstance(refusal, service.ReportConflictError):
            # Who saves again from this page has compared both sides.
            sent["revision"] = str(refusal.current.revision)
        elif saved is not None:
            sent["revision"] = str(saved.revision)
    form = ReportForm(sent, instance=row, initial={"revision": row.revision})
    chosen = set(sent.getlist("figures")) if sent else {f["annotation"] for f in row.figures}
    context = {
        "report": row,
        "study": row.study,
        "patient": row.study.patient,
        "form": form,
        "sections": [form[name] for name in SECTION_NAMES],
        "annotations": figure_choices(user=request.user, report=row, chosen=chosen),
        "most_figures": MOST_FIGURES,
        "refusal": _message(refusal) if refusal else "",
        # What somebody else saved meanwhile, to compare with.
        "saved_sections": sections_of(refusal.current)
        if isinstance(refusal, service.ReportConflictError)
        else [],
        "meaning": signing.MEANING_AMENDED if row.supersedes_id else signing.MEANING,
    }
    return render(request, "reports/edit.html", context, status=409 if refusal else 200)


def _reading(request: ClinicalRequest, row: Report) -> dict[str, Any]:
    figures = figures_shown(row)
    return {
        "report": row,
        "study": row.study,
        "patient": row.study.patient,
        "sections": linked_sections(user=request.user, report=row, figures=figures),
        "figures": figures,
        "can_write": service.can_write_report(request.user, row.study),
        "versions": Report.objects.filter(study=row.study_id),
    }


def _saved(request: ClinicalRequest, row: Report) -> Report:
    return service.save_report(
        user=request.user,
        report=row,
        revision=_revision(request.POST),
        changes=_changes(request.POST),
    )


def _changes(sent: QueryDict) -> dict[str, Any]:
    texts = {name: sent[name] for name in SECTION_NAMES if name in sent}
    if "revision" not in sent:
        return texts
    return texts | {
        "with_overlay": "with_overlay" in sent,
        "figures": sent.getlist("figures"),
    }


def _revision(sent: QueryDict) -> int:
    text = sent.get("revision", "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else -1


def _message(error: Exception) -> str:
    return " ".join(error.messages) if isinstance(error, ValidationError) else str(error)


def _study(request: ClinicalRequest, study_id: UUID) -> Study:
    rows = Study.objects.select_related("patient__clinic", "clinic")
    return get_visible_or_404(rows, request.user, pk=study_id)


def _report(request: ClinicalRequest, report_id: UUID) -> Report:
    rows = Report.objects.select_related(
        "study__patient__clinic", "study__clinic", "author", "supersedes", "superseded_by"
    )
    return get_visible_or_404(rows, request.user, pk=report_id)


def _record_read(request: ClinicalRequest, row: Report) -> None:
    audit.record(
        actor=request.user, event=audit_events.REPORT_READ, row=row, patient_id=row.study.patient_id
    )
