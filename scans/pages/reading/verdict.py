"""What is done in the verdict panel of the study page; the viewer loads the same fragment."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.dateparse import parse_datetime
from django.views.decorators.http import require_GET, require_POST

from accounts import audit
from accounts.posting import posted_from
from scans import audit_events
from scans.errors import StateConflictError
from scans.models import Study, Verdict
from scans.pages.core.decorators import clinical_page
from scans.pages.core.refusals import message_of
from scans.pages.core.requests import ClinicalRequest
from scans.pages.core.responses import with_htmx_events
from scans.pages.reading.second_act import despite_of, second_act
from scans.pages.reading.sitting import next_in_sitting
from scans.pages.reading.verdict_form import (
    Typed,
    commit_input_of,
    shown_statements_of,
    typed_after,
    uuids_of,
    verdict_input_of,
)
from scans.pages.reading.verdict_panel import (
    is_framed,
    is_in_viewer,
    panel,
    panel_context,
    panel_study,
)
from scans.services.reading import verdict_drafts, verdicts
from scans.services.reading.new_images import sign_nothing_changes
from scans.services.reports.verdict_signing import sign_verdict

_NO_NEXT = (
    "The report of this study is being written beside, so the next study is not opened here. Sign "
    "as final, or sign verdict and report together."
)


@require_GET
@clinical_page
def study_verdict(request: ClinicalRequest, study_id: UUID) -> HttpResponse:
    """Show the panel by itself, as the viewer loads it."""
    study = panel_study(request, study_id)
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
    study = panel_study(request, study_id)
    draft = typed = None
    event = "verdict-refused"
    try:
        typed = Typed(verdict_input_of(request.POST))
        draft = verdict_drafts.save_draft(
            user=request.user, study=study, verdict_input=typed.verdict_input
        )
        event, message = "verdict-saved", draft.saved_at.isoformat()
    except verdict_drafts.VerdictConflictError as error:
        typed = typed and typed_after(typed, error)
        event, message = "verdict-conflict", str(error)
    except verdict_drafts.AssessmentsRefusedError as error:
        draft, message = error.draft, f"Saved, but not: {message_of(error)}"
    except (ValidationError, StateConflictError) as error:
        message = f"Not saved: {message_of(error)}"
    if not request.htmx:
        if event == "verdict-saved":
            messages.success(request, "The draft is saved.")
        else:
            messages.error(request, message)
        return redirect(study)
    if "compare" in request.POST:
        return (
            panel(request, study.pk)
            if draft
            else _refused(request, study, message, at="sign", typed=typed)
        )
    response = with_htmx_events(HttpResponse(status=204), **{event: message})
    if draft is not None:
        response["X-Revision"] = str(draft.revision)
    return response


@require_POST
@clinical_page
def study_verdict_commit(request: ClinicalRequest, study_id: UUID) -> HttpResponse:
    """Read-first: commit the finding before the AI result is shown, then reload the page."""
    typed = Typed(commit_input_of(request.POST))

    def commit(study: Study) -> None:
        verdicts.commit_finding(
            user=request.user,
            study=study,
            finding=typed.verdict_input.finding or "",
            seconds=typed.verdict_input.seconds,
            images_shown=typed.verdict_input.images_shown,
            despite=despite_of(request.POST),
        )

    return _done(request, study_id, commit, at="commit", reload=True, typed=typed)


@posted_from("study")
@clinical_page
def study_verdict_sign(request: ClinicalRequest, study_id: UUID) -> HttpResponse:
    """Save the draft, then sign it: nothing that was typed is lost where signing is refused."""
    study = panel_study(request, study_id)
    typed = None
    to_next = request.POST.get("then") == "next"
    try:
        typed = Typed(verdict_input_of(request.POST))
        if to_next and is_framed(request):
            raise StateConflictError(_NO_NEXT)
        draft = verdict_drafts.save_draft(
            user=request.user, study=study, verdict_input=typed.verdict_input
        )
        typed = Typed(replace(typed.verdict_input, revision=draft.revision), is_saved=True)
        signed = sign_verdict(
            user=request.user,
            study=study,
            verdict_input=typed.verdict_input,
            layers=request.POST.get("layers", "").split(),
            shown=uuids_of(request.POST["shown"]) if "shown" in request.POST else None,
            statements=shown_statements_of(request.POST["statements"])
            if "statements" in request.POST
            else None,
            despite=despite_of(request.POST),
        )
    except (StateConflictError, ValidationError) as error:
        typed = typed and typed_after(typed, error)
        conflict = message_of(error)
        return _refused(
            request, study, conflict, typed=typed, at="sign", asked=second_act(request.POST, error)
        )
    if to_next:
        return _to_next(request, signed)
    return _changed_panel(request, study)


@require_POST
@clinical_page
def study_verdict_amend(request: ClinicalRequest, study_id: UUID) -> HttpResponse:
    def begin(study: Study) -> None:
        verdicts.begin_amendment(user=request.user, study=study)

    return _done(request, study_id, begin, at="amend")


@require_POST
@clinical_page
def study_verdict_discard(request: ClinicalRequest, study_id: UUID) -> HttpResponse:
    def discard(study: Study) -> None:
        verdicts.discard_amendment(user=request.user, study=study)

    return _done(request, study_id, discard, at="amend")


@posted_from("study")
@clinical_page
def study_new_images_seen(request: ClinicalRequest, study_id: UUID) -> HttpResponse:
    """Sign that the images which came since the study was signed change nothing."""

    def sign(study: Study) -> None:
        seen_until = parse_datetime(request.POST.get("seen_until", "").strip())
        if seen_until is None:
            raise ValidationError("Load the page again, then say it once more.")
        sign_nothing_changes(user=request.user, study=study, seen_until=seen_until)

    return _done(request, study_id, sign, at="new-images")


def _done(
    request: ClinicalRequest,
    study_id: UUID,
    act: Callable[[Study], None],
    *,
    at: str,
    reload: bool = False,
    typed: Typed | None = None,
) -> HttpResponse:
    study = panel_study(request, study_id)
    try:
        act(study)
    except (StateConflictError, ValidationError) as error:
        asked = second_act(request.POST, error)
        return _refused(request, study, message_of(error), at=at, typed=typed, asked=asked)
    if reload and request.htmx and not is_in_viewer(request):  # the viewer asks for them itself
        response = HttpResponse(status=204)
        response["HX-Refresh"] = "true"
        return response
    return _changed_panel(request, study)


def _refused(
    request: ClinicalRequest,
    study: Study,
    conflict: str,
    *,
    at: str,
    typed: Typed | None = None,
    asked: dict[str, Any] | None = None,
) -> HttpResponse:
    if request.htmx:
        return panel(request, study.pk, conflict=conflict, typed=typed, at=at, asked=asked)
    if asked:
        context = panel_context(request, panel_study(request, study.pk), typed=typed)
        context |= {"conflict": conflict, "refused_at": at, "patient": study.patient} | asked
        return render(request, "reading/verdict_page.html", context, status=409)
    messages.error(request, conflict)
    return redirect(study)


def _changed_panel(request: ClinicalRequest, study: Study) -> HttpResponse:
    if not request.htmx:
        return redirect(study)
    return with_htmx_events(panel(request, study.pk), **{"verdict-changed": ""})


def _to_next(request: ClinicalRequest, signed: Verdict) -> HttpResponse:
    """Go on, and say on the next page what was signed for whom: another patient is on it."""
    done = f"Signed: {signed.get_finding_display()}, {signed.study.patient}."
    following = next_in_sitting(request, after=signed.study_id, is_done=True)
    messages.success(request, f"{done} {following.words}")
    if following.study is None:
        address = reverse("worklist")
    elif is_in_viewer(request):
        address = reverse("viewer", args=[following.study.pk])
    else:
        address = following.study.get_absolute_url()
    if not request.htmx:
        return redirect(address)
    response = HttpResponse(status=204)
    response["HX-Redirect"] = address
    return response
