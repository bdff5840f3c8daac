"""The study page: every image beside what the model said of it."""

from typing import Any
from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from accounts import audit
from accounts.policy import get_visible_or_404
from scans.models import Analysis, Image, Study
from scans.pages.answers import polled, version_of
from scans.pages.cards import card, images_with_analyses
from scans.pages.clinical import ClinicalRequest, clinical_page
from scans.pages.summaries import StudySummary, summarize
from scans.pages.timeline import entry
from scans.services.releases import active_release

PAGE_SIZE = 24


@require_GET
@clinical_page
def study(request: ClinicalRequest, study_id: UUID) -> HttpResponse:
    """The images in their order; `?image=` opens the page of the study that holds that one."""
    summary = _summary(request, study_id)
    ids = [row.image.pk for row in summary.images]
    pages = [ids[start : start + PAGE_SIZE] for start in range(0, len(ids), PAGE_SIZE)] or [[]]
    number = _page_number(request, pages)
    audit.record(
        actor=request.user,
        action="study.read",
        row=summary.study,
        patient_id=summary.study.patient_id,
    )
    context = _summary_context(summary, known=len(ids)) | {
        "patient": summary.study.patient,
        "cards": _cards(request, pages[number - 1]),
        "page_number": number,
        "page_numbers": range(1, len(pages) + 1),
    }
    return render(request, "studies/study.html", context)


@require_GET
@clinical_page
def study_summary(request: ClinicalRequest, study_id: UUID) -> HttpResponse:
    """The head of the study page, while its images are in work."""
    summary = _summary(request, study_id)
    known = request.GET.get("known", "")
    context = _summary_context(summary, known=int(known) if known.isdecimal() else 0)
    return polled(request, "studies/_summary.html", context)


@require_GET
@clinical_page
def study_entry(request: ClinicalRequest, study_id: UUID) -> HttpResponse:
    """The study's entry in the case history, while its images are in work."""
    summary = _summary(request, study_id)
    return polled(request, "patients/_entry.html", entry(summary))


def _summary(request: ClinicalRequest, study_id: UUID) -> StudySummary:
    rows = Study.objects.select_related("patient__clinic", "received_by")
    return summarize([get_visible_or_404(rows, request.user, pk=study_id)])[0]


def _summary_context(summary: StudySummary, *, known: int) -> dict[str, Any]:
    return {
        "study": summary.study,
        "summary": summary,
        "known": known,
        "arrived": len(summary.images) - known,
        "version": version_of(summary.facts),
    }


def _page_number(request: ClinicalRequest, pages: list[list[UUID]]) -> int:
    image = request.GET.get("image", "")
    holding = (at for at, ids in enumerate(pages, 1) if image in map(str, ids))
    asked = request.GET.get("page", "1")
    number = next(holding, int(asked) if asked.isdecimal() else 1)
    return min(max(1, number), len(pages))


def _cards(request: ClinicalRequest, ids: list[UUID]) -> list[dict[str, Any]]:
    rows = images_with_analyses(Image.objects.filter(pk__in=ids)).visible_to(request.user)
    by_id = {row.pk: row for row in rows}
    active, asked = active_release(), request.GET.get("analysis", "")

    def shown(image: Image) -> Analysis | None:
        return next((row for row in image.analyses.all() if str(row.pk) == asked), None)

    return [
        card(by_id[one], user=request.user, active=active, shown=shown(by_id[one]))
        for one in ids
        if one in by_id
    ]
