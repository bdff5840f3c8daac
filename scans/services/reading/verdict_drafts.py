"""The draft of a verdict: what a reader has entered so far, saved while they read the study.

Each reader has one draft of a study, which nobody else sees.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from uuid import UUID

from django.core.exceptions import ValidationError
from django.utils import timezone

from accounts import audit
from accounts.audit_registry import AuditEventType
from accounts.clinical_write import clinical_write
from accounts.models import User
from accounts.policy import Action
from scans import audit_events
from scans.errors import StateConflictError
from scans.models import Image, Study, Verdict
from scans.models.assessment import Finding
from scans.services.patients.records import refuse_archived
from scans.services.reading.assessments import (
    AssessmentInput,
    has_same_assessments,
    write_assessments,
)
from scans.services.reading.assignment import renew_lock
from scans.services.reading.double_reading import next_read
from scans.written_text import refuse_control_characters, written_lines

MAX_LENGTH = {"comment": 4000, "amendment_reason": 500}
READ_THE_STUDY = "read the study"
_ENTERED = ("finding", "comment", "amendment_reason")
NO_FINDING = {"finding": "Choose your finding: tumor, no tumor or unsure."}


class VerdictConflictError(StateConflictError):
    """The draft was saved from another window meanwhile; `current` is the draft as it is now."""

    def __init__(self, current: Verdict) -> None:
        super().__init__(
            "You changed this verdict in another window meanwhile. Compare both, then save again."
        )
        self.current = current


class AssessmentsRefusedError(ValidationError):
    """Some assessments were left out, each with a message; all the rest is saved in `draft`."""

    def __init__(self, messages: Sequence[str], draft: Verdict) -> None:
        super().__init__({"reason": list(messages)})
        self.draft = draft


@dataclass(frozen=True)
class VerdictInput:
    """What a reader has entered so far; a field that is None stays as it is in the draft.

    `seconds` is how long the study was open and in sight. `revision` is the one of the draft that
    this was made from; with None it overwrites the draft whatever its revision. `is_whole` says
    that it is all that the reader sees of the verdict: a draft of another revision is the same only
    where it has nothing more. `images_shown` is what
    was on the reader's screen; the draft keeps what was on it before as well.
    """

    finding: str | None = None
    comment: str | None = None
    amendment_reason: str | None = None
    assessments: Sequence[AssessmentInput] = field(default=())
    seconds: int = 0
    revision: int | None = None
    is_whole: bool = False
    images_shown: Collection[UUID] | None = None


def draft_of(*, user: User, study: Study) -> Verdict | None:
    """Return this reader's draft for the study, or None."""
    return Verdict.objects.drafts().filter(study=study, reader=user).first()


def save_draft(*, user: User, study: Study, verdict_input: VerdictInput) -> Verdict:
    """Save the reader's draft, which nobody else sees, and renew their lock of the study.

    Raises `NotAllowedError`, `StateConflictError`, `VerdictConflictError` or `ValidationError`;
    after an `AssessmentsRefusedError` all but the refused assessments is saved.
    """
    draft, refused = _save(user=user, study=study, verdict_input=verdict_input)
    if refused:  # only now: an exception would undo what is saved
        raise AssessmentsRefusedError(refused, draft)
    return draft


@clinical_write(Action.READ_STUDY, on="study")
def _save(*, user: User, study: Study, verdict_input: VerdictInput) -> tuple[Verdict, list[str]]:
    draft = open_draft(user, locked_study(study))
    return draft, fill_draft(draft, verdict_input, user=user)


def locked_study(study: Study) -> Study:
    """Return the study, read anew and locked before anything else: other writers of it wait here.

    Only its own row is locked, not that of the clinic, which is read with it.
    """
    rows = Study.objects.select_for_update(of=("self",)).select_related("clinic", "patient")
    return rows.get(pk=study.pk)


def open_draft(user: User, study: Study) -> Verdict:
    """Return the reader's draft; it is made where they have none and a read is left for them."""
    refuse_archived(study.patient, then=READ_THE_STUDY)
    renew_lock(user=user, study=study)
    draft = draft_of(user=user, study=study)
    if draft is None:
        next_read(study, reader=user)
        draft = Verdict.objects.create(study=study, reader=user)
        record_verdict(user, audit_events.VERDICT_BEGUN, draft)
    return draft


def fill_draft(draft: Verdict, verdict_input: VerdictInput, *, user: User) -> list[str]:
    """Write the input into the draft; returns a message for each assessment that is left out."""
    entered = {name: getattr(verdict_input, name) for name in _ENTERED}
    fields = {name: written_lines(text) for name, text in entered.items() if text is not None}
    _refuse_older(draft, verdict_input, fields)
    if fields.get("finding") and fields["finding"] not in Finding.values:
        raise ValidationError(NO_FINDING)
    for name, longest in MAX_LENGTH.items():
        if len(fields.get(name, "")) > longest:
            raise ValidationError({name: f"Keep it to {longest} characters."})
    refuse_control_characters(fields)
    for name, text in fields.items():
        setattr(draft, name, text)
    draft.revision += 1
    count_time(draft, verdict_input.seconds)
    add_shown(draft, verdict_input.images_shown)
    draft.save()
    if not verdict_input.assessments:
        return []
    return write_assessments(draft, verdict_input.assessments, user=user)


def _refuse_older(draft: Verdict, verdict_input: VerdictInput, fields: dict[str, str]) -> None:
    """Raise `VerdictConflictError` where the input was made from an older revision of the draft.

    Unless it changes nothing: the response to the save before may have been lost.
    """
    if verdict_input.revision in {None, draft.revision}:
        return
    is_whole, assessments = verdict_input.is_whole, verdict_input.assessments
    known = dict.fromkeys(_ENTERED, "") | fields if is_whole else fields
    is_unchanged = all(getattr(draft, name) == text for name, text in known.items())
    if not (is_unchanged and has_same_assessments(draft, assessments, is_whole=is_whole)):
        raise VerdictConflictError(draft)


def add_shown(draft: Verdict, images: Collection[UUID] | None) -> None:
    """Add to the images that were on the reader's screen those that are of the study."""
    if images is None:
        return
    known = set(draft.images_shown or [])
    own = Image.objects.filter(series__study=draft.study_id, pk__in=images)
    draft.images_shown = sorted(known | {str(pk) for pk in own.values_list("pk", flat=True)})


def count_time(draft: Verdict, seconds: int) -> None:
    """Set the time spent as the page counted it; at most the time since the study was received."""
    most = (timezone.now() - draft.study.received_at).total_seconds() + 1
    draft.seconds_spent = max(draft.seconds_spent, min(max(0, seconds), int(most)))


def record_verdict(user: User, event: AuditEventType, draft: Verdict, **detail: str) -> None:
    """Record an audit event about a verdict, with its study in the detail."""
    audit.record(
        actor=user,
        event=event,
        row=draft,
        patient_id=draft.study.patient_id,
        detail={"study": str(draft.study_id), **detail},
    )
