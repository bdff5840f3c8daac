"""The study page: verdict and report, a strip of all images, one of them large with its result."""

from typing import Any
from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from accounts import audit
from accounts.policy import get_visible_or_404
from accounts.requests import number_in
from scans import audit_events
from scans.models import Image, RecordChange, Study
from scans.pages.analyses.image_cards import image_cards, images_with_analyses
from scans.pages.core.decorators import clinical_page
from scans.pages.core.requests import ClinicalRequest
from scans.pages.core.responses import (
    has_poll_token,
    poll_response,
    poll_token,
    with_htmx_events,
)
from scans.pages.patients.timeline import entries_of
from scans.pages.reading.image_strip import image_strip
from scans.pages.reading.verdict_panel import panel_context
from scans.pages.studies.acquisition import acquisition_forms
from scans.services.analyses.releases import active_release
from scans.services.reading.critical_finding_status import told_of_studies
from scans.services.statistics.trend import trend_of
from scans.services.studies.contents import other_contents
from scans.services.studies.image_order import orderable_series
from scans.services.studies.summaries import StudySummary, summarize


@require_GET
@clinical_page
def study(request: ClinicalRequest, study_id: UUID) -> HttpResponse:
    """Show all images small and one large; `?image=` says which, else the most suspicious."""
    row = _study(request, study_id)
    _record_read(request, row)
    strip = image_strip(request, row, image_id=request.GET.get("image", ""))
    large = [strip.chosen.image.pk] if strip.chosen else []
    shown = images_with_analyses(Image.objects.filter(pk__in=large))
    summary, active = summarize([row], user=request.user)[0], active_release()
    context = _summary_context(request, summary, known=len(strip.thumbnails)) | {
        "patient": row.patient,
        "strip": strip,
        "image_cards": image_cards(
            request,
            list(shown.visible_to(request.user)),
            active=active,
            analysis_id=request.GET.get("analysis", ""),
        ),
        "order_of": orderable_series(row),
        "acquisitions": acquisition_forms(summary, active=active),
        "told": told_of_studies(user=request.user, studies=[row.pk]).get(row.pk, []),
        "contents": other_contents(row),
        "changes": RecordChange.objects.for_display().filter(study=row),
    }
    context |= panel_context(request, row)
    return render(request, "reading/study.html", context)


@require_GET
@clinical_page
def study_summary(request: ClinicalRequest, study_id: UUID) -> HttpResponse:
    """Show the head of the study page; polled while analyses are unfinished."""
    row = _study(request, study_id)
    if not has_poll_token(request, row.pk):
        _record_read(request, row)
    known = number_in(request.GET.get("known", "")) or 0
    summary = summarize([row], user=request.user)[0]
    context = _summary_context(request, summary, known=known)
    response = poll_response(request, "studies/_summary.html", context)
    prepared_some = summary.preparing < (number_in(request.GET.get("preparing", "")) or 0)
    if response.status_code == 200 and (not summary.in_work or prepared_some):
        # The strip is drawn anew, and the verdict's lines (static/js/reading/redrawing.js).
        return with_htmx_events(response, **{"study-analyzed": "", "ai-results": ""})
    return response


@require_GET
@clinical_page
def study_entry(request: ClinicalRequest, study_id: UUID) -> HttpResponse:
    """Show the study's entry in the case history; polled while analyses are unfinished."""
    row = _study(request, study_id)
    if not has_poll_token(request, row.pk):
        _record_read(request, row)
    trend = trend_of(user=request.user, patient=row.patient)
    return poll_response(
        request, "patients/_entry.html", entries_of(request, [row], trend=trend)[0]
    )


def _study(request: ClinicalRequest, study_id: UUID) -> Study:
    rows = Study.objects.select_related(
        "patient__clinic", "patient__merged_into", "clinic", "received_by", "assignee", "locked_by"
    )
    return get_visible_or_404(rows, request.user, pk=study_id)


def _record_read(request: ClinicalRequest, row: Study) -> None:
    audit.record(
        actor=request.user, event=audit_events.STUDY_READ, row=row, patient_id=row.patient_id
    )


def _summary_context(
    request: ClinicalRequest, summary: StudySummary, *, known: int
) -> dict[str, Any]:
    return {
        "study": summary.study,
        "summary": summary,
        "known": known,
        "arrived": summary.image_count - known,
        "version": poll_token(request, summary.study.pk, summary.facts),
    }
