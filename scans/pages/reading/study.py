"""The study page: every image beside its AI result, and the verdict panel."""

from typing import Any
from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from accounts import audit
from accounts.policy import get_visible_or_404
from scans import audit_events
from scans.models import Image, Study
from scans.pages.analyses.image_cards import image_cards, images_with_analyses
from scans.pages.core.decorators import clinical_page
from scans.pages.core.requests import ClinicalRequest
from scans.pages.core.responses import has_poll_token, poll_response, poll_token
from scans.pages.patients.timeline import entries_of
from scans.pages.reading.verdict import panel_context
from scans.pages.studies.acquisition import acquisition_forms
from scans.services.analyses.releases import active_release
from scans.services.statistics.trend import trend_of
from scans.services.studies.summaries import IMAGE_ORDER, StudySummary, summarize

PAGE_SIZE = 24


@require_GET
@clinical_page
def study(request: ClinicalRequest, study_id: UUID) -> HttpResponse:
    """Show the images in their order; `?image=` opens the page of the study that has that one."""
    row = _study(request, study_id)
    images = Image.objects.filter(series__study=row).order_by(*IMAGE_ORDER)
    ids = list(images.values_list("pk", flat=True))
    pages = [ids[start : start + PAGE_SIZE] for start in range(0, len(ids), PAGE_SIZE)] or [[]]
    number = _page_number(request, pages)
    _record_read(request, row)
    shown = images_with_analyses(images.filter(pk__in=pages[number - 1]))
    summary, active = summarize([row], user=request.user)[0], active_release()
    context = _summary_context(request, summary, known=len(ids)) | {
        "patient": row.patient,
        "image_cards": image_cards(
            request,
            list(shown.visible_to(request.user)),
            active=active,
            analysis_id=request.GET.get("analysis", ""),
        ),
        "acquisitions": acquisition_forms(summary, active=active),
        "page_number": number,
        "page_numbers": range(1, len(pages) + 1),
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
    known = _number(request.GET.get("known", ""), otherwise=0)
    context = _summary_context(request, summarize([row], user=request.user)[0], known=known)
    return poll_response(request, "studies/_summary.html", context)


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
        "patient__clinic", "clinic", "received_by", "assignee", "locked_by"
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


def _page_number(request: ClinicalRequest, pages: list[list[UUID]]) -> int:
    image = request.GET.get("image", "")
    holding = (at for at, ids in enumerate(pages, 1) if image in map(str, ids))
    number = next(holding, _number(request.GET.get("page", ""), otherwise=1))
    return min(max(1, number), len(pages))


def _number(text: str, *, otherwise: int) -> int:
    # Python refuses to read a number of thousands of digits.
    return int(text) if text.isdecimal() and len(text) < 10 else otherwise
