"""The editor of a report: write a draft, save it while writing, sign it."""

from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.formats import time_format
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_GET, require_POST

from accounts.policy import Action, require
from scans.errors import StateConflictError
from scans.models import Report
from scans.models.report_sections import LONGEST_SECTION, SECTION_NAMES, SECTIONS
from scans.pages.core.decorators import clinical_page
from scans.pages.core.requests import ClinicalRequest
from scans.pages.core.responses import with_htmx_events
from scans.pages.reports.opening import message_of, record_read, report_of
from scans.pages.reports.presentation import (
    figure_choices,
    sections_of,
)
from scans.services.reports import drafting as service
from scans.services.reports import signing
from scans.services.reports.content import MOST_FIGURES


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
def report_edit(request: ClinicalRequest, report_id: UUID) -> HttpResponse:
    """Show the editor of a draft; its script saves it while one writes."""
    row = report_of(request, report_id)
    require(request.user, Action.WRITE_REPORT, row)
    service.require_readable(user=request.user, study=row.study)
    if not row.is_draft:
        return redirect(row)
    record_read(request, row)
    return _editor(request, row)


@require_POST
@clinical_page
def report_save(request: ClinicalRequest, report_id: UUID) -> HttpResponse:
    """Save the draft. The script gets 204 with the new revision, or why nothing was saved."""
    row = report_of(request, report_id)
    try:
        saved = _saved(request, row)
    except (ValidationError, StateConflictError) as error:
        if request.htmx:
            # The script saves a refused text again once it is corrected; after a conflict the
            # writer compares both sides first.
            kind = "report-refused" if isinstance(error, ValidationError) else "report-not-saved"
            return with_htmx_events(HttpResponse(status=204), **{kind: message_of(error)})
        return _editor(request, report_of(request, report_id), sent=request.POST, refusal=error)
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
    row = report_of(request, report_id)
    saved: Report | None = None
    try:
        saved = _saved(request, row)
        signed = signing.sign_report(
            user=request.user,
            report=saved,
            revision=saved.revision,
            password=request.POST.get("password", ""),
            noticed=request.POST.getlist("noticed"),
        )
    except (ValidationError, StateConflictError) as error:
        now = report_of(request, report_id)
        return _editor(request, now, sent=request.POST, refusal=error, saved=saved)
    messages.success(request, "The report is signed. It does not change any more.")
    return redirect(signed)


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
        "refusal": message_of(refusal) if refusal else "",
        # What somebody else saved meanwhile, to compare with.
        "saved_sections": sections_of(refusal.current)
        if isinstance(refusal, service.ReportConflictError)
        else [],
        "stated_anew": signing.unmentioned_statements(row),
        "meaning": signing.MEANING_AMENDED if row.supersedes_id else signing.MEANING,
    }
    return render(request, "reports/edit.html", context, status=409 if refusal else 200)


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
