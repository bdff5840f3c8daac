"""The forms of a study on the worklist: take, release, assign, set the priority, the readers."""

from collections.abc import Callable
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.http import require_POST

from accounts.models import User
from accounts.policy import get_visible_or_404
from accounts.requests import number_in
from scans.errors import StateConflictError
from scans.models import Study
from scans.models.reading import Priority
from scans.pages.core.decorators import clinical_page
from scans.pages.core.refusals import message_of
from scans.pages.core.requests import ClinicalRequest
from scans.pages.core.responses import undoable, with_htmx_events
from scans.pages.reading.verdict_panel import panel
from scans.pages.reading.worklist import changed
from scans.services.reading import assignment as service
from scans.services.reading.double_reading import set_readers_required
from scans.services.studies.priority import set_priority


@require_POST
@clinical_page
def study_take(request: ClinicalRequest, study_id: UUID) -> HttpResponse:
    return _done(
        request,
        study_id,
        lambda study: service.take_study(
            user=request.user, study=study, take_over="take_over" in request.POST
        ),
    )


@require_POST
@clinical_page
def study_release(request: ClinicalRequest, study_id: UUID) -> HttpResponse:
    return _done(
        request, study_id, lambda study: service.release_study(user=request.user, study=study)
    )


@require_POST
@clinical_page
def study_assign(request: ClinicalRequest, study_id: UUID) -> HttpResponse:
    def assign(study: Study) -> Study:
        text = request.POST.get("assignee", "")
        person = None
        if text:
            found = User.objects.visible_to(request.user)
            person = found.filter(pk=number_in(text)).first()
            if person is None:
                raise ValidationError("There is no such radiologist in your clinic.")
        return service.assign_study(user=request.user, study=study, assignee=person)

    return _done(request, study_id, assign)


@require_POST
@clinical_page
def study_priority(request: ClinicalRequest, study_id: UUID) -> HttpResponse:
    """Set the priority: the list saves as something is chosen, so the answer has the way back."""
    priority = request.POST.get("priority", "")
    before, of, is_set = Priority.ROUTINE.value, "", False

    def change(study: Study) -> Study:
        nonlocal before, of, is_set
        before, of = study.priority, f"{study.patient.name}, {study.title}"
        expected = request.POST.get("undoes")
        done = set_priority(user=request.user, study=study, priority=priority, expected=expected)
        is_set = True
        return done

    response = _done(request, study_id, change)
    if not request.htmx or "undoes" in request.POST or not is_set or before == priority:
        return response
    text = f"{of}: priority {Priority(priority).label}. It was {Priority(before).label}."
    fields = {"priority": before, "undoes": priority, "from": request.POST.get("from", "")}
    details = undoable(text, path=reverse("study-priority", args=[study_id]), fields=fields)
    return with_htmx_events(response, undoable=details)


@require_POST
@clinical_page
def study_reads(request: ClinicalRequest, study_id: UUID) -> HttpResponse:
    text = request.POST.get("reads", "")
    readers = int(text) if text in {"1", "2"} else 0
    return _done(
        request,
        study_id,
        lambda study: set_readers_required(user=request.user, study=study, readers=readers),
    )


def _done(request: ClinicalRequest, study_id: UUID, act: Callable[[Study], Study]) -> HttpResponse:
    """Change the study; respond with the rows of the list or the panel, whichever sent the form."""
    rows = Study.objects.select_related("patient__clinic", "clinic")
    study = get_visible_or_404(rows, request.user, pk=study_id)
    conflict = ""
    try:
        act(study)
    except (ValidationError, StateConflictError) as error:
        conflict = message_of(error)
    if request.POST.get("from") == "worklist":
        return changed(request, conflict=conflict)
    if request.htmx:
        return panel(request, study.pk, conflict=conflict)
    if conflict:
        messages.error(request, conflict)
    return redirect(study)
