"""The form of the verdict panel: what it sends, and what it shows.

What was typed is shown again where the draft could not take it.
"""

from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db.models import prefetch_related_objects
from django.http import QueryDict

from scans.models import Study, Verdict
from scans.services.analyses.displayed_results import newest_finished
from scans.services.reading.assessments import Word
from scans.services.reading.verdicts import Saying, VerdictConflictError


@dataclass(frozen=True)
class Typed:
    """What a form sent that was refused; whether the draft has it all the same; and the draft
    that another window saved meanwhile."""

    saying: Saying
    is_kept: bool = False
    other_window: Verdict | None = None


def typed_after(typed: Typed, error: Exception) -> Typed:
    """Only who is shown what another window saved may go on from there."""
    current = error.current if isinstance(error, VerdictConflictError) else None
    if current is not None:
        prefetch_related_objects([current], "assessments__analysis__image")
    known = current or getattr(error, "draft", None)
    saying = replace(typed.saying, revision=known.revision) if known else typed.saying
    return replace(typed, saying=saying, other_window=current)


def saying_of(data: QueryDict) -> Saying:
    """What the form sends: `decision-<analysis>`, `reason-<analysis>` and so on."""
    words = []
    for name in data:
        if not name.startswith("decision-") or not data[name]:
            continue
        key = name.removeprefix("decision-")
        try:
            analysis = UUID(key)
        except ValueError as error:
            raise ValidationError("Reload the page: this analysis is not known.") from error
        words.append(
            Word(
                analysis=analysis,
                decision=data.get(name, ""),
                reason=data.get(f"reason-{key}", ""),
                reason_text=data.get(f"text-{key}", ""),
            )
        )
    return Saying(
        finding=data.get("finding"),
        comment=data.get("comment"),
        amendment_reason=data.get("amendment_reason"),
        words=tuple(words),
        seconds=seconds_of(data),
        revision=_number(data.get("revision", "")),
    )


def seconds_of(data: QueryDict) -> int:
    return _number(data.get("seconds", "")) or 0


def uuids_of(text: str) -> list[UUID]:
    """Those that are some: what a page says of itself is not worth a refusal."""
    found = []
    for part in text.split():
        try:
            found.append(UUID(part))
        except ValueError:
            continue
    return found


def form_of(draft: Verdict | None, typed: Typed | None) -> dict[str, Any]:
    """The fields of the form as they are shown."""
    if typed is None:
        kept: Any = draft or Verdict()
        revision, seconds = kept.revision, kept.seconds_spent
    else:
        kept, seconds = typed.saying, typed.saying.seconds
        known = draft.revision if draft else 0
        revision = known if typed.saying.revision is None else typed.saying.revision
    return {
        "finding": kept.finding or (draft.finding if draft else ""),
        "comment": kept.comment,
        "amendment_reason": kept.amendment_reason,
        "seconds": seconds,
        "revision": revision,
        "is_unsaved": typed is not None and not typed.is_kept,
    }


def lines_of(study: Study, verdict: Verdict | None, typed: Typed | None) -> list[dict[str, Any]]:
    """The newest finished analysis of each image, with the reader's word on it so far."""
    words: dict[UUID, Any] = {}
    if verdict is not None:
        words = {row.analysis_id: row for row in verdict.assessments.all()}
    if typed is not None:
        words |= {word.analysis: word for word in typed.saying.words}
    rows = newest_finished(study).select_related("image", "release")
    rows = rows.defer("release__manifest", "traceback")
    return [
        {"analysis": row, "image": row.image, "word": words.get(row.pk)}
        for row in rows.order_by("image__series__number", "image__number", "pk")
    ]


def _number(text: str) -> int | None:
    return int(text) if text.isdecimal() and len(text) < 8 else None
