"""Who may be the same person, as an answer names them; naming them is recorded."""

from collections.abc import Sequence

from rest_framework.request import Request

from accounts import audit
from accounts.requests import signed_in
from scans import audit_events
from scans.models import Patient
from scans.services.patients.candidates import Candidate, candidates_of


def listed_candidates(request: Request, patient: Patient) -> Sequence[Candidate]:
    """Return who may be the same person as this one."""
    found = candidates_of(user=signed_in(request), patient=patient)
    if found:
        audit.record_list(
            actor=request.user,
            event=audit_events.PATIENT_LISTED,
            rows=[one.patient for one in found],
            patient_id=patient.pk,
        )
    return found
