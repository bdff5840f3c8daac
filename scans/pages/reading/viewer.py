"""The page of the image viewer. The script in static/viewer draws; its data is from the API."""

from uuid import UUID

from csp.constants import SELF
from csp.decorators import csp_replace
from django.conf import settings
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.clickjacking import xframe_options_sameorigin
from django.views.decorators.http import require_GET, require_POST

from accounts import audit
from accounts.policy import get_visible_or_404
from accounts.preferences import put_away_note
from scans import audit_events
from scans.models import Analysis, Image, Instance, SeriesStatement, Study
from scans.models.decoding import Decoding
from scans.pages.core.decorators import clinical_page
from scans.pages.core.requests import ClinicalRequest
from scans.pages.core.responses import has_poll_token, poll_token, text_response
from scans.pages.reading.verdict_panel import panel_context
from scans.services.annotations.calibrations import KNOWN_LENGTH, LONGEST_MM, SHORTEST_MM
from scans.services.disclosure import ai_visible
from scans.services.reading.most_suspicious import opening_image

KEYS_NOTE = "keys"  # as the migration that changed them names it


@require_GET
@xframe_options_sameorigin
# Its types know no view that takes more than the request.
@csp_replace({"frame-ancestors": [SELF]})  # type: ignore[arg-type]
@clinical_page
def viewer(request: ClinicalRequest, study_id: UUID) -> HttpResponse:
    """Show the viewer, by itself or beside the report that is written.

    `?image=` opens it at that image, `?annotation=` at that annotation, `?beside=` with that other
    study of the patient beside.
    """
    rows = Study.objects.select_related("patient__clinic", "clinic", "assignee", "locked_by")
    row = get_visible_or_404(rows, request.user, pk=study_id)
    _record_read(request, row)
    images = Image.objects.filter(series__study=row)
    wanted = request.GET.get("image", "")
    opening = wanted if wanted in {str(pk) for pk in images.values_list("pk", flat=True)} else ""
    context = {
        "study": row,
        "patient": row.patient,
        "first_image": opening or opening_image(user=request.user, study=row),
        "csrf_cookie": settings.CSRF_COOKIE_NAME,
        "results_stamp": _results_stamp(request, row),
        "known_length": {"least": SHORTEST_MM, "most": LONGEST_MM, "words": KNOWN_LENGTH},
    }
    context |= panel_context(request, row)
    return render(request, "reading/viewer/viewer.html", context)


@require_GET
@clinical_page
def viewer_results(request: ClinicalRequest, study_id: UUID) -> HttpResponse:
    """Say whether AI results have changed since `?seen=`: their new stamp, or 204 where none has.

    Polled while analyses are under way. It shows nothing of the study: what has changed is read,
    and recorded, by itself.
    """
    row = get_visible_or_404(Study.objects.select_related("clinic"), request.user, pk=study_id)
    if not has_poll_token(request, row.pk):
        _record_read(request, row)
    stamp = _results_stamp(request, row)
    if request.GET.get("seen") == stamp:
        return HttpResponse(status=204)
    return text_response(stamp, status=200)


def _results_stamp(request: ClinicalRequest, study: Study) -> str:
    """Return a stamp of what is decoded and of the AI results; of those withheld it has nothing."""
    decoding = list(
        Instance.objects.filter(series__study=study)
        .exclude(decoding=Decoding.DECODED)
        .order_by("pk")
        .values_list("pk", "decoding")
    )
    if not ai_visible(user=request.user, study=study):
        return poll_token(request, study.pk, decoding)
    analyses = Analysis.objects.filter(image__series__study=study).order_by("pk")
    statements = SeriesStatement.objects.current().filter(series__study=study).order_by("pk")
    return poll_token(
        request,
        study.pk,
        decoding,
        list(analyses.values_list("pk", "status")),
        list(statements.values_list("pk", "updated_at")),
    )


def _record_read(request: ClinicalRequest, row: Study) -> None:
    audit.record(
        actor=request.user, event=audit_events.STUDY_READ, row=row, patient_id=row.patient_id
    )


@require_POST
@clinical_page
def keys_note_read(request: ClinicalRequest) -> HttpResponse:
    """Put away the note that keys have changed."""
    put_away_note(user=request.user, name=KEYS_NOTE)
    return HttpResponse() if request.htmx else redirect("worklist")
