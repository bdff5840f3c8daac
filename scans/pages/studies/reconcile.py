"""The reconcile page: studies that arrived for nobody whom the clinic knows, and conflicts."""

from datetime import timedelta
from typing import cast
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts import audit
from accounts.policy import Action, get_visible_or_404, require
from scans import audit_events
from scans.errors import StateConflictError
from scans.models import Patient, ReceivedObject
from scans.models.received_object_states import ReceivedState
from scans.pages.core.decorators import clinical_page
from scans.pages.core.refusals import message_of
from scans.pages.core.requests import ClinicalRequest
from scans.pages.patients.forms import PatientForm
from scans.pages.studies.record_forms import ReasonForm
from scans.services.studies.inbox import deciding
from scans.services.studies.inbox.conflicts import conflict_of
from scans.services.studies.inbox.filing import file_decided
from scans.services.studies.inbox.held_studies import (
    compared,
    held_studies,
    in_quarantine,
    lately_discarded,
    likely_patients,
    reconcilable,
)
from scans.services.studies.inbox.matching import stated_name

_MOST_FOUND = 10
_SHOWN = 200  # studies on one page
_DISCARDS_SHOWN, _MOST_DISCARDS = timedelta(days=30), 20


class DiscardForm(ReasonForm):
    reason_for = "discard"


@require_GET
@clinical_page
def reconcile(request: ClinicalRequest) -> HttpResponse:
    """List what awaits a decision, and what was discarded lately."""
    require(request.user, Action.UPLOAD_STUDY)
    held = held_studies(reconcilable(request.user), most=_SHOWN + 1)
    conflicts = list(in_quarantine(request.user).select_related("received_by")[:_SHOWN])
    discarded = lately_discarded(
        request.user, since=timezone.now() - _DISCARDS_SHOWN, most=_MOST_DISCARDS
    )
    shown = [*(one.first for one in held[:_SHOWN]), *conflicts, *discarded]
    audit.record_list(actor=request.user, event=audit_events.RECEIVED_OBJECT_LISTED, rows=shown)
    context = {
        "held": held[:_SHOWN],
        "has_more": len(held) > _SHOWN,
        "conflicts": conflicts,
        "discarded": discarded,
    }
    return render(request, "studies/reconcile/list.html", context)


@require_http_methods(["GET", "POST"])
@clinical_page
def reconcile_study(request: ClinicalRequest, object_id: UUID) -> HttpResponse:
    """Show the objects of one study, whom they may be of, and what can be done; or a conflict.

    A search is sent, so that no name stands in an address.
    """
    row = _row(request, object_id)
    audit.record(actor=request.user, event=audit_events.RECEIVED_OBJECT_READ, row=row)
    context: dict[str, object] = {"row": row, "discard_form": DiscardForm()}
    if row.state != ReceivedState.HELD:
        return render(request, "studies/reconcile/decided.html", context)
    if row.is_conflict:
        context["conflict"] = conflict_of(row)
        return render(request, "studies/reconcile/conflict.html", context)
    (study,) = held_studies(ReceivedObject.objects.like(row), most=1) or (None,)
    if study is None:
        return redirect("reconcile")
    query = request.POST.get("q", "").strip()[:200]
    likely = likely_patients(row, user=request.user)
    found, too_many = _found(request, row, query)
    patients = [one.patient for one in likely] + [patient for patient, _ in found]
    audit.record_list(actor=request.user, event=audit_events.PATIENT_LISTED, rows=patients)
    context |= {
        "study": study,
        "likely": likely,
        "q": query,
        "found": found,
        "too_many": too_many,
        "name": stated_name(row),
    }
    return render(request, "studies/reconcile/study.html", context)


@require_POST
@clinical_page
def reconcile_assign(request: ClinicalRequest, object_id: UUID) -> HttpResponse:
    """File the objects for the patient who was chosen."""
    row = _row(request, object_id)
    if not request.POST.get("patient"):
        messages.error(request, "Choose the patient.")
        return redirect("reconcile-study", row.pk)
    patient = get_visible_or_404(Patient.objects.all(), request.user, pk=request.POST["patient"])
    try:
        deciding.assign(user=request.user, row=row, patient=patient)
    except (ValidationError, StateConflictError) as error:
        messages.error(request, message_of(error))
        return redirect("reconcile-study", row.pk)
    return _filed(request, row)


@require_http_methods(["GET", "POST"])
@clinical_page
def reconcile_register(request: ClinicalRequest, object_id: UUID) -> HttpResponse:
    """Register a patient from what the files state, to be put right first, and file for them."""
    row = _row(request, object_id)
    require(request.user, Action.REGISTER_PATIENT)
    if row.state != ReceivedState.HELD or row.is_conflict:
        return redirect("reconcile-study", row.pk)
    name = stated_name(row)
    stated = {
        "mrn": row.stated_patient_id[:64],
        "family_name": name.family,
        "given_name": name.given,
        "birth_date": row.stated_birth_date,
        "sex": row.stated_sex or "U",
    }
    form = PatientForm(request.POST or None, initial=stated)
    if request.method == "POST" and form.is_valid():
        try:
            deciding.assign_to_new(user=request.user, row=row, facts=form.cleaned_data)
        except ValidationError as error:
            form.add_error(None, error)
        except StateConflictError as error:
            messages.error(request, message_of(error))
            return redirect("reconcile-study", row.pk)
        else:
            return _filed(request, row)
    audit.record(actor=request.user, event=audit_events.RECEIVED_OBJECT_READ, row=row)
    status = 422 if form.is_bound and form.errors else 200
    context = {"form": form, "row": row}
    return render(request, "studies/reconcile/register.html", context, status=status)


@require_POST
@clinical_page
def reconcile_retry(request: ClinicalRequest, object_id: UUID) -> HttpResponse:
    """Match and file the objects again."""
    row = _row(request, object_id)
    try:
        deciding.retry(user=request.user, row=row)
    except StateConflictError as error:
        messages.error(request, message_of(error))
        return redirect("reconcile-study", row.pk)
    return _filed(request, row)


@require_POST
@clinical_page
def reconcile_discard(request: ClinicalRequest, object_id: UUID) -> HttpResponse:
    """Take the objects off the list."""
    row = _row(request, object_id)
    try:
        count = deciding.discard(
            user=request.user, row=row, reason=request.POST.get("reason", "")[:1000]
        )
    except (ValidationError, StateConflictError) as error:
        messages.error(request, message_of(error))
        return redirect("reconcile-study", row.pk)
    messages.success(
        request,
        f"{count} object{'' if count == 1 else 's'} discarded. It can be undone below.",
    )
    return redirect("reconcile")


@require_POST
@clinical_page
def reconcile_restore(request: ClinicalRequest, object_id: UUID) -> HttpResponse:
    """Take a discard back."""
    row = _row(request, object_id)
    try:
        deciding.restore(user=request.user, row=row)
    except StateConflictError as error:
        messages.error(request, message_of(error))
    else:
        messages.success(request, "The discard is undone.")
    return redirect("reconcile")


def _row(request: ClinicalRequest, object_id: UUID) -> ReceivedObject:
    rows = ReceivedObject.objects.select_related(
        "clinic", "received_by", "decided_by", "patient__merged_into", "instance__series__study"
    )
    row = get_visible_or_404(rows, request.user, pk=object_id)
    require(request.user, Action.DECIDE_CONFLICT if row.is_conflict else Action.UPLOAD_STUDY, row)
    return row


def _found(
    request: ClinicalRequest, row: ReceivedObject, query: str
) -> tuple[list[tuple[Patient, object]], bool]:
    """Patients that the search found, each with the facts side by side."""
    if not query:
        return [], False
    rows = Patient.objects.visible_to(request.user).filter(
        clinic_id=row.clinic_id, merged_into=None
    )
    patients = list(rows.matching(query)[: _MOST_FOUND + 1])
    shown = [(patient, compared(row, patient)) for patient in patients[:_MOST_FOUND]]
    return cast(list[tuple[Patient, object]], shown), len(patients) > _MOST_FOUND


def _filed(request: ClinicalRequest, row: ReceivedObject) -> HttpResponse:
    """File the objects now, as far as that takes a moment, and say what became of them."""
    row = file_decided(row, user=request.user)
    if row.state == ReceivedState.FILED and row.instance is not None:
        messages.success(request, "The study is filed.")
        return redirect(row.instance.study)
    if row.state == ReceivedState.HELD:
        messages.error(request, row.detail)
    return redirect("reconcile-study", row.pk)
