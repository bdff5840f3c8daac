"""The patient list, the forms of a patient, and the case history."""

import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db.models import Max, OuterRef, QuerySet, Subquery
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.formats import date_format
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts import audit
from accounts.models import User
from accounts.policy import Action, get_visible_or_404, require
from scans import audit_events
from scans.errors import StateConflictError
from scans.models import Patient, Study
from scans.pages.core.addresses import ListAddress
from scans.pages.core.csv_responses import form_values
from scans.pages.core.decorators import clinical_page
from scans.pages.core.filter_bar import FilterBar
from scans.pages.core.keyset import keyset_page
from scans.pages.core.requests import ClinicalRequest
from scans.pages.core.responses import has_poll_token, poll_response
from scans.pages.patients.forms import PatientEditForm, PatientForm
from scans.pages.patients.timeline import timeline
from scans.services.analyses.rescoring import rescore_studies
from scans.services.patients import records as register
from scans.services.patients.filters import PatientFilterSet

ORDER = ("family_name", "given_name", "id")
PAGE_SIZE = 25
OPTIONS = 8


@require_GET
@clinical_page
def patients(request: ClinicalRequest) -> HttpResponse:
    """Show the list of patients; for htmx only its rows, as the search is typed."""
    require(request.user, Action.VIEW)
    filterset = filtered_patients(request.user, request.GET)
    page = keyset_page(
        with_last_study(filterset.qs),
        order=ORDER,
        token=request.GET.get("page", ""),
        size=PAGE_SIZE,
    )
    audit.record_list(actor=request.user, event=audit_events.PATIENT_LISTED, rows=page.rows)
    filters = filterset.page_values
    address = ListAddress("patients", filters)
    context = {
        "bar": FilterBar(
            address="patients",
            target="patients",
            label="Find a patient",
            filterset=filterset,
        ),
        "patients": page.rows,
        "filters": filters,
        "csv": form_values(filters),
        "previous": address.of_page(page.previous),
        "next": address.of_page(page.next),
    }
    if request.htmx and not request.htmx.history_restore_request:
        response = render(request, "patients/_results.html", context)
        response["HX-Replace-Url"] = address.shown
        return response
    return render(request, "patients/list.html", context)


@require_GET
@clinical_page
def patient_options(request: ClinicalRequest) -> HttpResponse:
    """Show the options of the upload page's combobox."""
    require(request.user, Action.VIEW)
    q = request.GET.get("q", "").strip()[:200]
    rows = filtered_patients(request.user, {"q": q}).qs
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
    if request.method == "POST" and form.is_valid():
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
    context = {"form": form, "same_mrn": _same_mrn(request, form), "then_upload": then_upload}
    if request.htmx:
        return render(request, "studies/upload/_patient_form.html", context, status=_status(form))
    return render(request, "patients/new.html", context, status=_status(form))


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
def patient_archive(request: ClinicalRequest, patient_id: UUID) -> HttpResponse:
    person = get_visible_or_404(Patient.objects.all(), request.user, pk=patient_id)
    register.archive_patient(user=request.user, patient=person)
    # The patient page offers the way back beside this message.
    messages.success(request, f"{person.name} is archived.")
    return redirect(person)


@require_POST
@clinical_page
def patient_restore(request: ClinicalRequest, patient_id: UUID) -> HttpResponse:
    person = get_visible_or_404(Patient.objects.all(), request.user, pk=patient_id)
    register.restore_patient(user=request.user, patient=person)
    messages.success(request, f"{person.name} is restored.")
    return redirect(person)


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
        Patient.objects.select_related("clinic"), request.user, pk=patient_id
    )
    context = timeline(request, person, token=request.GET.get("page", ""))
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


def _chosen_for_upload(person: Patient) -> HttpResponse:
    """The upload page listens for this event and chooses the patient."""
    born = f", born {date_format(person.birth_date, 'j M Y')}" if person.birth_date else ""
    chosen = {"id": str(person.pk), "name": person.name, "facts": f"MRN {person.mrn}{born}"}
    response = HttpResponse(status=204)
    response["HX-Trigger"] = json.dumps({"patient-registered": chosen})
    return response


def filtered_patients(user: User, query: Mapping[str, Any]) -> PatientFilterSet:
    """Return the person's patients, filtered by the query of the page or the CSV file."""
    rows = Patient.objects.visible_to(user)
    return PatientFilterSet.from_page(query, queryset=rows, user=user)


def with_last_study(rows: QuerySet[Patient]) -> QuerySet[Patient]:
    """Annotate each patient with the day of the newest study, as `last_study`."""
    dates = Study.objects.filter(patient=OuterRef("pk")).order_by().values("patient")
    return rows.annotate(last_study=Subquery(dates.annotate(last=Max("study_date")).values("last")))


def _same_mrn(
    request: ClinicalRequest, form: PatientForm, *, but: Patient | None = None
) -> Patient | None:
    """Return the patient who already has this MRN, for a link."""
    mrn = form.data.get("mrn", "").replace("\0", "").strip() if "mrn" in form.errors else ""
    rows = Patient.objects.all().visible_to(request.user).filter(mrn=mrn)
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
