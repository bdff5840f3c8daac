"""A reader's words on single analyses, as they are written into the draft of a verdict."""

from collections.abc import Iterable, Mapping, Sequence
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

_WRITTEN = ("decision", "reason", "reason_label", "reason_text")


@dataclass(frozen=True)
class AssessmentInput:
    """A reader's word on one analysis."""

    analysis: UUID
    decision: str
    reason: str = ""
    reason_text: str = ""


def write_assessments(draft: Verdict, words: Sequence[AssessmentInput], *, user: User) -> list[str]:
    """Write what changed; the sentences are about the words that are left out.

    One word that cannot be kept does not take the others with it. Raises `ValidationError` where
    an analysis is not one of the study.
    """
    require_ai(user=user, study=draft.study)
    images = _images_of(draft, {word.analysis for word in words})
    offered = reasons_of(draft.study.clinic_id)
    known = {row.analysis_id: row for row in draft.assessments.all()}
    changed: list[Assessment] = []
    refused = []
    for word in words:
        row = known.get(word.analysis) or Assessment(verdict=draft, analysis_id=word.analysis)
        why_not = _refusal(word, row, offered)
        if why_not:
            refused.append(f"Image {images[word.analysis]}: {why_not}")
        elif _take(row, word, offered):
            changed.append(row)
    now = timezone.now()
    for row in changed:
        row.saved_at = now
    new = [row for row in changed if row.analysis_id not in known]
    Assessment.objects.bulk_create(new, batch_size=500)
    kept = [row for row in changed if row.analysis_id in known]
    Assessment.objects.bulk_update(kept, [*_WRITTEN, "saved_at"], batch_size=100)
    return refused


def has_same_assessments(draft: Verdict, words: Iterable[AssessmentInput]) -> bool:
    """Whether the draft has each of these words already."""
    known = {row.analysis_id: row for row in draft.assessments.all()}
    for word in words:
        row = known.get(word.analysis)
        if row is None or (row.decision, row.reason, row.reason_text) != _cleaned(word):
            return False
    return True


def refuse_missing_reasons(draft: Verdict) -> None:
    """Raises `ValidationError` for the first word that lacks its reason."""
    rows = draft.assessments.exclude(decision=Decision.ACCEPT).select_related("analysis__image")
    for row in rows:
        image = row.analysis.image.number
        if not row.reason:
            raise ValidationError(
                {"reason": f"Image {image}: choose a reason to {row.decision} the AI result."}
            )
        if row.reason == Reason.OTHER and not row.reason_text:
            raise ValidationError({"reason": f"Image {image}: say what the other reason is."})


def _images_of(draft: Verdict, asked: set[UUID]) -> dict[UUID, int]:
    """The number of the image of each analysis."""
    finished = Analysis.objects.filter(
        pk__in=asked, image__series__study=draft.study, status__in=FINISHED
    )
    found = dict(finished.values_list("pk", "image__number"))
    if set(found) != asked:
        raise ValidationError("Only a finished analysis of this study can be assessed. Reload.")
    return found


def _refusal(word: AssessmentInput, row: Assessment, offered: Mapping[str, str]) -> str:
    if word.decision not in Decision.values:
        return "accept, modify or reject the analysis."
    _, reason, _ = _cleaned(word)
    if reason and reason not in offered and reason != row.reason:
        return "choose a reason of the list."
    return ""


def _cleaned(word: AssessmentInput) -> tuple[str, str, str]:
    reason = "" if word.decision == Decision.ACCEPT else word.reason
    text = word.reason_text.replace("\0", "").strip()[:500] if reason else ""
    return word.decision, reason, text


def _take(row: Assessment, word: AssessmentInput, offered: Mapping[str, str]) -> bool:
    """Whether the row says something else now."""
    before = tuple(getattr(row, name) for name in _WRITTEN)
    row.decision, row.reason, row.reason_text = _cleaned(word)
    row.reason_label = offered.get(row.reason, row.reason_label) if row.reason else ""
    return before != tuple(getattr(row, name) for name in _WRITTEN)
