"""Asking for the analysis of a series that the AI was not given."""

from uuid import UUID

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_POST

from accounts.policy import get_visible_or_404
from scans.errors import StateConflictError
from scans.models import Series
from scans.pages.core.decorators import clinical_page
from scans.pages.core.refusals import message_of
from scans.pages.core.requests import ClinicalRequest
from scans.services.analyses.series_requests import request_series


@require_POST
@clinical_page
def series_analyze(request: ClinicalRequest, series_id: UUID) -> HttpResponse:
    """Queue the images of the series, and show the study."""
    rows = Series.objects.select_related("study__patient", "study__clinic")
    series = get_visible_or_404(rows, request.user, pk=series_id)
    try:
        queued = request_series(user=request.user, series=series)
    except (StateConflictError, ValidationError) as error:
        messages.error(request, message_of(error))
    else:
        what = "The image" if queued == 1 else f"The {queued} images"
        verb = "is" if queued == 1 else "are"
        messages.success(request, f"{what} of series {series.number} {verb} queued for analysis.")
    return redirect(series.study)
