"""Asking again for images that could not be shown."""

from uuid import UUID

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_POST

from accounts.policy import get_visible_or_404
from scans.errors import StateConflictError
from scans.models import Study
from scans.pages.core.decorators import clinical_page
from scans.pages.core.refusals import message_of
from scans.pages.core.requests import ClinicalRequest
from scans.services.studies.decoding.retrying import retry_decoding


@require_POST
@clinical_page
def study_prepare(request: ClinicalRequest, study_id: UUID) -> HttpResponse:
    """Have all images of the study prepared again that cannot be shown."""
    study = get_visible_or_404(Study.objects.select_related("patient"), request.user, pk=study_id)
    try:
        files = retry_decoding(user=request.user, study=study)
    except (StateConflictError, ValidationError) as error:
        messages.error(request, message_of(error))
    else:
        what = "The file is" if files == 1 else f"{files} files are"
        messages.success(request, f"{what} being prepared again.")
    return redirect(study)
