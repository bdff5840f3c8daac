"""Archive a patient: a page that asks why and names what it hides; and the way back."""

from uuid import UUID

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST

from accounts import audit
from accounts.policy import Action, get_visible_or_404, require
from scans import audit_events
from scans.errors import StateConflictError
from scans.models import Patient
from scans.pages.core.decorators import clinical_page
from scans.pages.core.requests import ClinicalRequest
from scans.services.patients.archiving import (
    LONGEST_REASON,
    SHORTEST_REASON,
    UnreadStudiesError,
    archive_patient,
    restore_patient,
    unread_studies,
)


@require_http_methods(["GET", "POST"])
@clinical_page
def patient_archive(request: ClinicalRequest, patient_id: UUID) -> HttpResponse:
    """Ask for the reason, and for a second word where unread studies would be hidden."""
    person = get_visible_or_404(Patient.objects.all(), request.user, pk=patient_id)
    require(request.user, Action.ARCHIVE_PATIENT, person)
    reason, error, status = request.POST.get("reason", ""), "", 200
    if person.is_archived:
        return redirect(person)
    if request.method == "POST":
        try:
            archive_patient(
                user=request.user,
                patient=person,
                reason=reason,
                hides_unread="hides_unread" in request.POST,
            )
        except ValidationError as refusal:
            error, status = " ".join(refusal.messages), 422
        except UnreadStudiesError:
            error, status = "Read the studies listed here first, or tick the box.", 409
        else:
            # The patient page has the Undo.
            messages.success(request, f"{person.name} is archived.")
            return redirect(person)
    unread = unread_studies(person)
    audit.record(
        actor=request.user, event=audit_events.PATIENT_READ, row=person, patient_id=person.pk
    )
    context = {
        "patient": person,
        "reason": reason,
        "error": error,
        "unread": unread,
        "hides_unread": "hides_unread" in request.POST,
        "shortest": SHORTEST_REASON,
        "longest": LONGEST_REASON,
    }
    return render(request, "patients/archive.html", context, status=status)


@require_POST
@clinical_page
def patient_restore(request: ClinicalRequest, patient_id: UUID) -> HttpResponse:
    """Undo the archiving."""
    person = get_visible_or_404(Patient.objects.all(), request.user, pk=patient_id)
    try:
        restore_patient(user=request.user, patient=person)
    except StateConflictError as error:
        messages.error(request, str(error))
        return redirect(person)
    messages.success(request, f"{person.name} is restored.")
    return redirect(person)
