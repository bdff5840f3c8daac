"""The verdict in the editor of a report: what it is signed with, and what is still to be chosen."""

from typing import Any

from django.core.exceptions import ValidationError
from django.http import QueryDict

from accounts.password_age import password_given_at
from accounts.requests import number_in
from scans.errors import StateConflictError
from scans.models import Report, Verdict
from scans.models.assessment import Finding
from scans.pages.core.refusals import message_of
from scans.pages.core.requests import ClinicalRequest
from scans.pages.reading.verdict_form import shown_statements_of, uuids_of
from scans.services.reading.verdict_drafts import (
    VerdictConflictError,
    VerdictInput,
    draft_of,
    save_draft,
)
from scans.services.reports.signer import is_password_needed
from scans.services.reports.verdict_with_report import (
    VerdictToSign,
    deciding_verdict,
    why_no_verdict_is_signed_along,
)

# What of the AI was on the screen beside, as the viewer tells the editor: the fields of its form.
_SHOWN = ("layers", "shown", "statements")
_CARRIED = "shown_beside_report"  # in the session


def verdict_to_sign(request: ClinicalRequest) -> VerdictToSign:
    """Return what the editor sent of the verdict that is signed with the report.

    A field of what was shown that is there says all of it, also where it is empty: nothing was.
    """
    sent = request.POST
    return VerdictToSign(
        _input_of(sent),
        layers=sent.get("layers", "").split(),
        shown=uuids_of(sent["shown"]) if "shown" in sent else None,
        statements=shown_statements_of(sent["statements"]) if "statements" in sent else None,
    )


def _input_of(sent: QueryDict) -> VerdictInput:
    """Read the verdict's fields; its revision is the one that the editor, or the frame, showed."""
    revision = number_in(sent.get("verdict_revision", ""))
    return VerdictInput(
        finding=sent.get("finding") or None,
        amendment_reason=sent.get("verdict_amendment_reason"),
        revision=revision,
        is_whole=revision is not None,
        images_shown=uuids_of(sent.get("images", "")) if "images" in sent else None,
    )


def keep_verdict(request: ClinicalRequest, report: Report) -> None:
    """Save what was entered of the verdict in the editor, where the page is to be drawn anew.

    Where it cannot be saved, signing says why. Raises `VerdictConflictError`: what was entered is
    shown beside what another window saved.
    """
    user, study, entered = request.user, report.study, _input_of(request.POST)
    draft = draft_of(user=user, study=study)
    before = (draft.finding, draft.amendment_reason) if draft else ("", "")
    after = (entered.finding or before[0], (entered.amendment_reason or before[1]).strip())
    if before == after or why_no_verdict_is_signed_along(user, study):
        return
    try:
        save_draft(user=user, study=study, verdict_input=entered)
    except VerdictConflictError:
        raise
    except (StateConflictError, ValidationError):
        return


def carry_shown(request: ClinicalRequest, report: Report) -> None:
    """Keep what was on the screen beside for the editor that is drawn next, after a redirect."""
    request.session[_CARRIED] = {str(report.pk): _shown_of(request.POST)}


def _carried(request: ClinicalRequest, report: Report) -> dict[str, str]:
    found: dict[str, str] = request.session.pop(_CARRIED, {}).get(str(report.pk), {})
    return found


def _shown_of(sent: QueryDict) -> dict[str, str]:
    return {name: sent.get(name, "") for name in _SHOWN}


# What a button of the editor did not do, and what to press again, where the verdict was changed.
_NOT_DONE = {
    "sign": ("so nothing was signed", "sign again"),
    "save": ("so the text was saved and the verdict was not", "save again"),
    "insert": ("so the text was saved and no template was inserted", "insert it again"),
    "renew": ("so the text was saved and no line was renewed", "renew the lines again"),
    "comparison": ("so the text was saved without the comparison", "write it again"),
}


def refusal_of(error: Exception, *, act: str) -> str:
    """Say why the editor did not do what was pressed, in its words."""
    if not isinstance(error, VerdictConflictError):
        return message_of(error)
    not_done, again = _NOT_DONE[act]
    return (
        f"Your verdict was changed in another place meanwhile, {not_done}. It is shown here as it "
        f"is now: {_in_words(error.current)}. Look at it, correct it where it needs it, and "
        f"{again}."
    )


def _in_words(verdict: Verdict) -> str:
    finding = verdict.get_finding_display().lower()
    count = verdict.assessments.count()
    return ", ".join(
        [
            f"finding “{finding}”" if finding else "no finding",
            f"{count} AI result{'s' * (count != 1)} assessed",
            *([f"comment “{verdict.comment}”"] if verdict.comment else []),
        ]
    )


def verdict_context(
    request: ClinicalRequest,
    report: Report,
    *,
    sent: QueryDict | None = None,
    refusal: Exception | None = None,
) -> dict[str, Any]:
    """Return what the editor shows of the verdict, and whether the password is asked.

    What was `sent` is shown again, but for a verdict that another window has changed since.
    """
    user, study = request.user, report.study
    given_at = password_given_at(request)
    draft = draft_of(user=user, study=study)
    no_read_left = why_no_verdict_is_signed_along(user, study)
    kept = (draft.finding, draft.amendment_reason) if draft else ("", "")
    typed = (sent.get("finding", ""), sent.get("verdict_amendment_reason", "")) if sent else kept
    finding, reason = typed[0] or kept[0], typed[1] or kept[1]
    if isinstance(refusal, VerdictConflictError):
        finding = kept[0] or typed[0]
    return {
        "verdict_draft": None if no_read_left else draft,
        "verdict_refusal": no_read_left,
        "verdict_deciding": deciding_verdict(study),
        "findings": Finding.choices,
        "chosen_finding": finding,
        "verdict_revision": draft.revision if draft else 0,
        "verdict_amendment_reason": reason,
        "is_verdict_unsaved": (finding, reason) != kept,
        "beside": _shown_of(sent) if sent else _carried(request, report),
        "asks_password": is_password_needed(study.clinic, given_at),
        "password_given_at": given_at,
    }
