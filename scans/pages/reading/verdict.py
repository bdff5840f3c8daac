"""The verdict panel of the study page; the viewer loads the same fragment."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import time_format
from django.views.decorators.http import require_GET, require_POST

from accounts import audit
from accounts.policy import Action, get_visible_or_404, has_object_perm
from scans import audit_events
from scans.errors import StateConflictError
from scans.models import Study, Verdict
from scans.models.assessment import Decision, Finding
from scans.models.reading import Priority, ReadersRequired, ReadStage
from scans.pages.core.decorators import clinical_page
from scans.pages.core.requests import ClinicalRequest
from scans.pages.core.responses import with_htmx_events
from scans.pages.reading.verdict_form import (
    Typed,
    form_of,
    lines_of,
    seconds_of,
    shown_statements_of,
    typed_after,
    uuids_of,
    verdict_input_of,
)
from scans.services.disclosure import ai_visible, others_visible
from scans.services.reading import verdict_drafts, verdicts
from scans.services.reading.assignment import lock_holder, readers_of
from scans.services.reading.double_reading import next_read
from scans.services.reading.readable_verdicts import readable_verdicts
from scans.services.reading.reasons import reasons_of
from scans.services.reading.worklist import take_next

TEMPLATE = "reading/_verdict.html"


@require_GET
@clinical_page
def study_verdict(request: ClinicalRequest, study_id: UUID) -> HttpResponse:
    """Show the panel by itself, as the viewer loads it."""
    study = _study(request, study_id)
    audit.record(
        actor=request.user,
        event=audit_events.STUDY_VERDICTS_READ,
        row=study,
        patient_id=study.patient_id,
    )
    return panel(request, study.pk)


@require_POST
@clinical_page
def study_verdict_save(request: ClinicalRequest, study_id: UUID) -> HttpResponse:
    """Save the draft; the page does so by itself, so the panel is not rendered anew.

    Unless the reader compares what they typed with what another window saved meanwhile
    (`compare`). The response announces what happened, and `X-Revision` has the new revision.
    """
    study = _study(request, study_id)
    draft = typed = None
    event = "verdict-refused"
    try:
        typed = Typed(verdict_input_of(request.POST))
        draft = verdict_drafts.save_draft(
            user=request.user, study=study, verdict_input=typed.verdict_input
        )
        event, message = "verdict-saved", f"Saved {time_format(timezone.localtime(), 'H:i:s')}"
    except verdict_drafts.VerdictConflictError as error:
        typed = typed and typed_after(typed, error)
        event, message = "verdict-conflict", str(error)
    except verdict_drafts.AssessmentsRefusedError as error:
        draft, message = error.draft, f"Saved, but not: {_message(error)}"
    except ValidationError as error:
        message = f"Not saved: {_message(error)}"
    except StateConflictError as error:
        message = f"Not saved: {error}"
    if not request.htmx:
        if event == "verdict-saved":
            messages.success(request, "The draft is saved.")
        else:
            messages.error(request, message)
        return redirect(study)
    if "compare" in request.POST:
        return panel(request, study.pk) if draft else _refused(request, study, message, typed=typed)
    response = with_htmx_events(HttpResponse(status=204), **{event: message})
    if draft is not None:
        response["X-Revision"] = str(draft.revision)
    return response


@require_POST
@clinical_page
def study_verdict_commit(request: ClinicalRequest, study_id: UUID) -> HttpResponse:
    """Read-first: commit the finding before the AI result is shown, then reload the page."""

    def commit(study: Study) -> None:
        verdicts.commit_finding(
            user=request.user,
            study=study,
            finding=request.POST.get("finding", ""),
            seconds=seconds_of(request.POST),
        )

    return _done(request, study_id, commit, reload=True)


@require_POST
@clinical_page
def study_verdict_sign(request: ClinicalRequest, study_id: UUID) -> HttpResponse:
    """Save the draft, then sign it: nothing that was typed is lost where signing is refused."""
    study = _study(request, study_id)
    typed = None
    try:
        typed = Typed(verdict_input_of(request.POST))
        draft = verdict_drafts.save_draft(
            user=request.user, study=study, verdict_input=typed.verdict_input
        )
        typed = Typed(replace(typed.verdict_input, revision=draft.revision), is_saved=True)
        verdicts.sign_verdict(
            user=request.user,
            study=study,
            verdict_input=typed.verdict_input,
            layers=request.POST.get("layers", "").split(),
            shown=uuids_of(request.POST["shown"]) if "shown" in request.POST else None,
            statements=shown_statements_of(request.POST["statements"])
            if "statements" in request.POST
            else None,
        )
    except (StateConflictError, ValidationError) as error:
        typed = typed and typed_after(typed, error)
        conflict = _message(error) if isinstance(error, ValidationError) else str(error)
        return _refused(request, study, conflict, typed=typed)
    if request.POST.get("then") == "next":
        return _to_next(request, study)
    return _changed_panel(request, study)


@require_POST
@clinical_page
def study_verdict_amend(request: ClinicalRequest, study_id: UUID) -> HttpResponse:
    def begin(study: Study) -> None:
        verdicts.begin_amendment(user=request.user, study=study)

    return _done(request, study_id, begin)


def panel(
    request: ClinicalRequest, study_id: UUID, *, conflict: str = "", typed: Typed | None = None
) -> HttpResponse:
    """Render the panel; after a refusal with its sentence (409) and with what was typed."""
    context = panel_context(request, _study(request, study_id), typed=typed)
    context["conflict"] = conflict
    return render(request, TEMPLATE, context, status=409 if conflict else 200)


def panel_context(
    request: ClinicalRequest, study: Study, *, typed: Typed | None = None
) -> dict[str, Any]:
    """Return the context of the panel, also for the page that includes it."""
    user = request.user
    can_read = has_object_perm(user, Action.READ_STUDY, study)
    draft = verdict_drafts.draft_of(user=user, study=study) if can_read else None
    disclosed = ai_visible(user=user, study=study)
    is_blind = not others_visible(user=user, study=study)
    shown = draft or (verdicts.own_current(user=user, study=study) if can_read else None)
    holder = study.locked_by if lock_holder(study) else None
    return {
        "study": study,
        "can_read": can_read,
        "can_assign": has_object_perm(user, Action.ASSIGN_STUDY, study),
        "draft": draft,
        "form": form_of(draft, typed),
        "other_window": typed.other_window if typed else None,
        "own": shown if shown is not draft else None,
        "no_read_left": _no_read_left(study, request) if can_read and draft is None else "",
        "disclosed": disclosed,
        "must_commit": can_read and study.clinic.read_first and not disclosed,
        "lines": lines_of(study, shown, typed) if disclosed else [],
        "reasons": reasons_of(study.clinic_id),
        "findings": Finding.choices,
        "decisions": Decision.choices,
        "priorities": Priority.choices,
        "readers_choices": ReadersRequired.choices,
        "readers": readers_of(study.clinic),
        "holder": holder,
        "is_read": study.read_stage == ReadStage.READ,
        "versions": _versions(request, study, disclosed=disclosed),
        "is_blind": is_blind,
    }


def _study(request: ClinicalRequest, study_id: UUID) -> Study:
    rows = Study.objects.select_related("patient", "clinic", "assignee", "locked_by")
    return get_visible_or_404(rows, request.user, pk=study_id)


def _done(
    request: ClinicalRequest, study_id: UUID, act: Callable[[Study], None], *, reload: bool = False
) -> HttpResponse:
    study = _study(request, study_id)
    try:
        act(study)
    except StateConflictError as error:
        return _refused(request, study, str(error))
    except ValidationError as error:
        return _refused(request, study, _message(error))
    if reload and request.htmx:
        response = HttpResponse(status=204)
        response["HX-Refresh"] = "true"
        return response
    return _changed_panel(request, study)


def _refused(
    request: ClinicalRequest, study: Study, conflict: str, *, typed: Typed | None = None
) -> HttpResponse:
    if request.htmx:
        return panel(request, study.pk, conflict=conflict, typed=typed)
    messages.error(request, conflict)
    return redirect(study)


def _changed_panel(request: ClinicalRequest, study: Study) -> HttpResponse:
    if not request.htmx:
        return redirect(study)
    return with_htmx_events(panel(request, study.pk), **{"verdict-changed": ""})


def _to_next(request: ClinicalRequest, study: Study) -> HttpResponse:
    study_taken = take_next(user=request.user, excluding=study.pk)
    if study_taken is None:
        messages.success(request, "Signed. There is no study left for you to read.")
        address = reverse("worklist")
    else:
        messages.success(request, "Signed. This is the next study.")
        address = study_taken.get_absolute_url()
    if not request.htmx:
        return redirect(address)
    response = HttpResponse(status=204)
    response["HX-Redirect"] = address
    return response


def _no_read_left(study: Study, request: ClinicalRequest) -> str:
    """Say why this reader has no read left for the study; "" where they have one."""
    if study.patient.is_archived:
        return "This patient is archived. Restore the patient, then read the study."
    try:
        next_read(study, reader=request.user)
    except StateConflictError as error:
        return str(error)
    return ""


def _versions(request: ClinicalRequest, study: Study, *, disclosed: bool) -> list[Verdict]:
    """Return every signed version that this person may see, oldest first."""
    readable = readable_verdicts(user=request.user, study=study)
    versions = [verdict for verdict in readable if verdict.is_signed]
    for verdict in versions:
        shown = list(verdict.assessments.all()) if disclosed else []
        verdict.assessments_shown = shown  # type: ignore[attr-defined]
    return versions


def _message(error: ValidationError) -> str:
    return " ".join(error.messages)
