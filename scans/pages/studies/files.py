"""Medical files for pages: `scans.services.files` delivers them."""

from uuid import UUID

from django.http import HttpResponseBase
from django.views.decorators.http import require_safe

from accounts.policy import get_visible_or_404
from scans.errors import StateConflictError
from scans.models import Analysis, Image, Instance
from scans.pages.core.decorators import explain_refusals
from scans.pages.core.requests import ClinicalRequest
from scans.pages.core.responses import text_response
from scans.services.files import deliver, deliver_object


@require_safe
@explain_refusals
def image_file(request: ClinicalRequest, image_id: UUID, kind: str) -> HttpResponseBase:
    rows = Image.objects.with_instance().select_related("patient")
    image = get_visible_or_404(rows, request.user, pk=image_id)
    try:
        return deliver(user=request.user, row=image, kind=kind)
    except StateConflictError as error:
        return text_response(str(error), status=409)


@require_safe
@explain_refusals
def instance_file(request: ClinicalRequest, instance_id: UUID) -> HttpResponseBase:
    """A stored object as received, also one that is no image."""
    instance = get_visible_or_404(Instance.objects.defer("header"), request.user, pk=instance_id)
    return deliver_object(user=request.user, instance=instance)


@require_safe
@explain_refusals
def analysis_file(request: ClinicalRequest, analysis_id: UUID, kind: str) -> HttpResponseBase:
    rows = Analysis.objects.with_instance().select_related("image__patient")
    analysis = get_visible_or_404(rows, request.user, pk=analysis_id)
    return deliver(user=request.user, row=analysis, kind=kind)
