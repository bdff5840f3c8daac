"""A reader's assessments of single analyses, as they are written into the draft of a verdict."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from django.core.exceptions import ValidationError
from django.utils import timezone

from accounts.models import User
from scans.models import Analysis, Assessment, Verdict
from scans.models.analysis import FINISHED
from scans.models.assessment import Decision, Reason
from scans.services.disclosure import require_ai
from scans.services.reading.reasons import reasons_of
from scans.written_text import control_characters_in, written_lines

_WRITTEN = ("decision", "reason", "reason_label", "reason_text", "withdrawn_at")
NOT_ASSESSED = "none"  # as a decision: what was assessed is taken back


@dataclass(frozen=True)
class AssessmentInput:
    """What a reader enters about one analysis: a `Decision` and its reason, or `NOT_ASSESSED`."""

    analysis: UUID
    decision: str
    reason: str = ""
    reason_text: str = ""


def write_assessments(
    draft: Verdict, inputs: Sequence[AssessmentInput], *, user: User
) -> list[str]:
    """Write the assessments that changed; returns a message for each one that is refused.

    One that is refused does not take the others with it. Raises `NotAllowedError` while the AI
    results are withheld, and `ValidationError` where an analysis is not one of the study.
    """
    require_ai(user=user, study=draft.study)
    images = _images_of(draft, {one.analysis for one in inputs})
    offered = reasons_of(draft.study.clinic_id)
    rows = Assessment.with_withdrawn.filter(verdict=draft)
    existing = {row.analysis_id: row for row in rows}
    changed: list[Assessment] = []
    refused = []
    now = timezone.now()
    for one in inputs:
        if one.decision == NOT_ASSESSED:
            known = existing.get(one.analysis)
            if known and known.withdrawn_at is None:
                known.withdrawn_at = now
                changed.append(known)
            continue
        row = existing.get(one.analysis) or Assessment(verdict=draft, analysis_id=one.analysis)
        refusal = _refusal(one, row, offered)
        if refusal:
            refused.append(f"Image {images[one.analysis]}: {refusal}")
        elif _apply(row, one, offered):
            changed.append(row)
    for row in changed:
        row.saved_at = now
    new = [row for row in changed if row.analysis_id not in existing]
    Assessment.objects.bulk_create(new, batch_size=500)
    old = [row for row in changed if row.analysis_id in existing]
    Assessment.with_withdrawn.bulk_update(old, [*_WRITTEN, "saved_at"], batch_size=100)
    return refused


def has_same_assessments(
    draft: Verdict, inputs: Collection[AssessmentInput], *, is_whole: bool
) -> bool:
    """Return whether the draft has each of these assessments already; and, `is_whole`, no other."""
    existing = {row.analysis_id: row for row in draft.assessments.all()}
    standing = [one for one in inputs if one.decision != NOT_ASSESSED]
    if any(one.analysis in existing for one in inputs if one not in standing):
        return False
    if is_whole and len(existing) != len(standing):
        return False
    for one in standing:
        row = existing.get(one.analysis)
        if row is None or (row.decision, row.reason, row.reason_text) != _cleaned(one):
            return False
    return True


def refuse_missing_reasons(draft: Verdict) -> None:
    """Raise `ValidationError` for the first assessment of the draft that lacks its reason."""
    rows = draft.assessments.exclude(decision=Decision.ACCEPT).select_related("analysis__image")
    for row in rows:
        image = row.analysis.image.number
        if not row.reason:
            raise ValidationError(
                {"reason": f"Image {image}: choose a reason to {row.decision} the AI result."}
            )
        if row.reason == Reason.OTHER and not row.reason_text:
            raise ValidationError({"reason": f"Image {image}: say what the other reason is."})


def _images_of(draft: Verdict, analyses: set[UUID]) -> dict[UUID, int]:
    """Return the number of the image of each analysis."""
    finished = Analysis.objects.filter(
        pk__in=analyses, image__series__study=draft.study, status__in=FINISHED
    )
    found = dict(finished.values_list("pk", "image__number"))
    if set(found) != analyses:
        raise ValidationError("Only a finished analysis of this study can be assessed. Reload.")
    return found


def _refusal(entered: AssessmentInput, row: Assessment, offered: Mapping[str, str]) -> str:
    if entered.decision not in Decision.values:
        return "accept, modify or reject the analysis."
    _, reason, text = _cleaned(entered)
    for sentence in control_characters_in({"reason": text}).values():
        return f"{sentence[0].lower()}{sentence[1:]}"
    if reason and reason not in offered and reason != row.reason:
        return "choose a reason of the list."
    return ""


def _cleaned(entered: AssessmentInput) -> tuple[str, str, str]:
    reason = "" if entered.decision == Decision.ACCEPT else entered.reason
    text = written_lines(entered.reason_text)[:500] if reason else ""
    return entered.decision, reason, text


def _apply(row: Assessment, entered: AssessmentInput, offered: Mapping[str, str]) -> bool:
    """Set the fields of the row; returns whether one of them changed."""
    before = tuple(getattr(row, name) for name in _WRITTEN)
    row.decision, row.reason, row.reason_text = _cleaned(entered)
    row.reason_label = offered.get(row.reason, row.reason_label) if row.reason else ""
    row.withdrawn_at = None
    return before != tuple(getattr(row, name) for name in _WRITTEN)
