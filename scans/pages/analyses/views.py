"""One analysis on the study page: watched, cancelled, tried again, asked for."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_POST

from accounts import audit
from accounts.policy import get_visible_or_404
from scans import audit_events
from scans.errors import StateConflictError
from scans.models import Analysis, Image
from scans.pages.analyses.cards import card_of
from scans.pages.core.decorators import clinical_page
from scans.pages.core.requests import ClinicalRequest
from scans.pages.core.responses import announced, is_poll, polled
from scans.services.analyses import lifecycle as service
from scans.services.analyses.releases import active_release
from scans.templatetags.reading import announcement

TEMPLATE = "analyses/_card.html"


@require_GET
@clinical_page
def analysis_fragment(request: ClinicalRequest, analysis_id: UUID) -> HttpResponse:
    """The image's card with this analysis in full. Polled until it has an end."""
    analysis = _analysis(request, analysis_id)
    if not is_poll(request, analysis.pk):
        _record_read(request, analysis)
    context = _context(request, analysis.image, analysis)
    response = polled(request, TEMPLATE, context)
    if "seen" in request.GET and response.status_code == 200 and not analysis.is_unfinished:
        number = analysis.image.number
        return announced(response, announce=f"Image {number}: {announcement(context['analysis'])}")
    return response


@require_POST
@clinical_page
def analysis_retry(request: ClinicalRequest, analysis_id: UUID) -> HttpResponse:
    analysis = _analysis(request, analysis_id)
    return _changed(
        request, analysis, lambda: service.retry_analysis(user=request.user, analysis=analysis)
    )


@require_POST
@clinical_page
def analysis_cancel(request: ClinicalRequest, analysis_id: UUID) -> HttpResponse:
    analysis = _analysis(request, analysis_id)
    return _changed(
        request, analysis, lambda: service.cancel_analysis(user=request.user, analysis=analysis)
    )


@require_POST
@clinical_page
def image_analyze(request: ClinicalRequest, image_id: UUID) -> HttpResponse:
    """Ask for the opinion of the active release."""
    images = Image.objects.select_related("series__study", "patient")
    image = get_visible_or_404(images, request.user, pk=image_id)
    try:
        analysis, created = service.request_analysis(user=request.user, image=image)
    except StateConflictError as error:
        return _answer(request, image, None, conflict=str(error))
    if not created:
        _record_read(request, analysis)  # nothing was asked for that would leave a trace
    return _answer(request, image, analysis)


def _analysis(request: ClinicalRequest, analysis_id: UUID) -> Analysis:
    rows = Analysis.objects.with_context().defer("release__manifest")
    return get_visible_or_404(rows, request.user, pk=analysis_id)


def _changed(
    request: ClinicalRequest, analysis: Analysis, change: Callable[[], Analysis]
) -> HttpResponse:
    conflict = ""
    try:
        change()
    except StateConflictError as error:
        conflict = str(error)
    return _answer(request, analysis.image, analysis, conflict=conflict)


def _answer(
    request: ClinicalRequest, image: Image, analysis: Analysis | None, *, conflict: str = ""
) -> HttpResponse:
    """The card as it is now; without htmx, the study page at that image."""
    if request.htmx:
        context = _context(request, image, analysis)
        if conflict and context["analysis"]:
            _record_read(request, context["analysis"])  # what was asked for left no other trace
        response = render(request, TEMPLATE, context, status=409 if conflict else 200)
        return announced(response, toast=conflict) if conflict else response
    if conflict:
        messages.error(request, conflict)
    page = reverse("study", args=[image.study.pk])
    return redirect(f"{page}?image={image.pk}#image-{image.pk}")


def _context(request: ClinicalRequest, image: Image, shown: Analysis | None) -> dict[str, Any]:
    asked = str(shown.pk) if shown else ""
    return card_of(request, image, active=active_release(), asked=asked)


def _record_read(request: ClinicalRequest, analysis: Analysis) -> None:
    patient_id = analysis.image.patient_id
    audit.record(
        actor=request.user, event=audit_events.ANALYSIS_READ, row=analysis, patient_id=patient_id
    )
