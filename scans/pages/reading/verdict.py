"""The verdict panel: on the study page, and in the viewer, which asks for the same fragment."""

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
from scans.models.reading import Priority, Reads, ReadStage
from scans.pages.core.decorators import clinical_page
from scans.pages.core.requests import ClinicalRequest
from scans.pages.core.responses import with_htmx_events
from scans.pages.reading.verdict_form import (
    Typed,
    form_of,
    lines_of,
    saying_of,
    seconds_of,
    typed_after,
    uuids_of,
)
from scans.services.disclosure import ai_visible, others_visible
from scans.services.reading import verdicts as service
from scans.services.reading.assignment import lock_holder, readers_of
from scans.services.reading.double_reading import next_read
from scans.services.reading.readable_verdicts import readable_verdicts
from scans.services.reading.reasons import reasons_of
from scans.services.reading.worklist import take_next

TEMPLATE = "reading/_verdict.html"


@require_GET
@clinical_page
def study_verdict(request: ClinicalRequest, study_id: UUID) -> HttpResponse:
    """The panel by itself."""
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
    """The draft, as it saves itself: nothing is drawn anew under the reader's hands.

    Unless they ask to compare what they typed with what another window saved meanwhile.
    """
    study = _study(request, study_id)
    kept = typed = None
    event = "verdict-refused"
    try:
        typed = Typed(saying_of(request.POST))
        kept = service.save_draft(user=request.user, study=study, saying=typed.saying)
        event, said = "verdict-saved", f"Saved {time_format(timezone.localtime(), 'H:i:s')}"
    except service.VerdictConflictError as error:
        typed = typed and typed_after(typed, error)
        event, said = "verdict-conflict", str(error)
    except service.WordsRefusedError as error:
        kept, said = error.draft, f"Saved, but not: {_said(error)}"
    except ValidationError as error:
        said = f"Not saved: {_said(error)}"
    except StateConflictError as error:
        said = f"Not saved: {error}"
    if not request.htmx:
        if event == "verdict-saved":
            messages.success(request, "The draft is saved.")
        else:
            messages.error(request, said)
        return redirect(study)
    if "compare" in request.POST:
        return panel(request, study.pk) if kept else _refused(request, study, said, typed=typed)
    response = with_htmx_events(HttpResponse(status=204), **{event: said})
    if kept is not None:
        response["X-Revision"] = str(kept.revision)
    return response


@require_POST
@clinical_page
def study_verdict_commit(request: ClinicalRequest, study_id: UUID) -> HttpResponse:
    """Read-first: the finding, before the AI's word is shown. The page is drawn anew with it."""

    def commit(study: Study) -> None:
        service.commit_finding(
            user=request.user,
            study=study,
            finding=request.POST.get("finding", ""),
            seconds=seconds_of(request.POST),
        )

    return _done(request, study_id, commit, reload=True)


@require_POST
@clinical_page
def study_verdict_sign(request: ClinicalRequest, study_id: UUID) -> HttpResponse:
    """Kept first, signed then: a signature that is refused takes nothing that was typed with it."""
    study = _study(request, study_id)
    typed = None
    try:
        typed = Typed(saying_of(request.POST))
        kept = service.save_draft(user=request.user, study=study, saying=typed.saying)
        typed = Typed(replace(typed.saying, revision=kept.revision), is_kept=True)
        service.sign_verdict(
            user=request.user,
            study=study,
            saying=typed.saying,
            layers=request.POST.get("layers", "").split(),
            shown=uuids_of(request.POST["shown"]) if "shown" in request.POST else None,
        )
    except (StateConflictError, ValidationError) as error:
        typed = typed and typed_after(typed, error)
        conflict = _said(error) if isinstance(error, ValidationError) else str(error)
        return _refused(request, study, conflict, typed=typed)
    if request.POST.get("then") == "next":
        return _to_next(request, study)
    return _drawn_anew(request, study)


@require_POST
@clinical_page
def study_verdict_amend(request: ClinicalRequest, study_id: UUID) -> HttpResponse:
    def begin(study: Study) -> None:
        service.begin_amendment(user=request.user, study=study)

    return _done(request, study_id, begin)


def panel(
    request: ClinicalRequest, study_id: UUID, *, conflict: str = "", typed: Typed | None = None
) -> HttpResponse:
    """The panel as it is now; where something was refused with a sentence, and what was typed."""
    context = panel_context(request, _study(request, study_id), typed=typed)
    context["conflict"] = conflict
    return render(request, TEMPLATE, context, status=409 if conflict else 200)


def panel_context(
    request: ClinicalRequest, study: Study, *, typed: Typed | None = None
) -> dict[str, Any]:
    """All that the panel shows; a page that holds it asks for the same."""
    user = request.user
    reads = has_object_perm(user, Action.READ_STUDY, study)
    draft = service.draft_of(user=user, study=study) if reads else None
    told = ai_visible(user=user, study=study)
    is_blind = not others_visible(user=user, study=study)
    shown = draft or (service.own_current(user=user, study=study) if reads else None)
    holder = study.locked_by if lock_holder(study) else None
    return {
        "study": study,
        "can_read": reads,
        "can_assign": has_object_perm(user, Action.ASSIGN_STUDY, study),
        "draft": draft,
        "form": form_of(draft, typed),
        "other_window": typed.other_window if typed else None,
        "own": shown if shown is not draft else None,
        "left": _left(study, request) if reads and draft is None else "",
        "told": told,
        "must_commit": reads and study.clinic.read_first and not told,
        "lines": lines_of(study, shown, typed) if told else [],
        "reasons": reasons_of(study.clinic_id),
        "findings": Finding.choices,
        "decisions": Decision.choices,
        "priorities": Priority.choices,
        "reads_choices": Reads.choices,
        "readers": readers_of(study.clinic),
        "holder": holder,
        "is_read": study.read_stage == ReadStage.READ,
        "versions": _versions(request, study, told=told),
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
        return _refused(request, study, _said(error))
    if reload and request.htmx:
        response = HttpResponse(status=204)
        response["HX-Refresh"] = "true"
        return response
    return _drawn_anew(request, study)


def _refused(
    request: ClinicalRequest, study: Study, conflict: str, *, typed: Typed | None = None
) -> HttpResponse:
    if request.htmx:
        return panel(request, study.pk, conflict=conflict, typed=typed)
    messages.error(request, conflict)
    return redirect(study)


def _drawn_anew(request: ClinicalRequest, study: Study) -> HttpResponse:
    if not request.htmx:
        return redirect(study)
    return with_htmx_events(panel(request, study.pk), **{"verdict-changed": ""})


def _to_next(request: ClinicalRequest, study: Study) -> HttpResponse:
    found = take_next(user=request.user, but=study.pk)
    if found is None:
        messages.success(request, "Signed. There is no study left for you to read.")
        address = reverse("worklist")
    else:
        messages.success(request, "Signed. This is the next study.")
        address = found.get_absolute_url()
    if not request.htmx:
        return redirect(address)
    response = HttpResponse(status=204)
    response["HX-Redirect"] = address
    return response


def _left(study: Study, request: ClinicalRequest) -> str:
    """Why this reader has no read left for the study; "" where they have one."""
    if study.patient.is_archived:
        return "This patient is archived. Restore the patient, then read the study."
    try:
        next_read(study, reader=request.user)
    except StateConflictError as error:
        return str(error)
    return ""


def _versions(request: ClinicalRequest, study: Study, *, told: bool) -> list[Verdict]:
    """Every signed version that this person may see, oldest first."""
    found = readable_verdicts(user=request.user, study=study)
    versions = [one for one in found if one.is_signed]
    for one in versions:
        one.words_shown = list(one.assessments.all()) if told else []  # type: ignore[attr-defined]
    return versions


def _said(error: ValidationError) -> str:
    return " ".join(error.messages)
