"""The page of the image viewer. The script in static/viewer draws; its data is from the API."""

from uuid import UUID

from django.conf import settings
from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from accounts import audit
from accounts.policy import get_visible_or_404
from scans import audit_events
from scans.models import Image, Study
from scans.pages.core.decorators import clinical_page
from scans.pages.core.requests import ClinicalRequest


@require_GET
@clinical_page
def viewer(request: ClinicalRequest, study_id: UUID) -> HttpResponse:
    """Show the viewer; `?image=` opens it at that image, `?annotation=` at that annotation."""
    rows = Study.objects.select_related("patient__clinic")
    row = get_visible_or_404(rows, request.user, pk=study_id)
    audit.record(
        actor=request.user, event=audit_events.STUDY_READ, row=row, patient_id=row.patient_id
    )
    context = {
        "study": row,
        "patient": row.patient,
        "first_image": _first_image(row, request.GET.get("image", "")),
        "csrf_cookie": settings.CSRF_COOKIE_NAME,
    }
    return render(request, "reading/viewer/viewer.html", context)


def _first_image(study: Study, wanted: str) -> str | None:
    """Return the id of the image that the viewer opens at, so that its pixels are preloaded."""
    images = Image.objects.filter(series__study=study).order_by("series__number", "number")
    ids = [str(pk) for pk in images.values_list("pk", flat=True)]
    return wanted if wanted in ids else next(iter(ids), None)
