"""The forms of a patient, and the case history."""

import json
from datetime import timedelta
from urllib.parse import urlencode
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts import audit
from accounts.policy import Action, get_visible_or_404, require
from accounts.readable_requests import MAX_TEXT
from scans import audit_events
from scans.errors import StateConflictError
from scans.models import Patient, RecordChange
from scans.models.record_change import ChangeKind
from scans.pages.core.decorators import clinical_page
from scans.pages.core.requests import ClinicalRequest
from scans.pages.core.responses import has_poll_token, poll_response
from scans.pages.patients.forms import PatientEditForm, PatientForm
from scans.pages.patients.list import ORDER, filtered_patients
from scans.pages.patients.timeline import timeline
from scans.services.analyses.rescoring import rescore_studies
from scans.services.patients import records as register
from scans.services.patients.candidates import (
    Candidate,
    candidates_for,
    candidates_of,
    without_same_mrn,
)

OPTIONS = 8
_MERGE_IS_NEWS = timedelta(days=1)  # later it is among the changes of the record


@require_GET
@clinical_page
def patient_options(request: ClinicalRequest) -> HttpResponse:
    """Show the options of the upload page's combobox."""
    require(request.user, Action.VIEW)
    q = request.GET.get("q", "").strip()[:MAX_TEXT]
    filterset = filtered_patients(request.user, {"q": q})
    rows = filterset.qs.none() if filterset.left_out else filterset.qs
    found = list(rows.order_by(*ORDER)[:OPTIONS])
    audit.record_list(actor=request.user, event=audit_events.PATIENT_LISTED, rows=found)
    return render(request, "studies/upload/_patient_options.html", {"patients": found, "q": q})


@require_http_methods(["GET", "POST"])
@clinical_page
def patient_new(request: ClinicalRequest) -> HttpResponse:
    """Register a patient; for htmx on the upload page, which then chooses the new one."""
    require(request.user, Action.REGISTER_PATIENT)
    then_upload = request.GET.get("next") == "upload"
    form = PatientForm(request.POST or None)
    look_alikes = _look_alikes(request, form)
    if request.method == "POST" and form.is_valid() and not look_alikes:
        try:
            made = register.register_patient(user=request.user, **form.cleaned_data)
        except ValidationError as error:
            form.add_error(None, error)
        else:
            if request.htmx:
                return _chosen_for_upload(made)
            messages.success(request, f"{made.name} is registered.")
            if then_upload:
                return redirect(f"{reverse('upload')}?{urlencode({'patient': made.pk})}")
            return redirect(made)
    context = {
        "form": form,
        "same_mrn": _same_mrn(request, form),
        "then_upload": then_upload,
        "look_alikes": look_alikes,
    }
    status = 422 if look_alikes else _status(form)
    if request.htmx:
        return render(request, "studies/upload/_patient_form.html", context, status=status)
    return render(request, "patients/new.html", context, status=status)


@require_http_methods(["GET", "POST"])
@clinical_page
def patient_edit(request: ClinicalRequest, patient_id: UUID) -> HttpResponse:
    person = get_visible_or_404(Patient.objects.all(), request.user, pk=patient_id)
    require(request.user, Action.EDIT_PATIENT, person)
    form = PatientEditForm(request.POST or None, initial=PatientForm.values_of(person))
    if request.method == "POST" and form.is_valid():
        try:
            register.edit_patient(
                user=request.user, patient=person, changes=form.changes, seen=form.seen
            )
        except ValidationError as error:
            person.refresh_from_db()
            form.refuse(error, now=person)
        else:
            messages.success(request, "The changes are saved.")
            return redirect(person)
    _record_read(request, person)
    context = {"form": form, "patient": person, "same_mrn": _same_mrn(request, form, but=person)}
    return render(request, "patients/edit.html", context, status=_status(form))


@require_POST
@clinical_page
def patient_rescore(request: ClinicalRequest, patient_id: UUID) -> HttpResponse:
    """Analyze earlier studies with the active release, so that results can be compared."""
    person = get_visible_or_404(Patient.objects.all(), request.user, pk=patient_id)
    try:
        queued = rescore_studies(user=request.user, patient=person)
    except (ValidationError, StateConflictError) as error:
        texts = error.messages if isinstance(error, ValidationError) else [str(error)]
        messages.error(request, " ".join(texts))
        return redirect(person)
    if queued:
        messages.success(request, f"Analyses queued: {queued}. The results appear here.")
    else:
        messages.info(request, "The active release has analyzed every image already.")
    return redirect(person)


@require_GET
@clinical_page
def patient(request: ClinicalRequest, patient_id: UUID) -> HttpResponse:
    """Show the case history."""
    person = get_visible_or_404(
        Patient.objects.select_related("clinic", "merged_into"), request.user, pk=patient_id
    )
    changes = list(RecordChange.objects.for_display().of_patient(person))
    merges = [
        one
        for one in changes
        if one.kind == ChangeKind.PATIENTS_MERGED and not one.undoes_id and not one.undoing
    ]
    new = timezone.now() - _MERGE_IS_NEWS
    context = timeline(request, person, token=request.GET.get("page", "")) | {
        "candidates": candidates_of(user=request.user, patient=person),
        "changes": changes,
        # Each told at the top, with its undo.
        "merged_away": next((one for one in merges if one.from_patient_id == person.pk), None),
        "merged_here": [one for one in merges if one.patient_id == person.pk and one.made_at > new],
    }
    _record_read(request, person)
    return render(request, "patients/patient.html", context)


@require_GET
@clinical_page
def patient_timeline(request: ClinicalRequest, patient_id: UUID) -> HttpResponse:
    """Show the first page of the case history; polled by the page."""
    person = get_visible_or_404(Patient.objects.all(), request.user, pk=patient_id)
    if not has_poll_token(request, person.pk):
        _record_read(request, person)
    return poll_response(request, "patients/_timeline.html", timeline(request, person))


@require_GET
@clinical_page
def patient_candidates(request: ClinicalRequest, patient_id: UUID) -> HttpResponse:
    """Show who may be the same person as the one that was chosen on the upload page."""
    person = get_visible_or_404(Patient.objects.all(), request.user, pk=patient_id)
    candidates = candidates_of(user=request.user, patient=person)
    _record_read(request, person)
    return render(request, "studies/upload/_candidates.html", {"candidates": candidates})


def _chosen_for_upload(person: Patient) -> HttpResponse:
    """The upload page listens for this event and chooses the patient."""
    born = f", born {date_format(person.birth_date, 'j M Y')}" if person.birth_date else ""
    chosen = {"id": str(person.pk), "name": person.name, "facts": f"MRN {person.mrn}{born}"}
    response = HttpResponse(status=204)
    response["HX-Trigger"] = json.dumps({"patient-registered": chosen})
    return response


def _look_alikes(request: ClinicalRequest, form: PatientForm) -> list[Candidate]:
    """Return who may be the person of a valid form, until they say that it is somebody else."""
    if not form.is_bound or not form.is_valid() or request.POST.get("is_another") == "1":
        return []
    facts = {name: value for name, value in form.cleaned_data.items() if name != "sex"}
    found = without_same_mrn(candidates_for(user=request.user, **facts))
    for one in found:
        _record_read(request, one.patient)  # the page names who it is
    return found


def _same_mrn(
    request: ClinicalRequest, form: PatientForm, *, but: Patient | None = None
) -> Patient | None:
    """Return the patient who already has this MRN, for a link."""
    mrn = form.data.get("mrn", "").replace("\0", "").strip() if "mrn" in form.errors else ""
    rows = Patient.objects.all().visible_to(request.user).with_mrn(mrn)
    found = rows.exclude(pk=but.pk).first() if but else rows.first()
    if found:
        _record_read(request, found)  # the page names who it is
    return found


def _record_read(request: ClinicalRequest, person: Patient) -> None:
    audit.record(
        actor=request.user, event=audit_events.PATIENT_READ, row=person, patient_id=person.pk
    )


def _status(form: PatientForm) -> int:
    return 422 if form.is_bound and form.errors else 200
