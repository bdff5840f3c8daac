"""One analysis on the study page: show, poll, cancel, retry and request it."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_POST

from accounts import audit
from accounts.policy import get_visible_or_404
from scans import audit_events
from scans.errors import StateConflictError
from scans.models import Analysis, Image
from scans.pages.analyses.image_cards import image_card
from scans.pages.core.decorators import clinical_page
from scans.pages.core.refusals import message_of
from scans.pages.core.requests import ClinicalRequest
from scans.pages.core.responses import has_poll_token, poll_response, with_htmx_events
from scans.services.analyses import lifecycle as service
from scans.services.analyses.releases import active_release
from scans.templatetags.reading import announcement

TEMPLATE = "analyses/_image_card.html"


@require_GET
@clinical_page
def analysis_fragment(request: ClinicalRequest, analysis_id: UUID) -> HttpResponse:
    """Show the card of the image with this analysis in full; polled until it is finished."""
    analysis = _analysis(request, analysis_id)
    if not has_poll_token(request, analysis.pk):
        _record_read(request, analysis)
    context = _context(request, analysis.image, analysis)
    response = poll_response(request, TEMPLATE, context)
    if "seen" in request.GET and response.status_code == 200 and not analysis.is_unfinished:
        number = analysis.image.number
        words = f"Image {number}: {announcement(context['analysis'])}"
        return with_htmx_events(response, announce=words, **{"ai-results": ""})
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
    """Request an analysis by the active release."""
    images = Image.objects.select_related("series__study", "patient")
    image = get_visible_or_404(images, request.user, pk=image_id)
    try:
        analysis, created = service.request_analysis(user=request.user, image=image)
    except (ValidationError, StateConflictError) as error:
        return _card_response(request, image, None, conflict=message_of(error))
    if not created:
        _record_read(request, analysis)  # nothing was queued that would leave an event
    return _card_response(request, image, analysis)


def _analysis(request: ClinicalRequest, analysis_id: UUID) -> Analysis:
    rows = Analysis.objects.with_context().defer("release__manifest")
    return get_visible_or_404(rows, request.user, pk=analysis_id)


def _changed(
    request: ClinicalRequest, analysis: Analysis, change: Callable[[], Analysis]
) -> HttpResponse:
    conflict = ""
    try:
        change()
    except (ValidationError, StateConflictError) as error:
        conflict = message_of(error)
    return _card_response(request, analysis.image, analysis, conflict=conflict)


def _card_response(
    request: ClinicalRequest, image: Image, analysis: Analysis | None, *, conflict: str = ""
) -> HttpResponse:
    """Render the card as it is now; without htmx, redirect to the image on the study page."""
    if request.htmx:
        context = _context(request, image, analysis)
        if conflict and context["analysis"]:
            _record_read(request, context["analysis"])  # the refused request left no other event
        response = render(request, TEMPLATE, context, status=409 if conflict else 200)
        return with_htmx_events(response, toast=conflict) if conflict else response
    if conflict:
        messages.error(request, conflict)
    page = reverse("study", args=[image.study.pk])
    return redirect(f"{page}?image={image.pk}#image-{image.pk}")


def _context(request: ClinicalRequest, image: Image, shown: Analysis | None) -> dict[str, Any]:
    analysis_id = str(shown.pk) if shown else ""
    return image_card(request, image, active=active_release(), analysis_id=analysis_id)


def _record_read(request: ClinicalRequest, analysis: Analysis) -> None:
    patient_id = analysis.image.patient_id
    audit.record(
        actor=request.user, event=audit_events.ANALYSIS_READ, row=analysis, patient_id=patient_id
    )
