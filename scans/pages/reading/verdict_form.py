"""The form of the verdict panel: its fields as they are sent and as they are shown.

What was typed is shown again where the draft could not be saved.
"""

from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db.models import prefetch_related_objects
from django.http import QueryDict
from django.utils.dateparse import parse_datetime
from django.utils.timezone import is_aware

from accounts.requests import number_in
from scans.models import Study, Verdict
from scans.services.analyses.displayed_results import ShownStatement, newest_finished
from scans.services.reading.assessments import AssessmentInput
from scans.services.reading.verdict_drafts import VerdictConflictError, VerdictInput


@dataclass(frozen=True)
class Typed:
    """What the form sent, to be shown again if it is refused.

    `is_saved` says that the draft has it all the same; `other_window` is the draft that another
    window saved meanwhile.
    """

    verdict_input: VerdictInput
    is_saved: bool = False
    other_window: Verdict | None = None


def typed_after(typed: Typed, error: Exception) -> Typed:
    """Add what the refusal brought: the draft of the other window, and the revision to go on from.

    Only a reader who is shown what another window saved may overwrite it.
    """
    current = error.current if isinstance(error, VerdictConflictError) else None
    if current is not None:
        prefetch_related_objects([current], "assessments__analysis__image")
    known = current or getattr(error, "draft", None)
    verdict_input = typed.verdict_input
    if known:
        verdict_input = replace(verdict_input, revision=known.revision)
    return replace(typed, verdict_input=verdict_input, other_window=current)


def verdict_input_of(data: QueryDict) -> VerdictInput:
    """Read the form, whose fields are `decision-<analysis>`, `reason-<analysis>` and so on.

    Raises `ValidationError` where the id of an analysis is none.
    """
    assessments = []
    for name in data:
        if not name.startswith("decision-") or not data[name]:
            continue
        key = name.removeprefix("decision-")
        try:
            analysis = UUID(key)
        except ValueError as error:
            raise ValidationError("Reload the page: this analysis is not known.") from error
        assessments.append(
            AssessmentInput(
                analysis=analysis,
                decision=data.get(name, ""),
                reason=data.get(f"reason-{key}", ""),
                reason_text=data.get(f"text-{key}", ""),
            )
        )
    return VerdictInput(
        finding=data.get("finding"),
        comment=data.get("comment"),
        amendment_reason=data.get("amendment_reason"),
        assessments=tuple(assessments),
        seconds=seconds_of(data),
        revision=number_in(data.get("revision", "")),
        is_whole=True,
        images_shown=_images_of(data),
    )


def commit_input_of(data: QueryDict) -> VerdictInput:
    """Read the form of a finding that is committed; it has no more than that."""
    return VerdictInput(
        finding=data.get("finding"), seconds=seconds_of(data), images_shown=_images_of(data)
    )


def _images_of(data: QueryDict) -> list[UUID] | None:
    """Return the images that were on the screen; None where the page does not say."""
    return uuids_of(data.get("images", "")) if "images" in data else None


def seconds_of(data: QueryDict) -> int:
    """Return the seconds that the page counted; 0 where it says none."""
    return number_in(data.get("seconds", "")) or 0


def uuids_of(text: str) -> list[UUID]:
    """Return the UUIDs in a text; anything else in it is ignored."""
    found = []
    for part in text.split():
        try:
            found.append(UUID(part))
        except ValueError:
            continue
    return found


def shown_statements_of(text: str) -> list[ShownStatement]:
    """Return the statements on series whose stamps are in a text; anything else is ignored."""
    found = []
    for part in text.split():
        pk, _, moment = part.partition("@")
        try:
            statement, shown_at = UUID(pk), parse_datetime(moment)
        except ValueError:
            continue
        if shown_at is not None and is_aware(shown_at):
            found.append((statement, shown_at))
    return found


def form_of(draft: Verdict | None, typed: Typed | None) -> dict[str, Any]:
    """Return the fields of the form as they are shown."""
    if typed is None:
        shown: Any = draft or Verdict()
        revision, seconds = shown.revision, shown.seconds_spent
    else:
        shown, seconds = typed.verdict_input, typed.verdict_input.seconds
        known = draft.revision if draft else 0
        revision = known if typed.verdict_input.revision is None else typed.verdict_input.revision
    return {
        "finding": shown.finding or (draft.finding if draft else ""),
        "comment": shown.comment,
        "amendment_reason": shown.amendment_reason,
        "seconds": seconds,
        "revision": revision,
        "images_shown": {str(pk) for pk in getattr(shown, "images_shown", None) or ()},
        "is_unsaved": typed is not None and not typed.is_saved,
    }


def lines_of(study: Study, verdict: Verdict | None, typed: Typed | None) -> list[dict[str, Any]]:
    """Return the newest finished analysis of each image, with the reader's assessment so far."""
    assessments: dict[UUID, Any] = {}
    if verdict is not None:
        assessments = {row.analysis_id: row for row in verdict.assessments.all()}
    if typed is not None:
        assessments |= {one.analysis: one for one in typed.verdict_input.assessments}
    rows = newest_finished(study).select_related("image__series", "release")
    rows = rows.defer("release__manifest", "traceback")
    return [
        {"analysis": row, "image": row.image, "assessment": assessments.get(row.pk)}
        for row in rows.order_by("image__series__number", "image__number", "pk")
    ]
