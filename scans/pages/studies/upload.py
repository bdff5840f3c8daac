"""Upload of one study: the page sends its files one by one, a form without script all at once."""

from typing import Any, cast
from urllib.parse import urlencode
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST

from accounts import audit
from accounts.policy import Action, get_visible_or_404, require
from accounts.posting import posted_from
from accounts.requests import number_in
from scans import audit_events, ingest
from scans.models import Image, Patient, Study
from scans.pages.core.decorators import clinical_page
from scans.pages.core.requests import ClinicalRequest
from scans.pages.studies.forms import UploadFactsForm
from scans.services.analyses.releases import active_release, states_series
from scans.services.patients.candidates import candidates_of
from scans.services.studies.arrival import complete_study
from scans.services.studies.receipts import FileOutcome, Receipt
from scans.services.studies.receiving import receive_study

_ROOM_FOR_FIELDS = 1024**2  # bytes of a request that are not the file


@require_http_methods(["GET", "POST"])
@clinical_page
def upload(request: ClinicalRequest) -> HttpResponse:
    """Show the page; a POST comes from its form where there is no JavaScript."""
    require(request.user, Action.UPLOAD_STUDY)
    if _is_too_large(request):
        return render(request, "413.html", status=413)
    if request.method == "POST":
        return _plain_upload(request)
    patient = _chosen(request, request.GET.get("patient", ""))
    if patient is not None and patient.is_archived:  # refused before files are chosen, not after
        messages.warning(request, "Restore this patient first: an archived one takes no uploads.")
        return redirect(patient)
    initial = {"patient": patient.pk if patient else None}
    return _page(request, UploadFactsForm(initial=initial), patient)


@require_POST
@clinical_page
def upload_file(request: ClinicalRequest) -> HttpResponse:
    """Receive one file of an upload; requests with the same `upload_id` fill one study."""
    require(request.user, Action.UPLOAD_STUDY)
    if _is_too_large(request):
        return JsonResponse({"detail": "The file is too large for this server."}, status=413)
    form = UploadFactsForm(request.POST)
    file = request.FILES.get("file")
    if not form.is_valid() or file is None:
        return _refused(form, "The file did not arrive. Choose it again.")
    patient = get_visible_or_404(
        Patient.objects.all(), request.user, pk=form.cleaned_data["patient"]
    )
    try:
        receipt = _receive(request, form, patient, [file])
    except ValidationError as error:
        form.add_error(None, error)
        return _refused(form, "")
    return JsonResponse(
        {
            "study_url": receipt.study.get_absolute_url() if receipt.study else None,
            "complete_url": reverse("study-complete", args=[receipt.study.pk])
            if receipt.study and receipt.received
            else None,
            "sentence": receipt.sentence,
            "outcomes": [_as_json(outcome) for outcome in receipt.outcomes],
        }
    )


@posted_from("study")
@clinical_page
def study_complete(request: ClinicalRequest, study_id: UUID) -> HttpResponse:
    """Say that all images of a study are there: the upload page at its end, or the study's page."""
    study = get_visible_or_404(Study.objects.all(), request.user, pk=study_id)
    complete_study(user=request.user, study=study)
    if request.headers.get("Accept") == "application/json":
        return HttpResponse(status=204)
    return redirect(study)


def _plain_upload(request: ClinicalRequest) -> HttpResponse:
    form = UploadFactsForm(request.POST)
    files = [file for file in request.FILES.getlist("files") if file]
    files.sort(key=lambda file: ingest.natural_key(file.name or ""))
    if form.is_valid():
        patient = _chosen(request, str(form.cleaned_data["patient"] or "")) or _only_match(
            request, form
        )
        if not files:
            form.add_error(None, "Choose at least one file.")
        if patient is not None and files:
            try:
                receipt = _receive(request, form, patient, files, is_complete=True)
            except ValidationError as error:
                form.add_error(None, error)
            else:
                context = {"patient": patient, "receipt": receipt}
                return render(request, "studies/upload/result.html", context)
    patient = _chosen(request, request.POST.get("patient", ""))
    return _page(request, form, patient, status=422)


def _receive(
    request: ClinicalRequest,
    form: UploadFactsForm,
    patient: Patient,
    files: list[Any],
    *,
    is_complete: bool = False,
) -> Receipt:
    return receive_study(
        user=request.user,
        patient=patient,
        study_date=None if form.is_day_left else form.cleaned_data["study_date"],
        fallback_date=form.cleaned_data["study_date"],
        confirm_identity=form.cleaned_data["confirm_identity"],
        description=form.cleaned_data["description"],
        clinical_question=form.cleaned_data["clinical_question"],
        referring_physician=form.cleaned_data["referring_physician"],
        accession_number=form.cleaned_data["accession_number"],
        priority=form.cleaned_data["priority"],
        files=files,
        upload_id=form.cleaned_data["upload_id"],
        place=form.cleaned_data["place"],
        acquisition=form.acquisition,
        is_complete=is_complete,
    )


def _page(
    request: ClinicalRequest, form: UploadFactsForm, patient: Patient | None, *, status: int = 200
) -> HttpResponse:
    if patient is not None:
        audit.record(
            actor=request.user, event=audit_events.PATIENT_READ, row=patient, patient_id=patient.pk
        )
    megabyte = 1024**2
    context = {
        "form": form,
        "patient": patient,
        # The page refuses these at once, with the texts of `scans.ingest`; a test compares them.
        "max_bytes": settings.UPLOAD_MAX_FILE_BYTES,
        "max_archive_bytes": settings.UPLOAD_MAX_ARCHIVE_BYTES,
        "max_files": settings.UPLOAD_MAX_FILES,
        "max_megabytes": settings.UPLOAD_MAX_FILE_BYTES // megabyte,
        "max_archive_megabytes": settings.UPLOAD_MAX_ARCHIVE_BYTES // megabyte,
        "accepted_types": ingest.accepted_types(),
        "format_names": ingest.format_names(),
        "asks_acquisition": states_series(active_release()),
        "candidates": candidates_of(user=request.user, patient=patient) if patient else [],
    }
    return render(request, "studies/upload/page.html", context, status=status)


def _chosen(request: ClinicalRequest, patient_id: str) -> Patient | None:
    """The patient of this id, None where there is no id. Raises `Http404`."""
    if not patient_id:
        return None
    try:
        pk = UUID(patient_id)
    except ValueError as error:
        raise Http404("There is no such patient in your clinic.") from error
    return cast(Patient, get_visible_or_404(Patient.objects.all(), request.user, pk=pk))


def _only_match(request: ClinicalRequest, form: UploadFactsForm) -> Patient | None:
    """Return the one patient whom the typed text matches; add an error where it is not one."""
    text = form.cleaned_data["patient_search"].strip()
    if not text:
        form.add_error("patient_search", "Choose the patient these images belong to.")
        return None
    rows = Patient.objects.visible_to(request.user).filter(archived_at__isnull=True)
    found = list(rows.with_mrn(text)) or list(rows.matching(text)[:2])
    if len(found) == 1:
        return cast(Patient, found[0])
    form.add_error(
        "patient_search",
        "Several patients match. Type the whole MRN."
        if found
        else "No patient matches. Type the MRN, or register the patient first.",
    )
    return None


def _as_json(outcome: FileOutcome) -> dict[str, Any]:
    image, other = outcome.image, outcome.of_other_patient
    return {
        "filename": outcome.filename,
        "outcome": outcome.outcome,
        "code": outcome.code,
        "detail": outcome.detail,
        "warning": outcome.warning,
        "other_url": _image_url(other) if other else None,
        "image_id": str(image.pk) if image else None,
        "url": _image_url(image) if image else None,
        "thumbnail_url": reverse("image-file", args=[image.pk, "thumbnail"]) if image else None,
    }


def _image_url(image: Image) -> str:
    page = reverse("study", args=[image.study.pk])
    return f"{page}?{urlencode({'image': image.pk})}#image-{image.pk}"


def _refused(form: UploadFactsForm, otherwise: str) -> JsonResponse:
    errors = {name: [str(one) for one in found] for name, found in form.errors.items()}
    first = next((found[0] for found in errors.values() if found), otherwise)
    return JsonResponse({"detail": first, "errors": errors}, status=422)


def _is_too_large(request: ClinicalRequest) -> bool:
    length = number_in(request.META.get("CONTENT_LENGTH", ""))
    largest = max(settings.UPLOAD_MAX_ARCHIVE_BYTES, settings.UPLOAD_MAX_FILE_BYTES)
    return length is not None and length > largest + _ROOM_FOR_FIELDS
