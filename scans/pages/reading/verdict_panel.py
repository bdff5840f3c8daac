"""The verdict panel, on the study page and in the viewer: what it shows of a study to whom."""

from typing import Any
from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import render

from accounts.policy import Action, get_visible_or_404, has_object_perm
from scans.models import Image, Study, Verdict
from scans.models.assessment import Decision, Finding
from scans.models.reading import Priority, ReadersRequired, ReadStage
from scans.pages.core.requests import ClinicalRequest
from scans.pages.reading.verdict_form import Typed, form_of, lines_of
from scans.services.disclosure import ai_visible, others_visible
from scans.services.reading import verdict_drafts, verdicts
from scans.services.reading.assessment_lines import assessment_lines
from scans.services.reading.assignment import lock_holder, readers_of
from scans.services.reading.double_reading import stage_words, why_no_read_is_left
from scans.services.reading.new_images import new_images, why_not_reviewed
from scans.services.reading.readable_verdicts import readable_verdicts
from scans.services.reading.reasons import reasons_of
from scans.services.reports.caveats import Caveats
from scans.services.reports.states import report_states

TEMPLATE = "reading/_verdict.html"
IN_VIEWER = "reading/viewer/_verdict_fragment.html"


def panel(
    request: ClinicalRequest,
    study_id: UUID,
    *,
    conflict: str = "",
    typed: Typed | None = None,
    at: str = "",
    asked: dict[str, Any] | None = None,
) -> HttpResponse:
    """Render the panel; after a refusal with its sentence (409) and with what was typed.

    `at` is the button that was pressed, where the sentence stands: sign, commit or amend; without
    one it is above the forms that say who reads. `asked` is what `second_act` returns.
    """
    context = panel_context(request, panel_study(request, study_id), typed=typed)
    context |= {"conflict": conflict, "refused_at": at}
    context |= asked or {}
    template = IN_VIEWER if is_in_viewer(request) else TEMPLATE
    return render(request, template, context, status=409 if conflict else 200)


def is_in_viewer(request: ClinicalRequest) -> bool:
    """Return whether the panel that asks is the one of the image viewer."""
    return is_framed(request) or "viewer" in (request.POST.get("in"), request.GET.get("in"))


def is_framed(request: ClinicalRequest) -> bool:
    """Return whether it is the viewer beside a report: it shows no other study than that one's."""
    return "report" in (request.POST.get("in"), request.GET.get("in"))


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
    no_read_left = _no_read_left(study, request) if can_read and draft is None else ""
    must_commit = can_read and study.clinic.read_first and not disclosed
    has_form = can_read and not no_read_left and not must_commit
    versions = _versions(request, study, disclosed=disclosed)
    report_state = report_states(user=user, studies=[study])[study.pk]
    return {
        "study": study,
        "can_read": can_read,
        "has_form": has_form,
        "can_assign": has_object_perm(user, Action.ASSIGN_STUDY, study),
        "draft": draft,
        "form": form_of(draft, typed),
        "other_window": typed.other_window if typed else None,
        "own": shown if shown is not draft else None,
        "no_read_left": no_read_left,
        # An amendment is written without taking the study, which waits for somebody else.
        "can_take": not no_read_left and not (draft and draft.is_amendment),
        "disclosed": disclosed,
        "must_commit": must_commit,
        "lines": lines_of(study, shown, typed) if disclosed else [],
        "reasons": reasons_of(study.clinic_id),
        "findings": Finding.choices,
        "decisions": Decision.choices,
        "priorities": Priority.choices,
        "readers_choices": ReadersRequired.choices,
        "readers": readers_of(study.clinic),
        "holder": holder,
        "is_read": study.read_stage == ReadStage.READ,
        "stage_words": stage_words(study),
        "versions": versions,
        "is_blind": is_blind,
        "image_count": Image.objects.filter(series__study=study).count(),
        "report_state": report_state,
        "caveats": Caveats.of(
            study, [one for one in versions if not one.is_superseded], report_state
        ),
        "new_images": _new_images(request, study, can_read=can_read),
        "is_framed": is_framed(request),
    }


def _new_images(request: ClinicalRequest, study: Study, *, can_read: bool) -> dict[str, Any] | None:
    """What came since the study was signed, and why this reader does not answer for it."""
    if study.new_images_at is None:
        return None
    rows = list(new_images(study))
    why_not = why_not_reviewed(study, reader=request.user) if can_read else ""
    if study.patient.is_archived:
        why_not = "This patient is archived. Restore the patient, then answer for the new images."
    return {"count": len(rows), "first": rows[0] if rows else None, "why_not": why_not}


def panel_study(request: ClinicalRequest, study_id: UUID) -> Study:
    """Return the study with what the panel shows of it; 404 where this person may not see it."""
    rows = Study.objects.select_related("patient", "clinic", "assignee", "locked_by")
    return get_visible_or_404(rows, request.user, pk=study_id)


def _no_read_left(study: Study, request: ClinicalRequest) -> str:
    """Say why this reader has no read left for the study; "" where they have one."""
    if study.patient.is_archived:
        return "This patient is archived. Restore the patient, then read the study."
    return why_no_read_is_left(study, reader=request.user)


def _versions(request: ClinicalRequest, study: Study, *, disclosed: bool) -> list[Verdict]:
    """Return every signed version that this person may see: the deciding one, others, superseded.

    Each of these oldest first.
    """
    readable = readable_verdicts(user=request.user, study=study)
    versions = [verdict for verdict in readable if verdict.is_signed]
    versions.sort(key=lambda one: (not one.is_deciding, one.is_superseded))
    for verdict in versions:
        lines = assessment_lines(verdict, verdict.assessments.all()) if disclosed else []
        verdict.assessment_lines = lines  # type: ignore[attr-defined]
    return versions
