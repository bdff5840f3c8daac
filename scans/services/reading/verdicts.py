"""Draft, commit, sign and amend the verdict of a radiologist on a study.

Each reader has one draft of a study. Signing makes it final for good; an amendment is a new
version that supersedes it with a reason.
"""

from collections.abc import Iterable, Sequence
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
from scans.models import Assessment, Study, Verdict
from scans.models.assessment import Finding, VerdictStatus
from scans.models.reading import ReadStage
from scans.services.analyses.displayed_results import on_screen
from scans.services.disclosure import ai_visible
from scans.services.patients.records import refuse_archived
from scans.services.reading.assessments import (
    AssessmentInput,
    has_same_assessments,
    refuse_missing_reasons,
    write_assessments,
)
from scans.services.reading.assignment import renew_lock
from scans.services.reading.double_reading import next_read, update_read_stage

MAX_LENGTH = {"comment": 4000, "amendment_reason": 500}
_THEN = "read the study"
_NO_FINDING = {"finding": "Choose your finding: tumor, no tumor or unsure."}


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
    this was made from; with None it overwrites the draft whatever its revision.
    """

    finding: str | None = None
    comment: str | None = None
    amendment_reason: str | None = None
    assessments: Sequence[AssessmentInput] = field(default=())
    seconds: int = 0
    revision: int | None = None


def draft_of(*, user: User, study: Study) -> Verdict | None:
    """Return this reader's draft for the study, or None."""
    return Verdict.objects.drafts().filter(study=study, reader=user).first()


def own_current(*, user: User, study: Study) -> Verdict | None:
    """Return this reader's signed verdict on the study, as last amended, or None."""
    return Verdict.objects.current().filter(study=study, reader=user).first()


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
    draft = _open(user, _locked(study))
    return draft, _fill(draft, verdict_input, user=user)


@clinical_write(Action.READ_STUDY, on="study")
def commit_finding(*, user: User, study: Study, finding: str, seconds: int = 0) -> Verdict:
    """Read-first: commit the reader's own finding; from then on they see the AI results.

    They may still sign another finding: both are stored. A committed finding never changes, so a
    second call leaves the first one as it is.

    Raises `NotAllowedError`, `ValidationError`, or `StateConflictError` where the AI results are
    shown to the reader already.
    """
    if finding not in Finding.values:
        raise ValidationError(_NO_FINDING)
    draft = _open(user, _locked(study))
    if draft.committed_at is None:
        if ai_visible(user=user, study=study):
            raise StateConflictError(
                "The AI result of this study is shown to you already, so a finding cannot be "
                "committed before it. Sign your verdict instead."
            )
        draft.committed_finding, draft.committed_at = finding, timezone.now()
        draft.finding = finding
        draft.revision += 1
        _count_time(draft, seconds)
        draft.save()
        _record(user, audit_events.VERDICT_COMMITTED, draft)
    return draft


@clinical_write(Action.READ_STUDY, on="study")
def sign_verdict(
    *,
    user: User,
    study: Study,
    verdict_input: VerdictInput,
    layers: Iterable[str] = (),
    shown: Iterable[UUID] | None = None,
) -> Verdict:
    """Save the input into the draft and sign it: from then on it can only be amended.

    `layers` and `shown` are the AI layers and the analyses that the reader's page had on screen
    (`displayed_results.on_screen`); they are stored with the verdict. The study's stage follows,
    and the reader's lock ends.

    Raises `NotAllowedError`, `StateConflictError`, `VerdictConflictError` or `ValidationError`.
    """
    current = _locked(study)
    draft = _open(user, current)
    refused = _fill(draft, verdict_input, user=user)
    if refused:
        raise ValidationError({"reason": refused})
    if not draft.finding:
        raise ValidationError(_NO_FINDING)
    if not draft.is_amendment and not ai_visible(user=user, study=current):
        raise StateConflictError(
            "This clinic reads first: commit your finding before you sign the verdict."
        )
    refuse_missing_reasons(draft)
    if draft.is_amendment:
        if not draft.amendment_reason:
            raise ValidationError({"amendment_reason": "Say why you amend the verdict."})
        draft.status = VerdictStatus.AMENDED
    else:
        draft.read_as = next_read(current, reader=user)
        draft.status = VerdictStatus.FINAL
    draft.signed_at = timezone.now()
    draft.ai_content = on_screen(user=user, study=current, layers=layers, analyses=shown)
    draft.save()
    update_read_stage(current)
    _end_reading(current, user)
    amended = draft.is_amendment
    _record(user, audit_events.VERDICT_AMENDED if amended else audit_events.VERDICT_SIGNED, draft)
    return draft


@clinical_write(Action.READ_STUDY, on="study")
def begin_amendment(*, user: User, study: Study, reason: str = "") -> Verdict:
    """Return a draft with the content of the reader's signed verdict, to supersede it once signed.

    The reason can also be given later, with the draft; it cannot be signed without one. A draft
    that is there already is returned as it is. Raises `NotAllowedError`, `ValidationError` for an
    archived patient, or `StateConflictError` where there is nothing to amend.
    """
    refuse_archived(study.patient, then=_THEN)
    _locked(study)
    existing = draft_of(user=user, study=study)
    if existing is not None:
        return existing
    signed = own_current(user=user, study=study)
    if signed is None:
        raise StateConflictError("You have signed no verdict for this study that you could amend.")
    draft = Verdict.objects.create(
        study=study,
        reader=user,
        supersedes=signed,
        amendment_reason=reason,
        read_as=signed.read_as,
        finding=signed.finding,
        comment=signed.comment,
        committed_finding=signed.committed_finding,
        committed_at=signed.committed_at,
        revision=signed.revision + 1,  # a window that still shows the signed draft is behind it
    )
    Assessment.objects.bulk_create(
        Assessment(
            verdict=draft,
            analysis_id=row.analysis_id,
            decision=row.decision,
            reason=row.reason,
            reason_label=row.reason_label,
            reason_text=row.reason_text,
        )
        for row in signed.assessments.all()
    )
    _record(user, audit_events.VERDICT_AMENDMENT_BEGUN, draft)
    return draft


def _locked(study: Study) -> Study:
    """Return the study, read anew and locked before anything else: other writers of it wait here.

    Only its own row is locked, not that of the clinic, which is read with it.
    """
    rows = Study.objects.select_for_update(of=("self",)).select_related("clinic", "patient")
    return rows.get(pk=study.pk)


def _open(user: User, study: Study) -> Verdict:
    """Return the reader's draft; it is made where they have none and a read is left for them."""
    refuse_archived(study.patient, then=_THEN)
    renew_lock(user=user, study=study)
    draft = draft_of(user=user, study=study)
    if draft is None:
        next_read(study, reader=user)
        draft = Verdict.objects.create(study=study, reader=user)
        _record(user, audit_events.VERDICT_BEGUN, draft)
    return draft


def _fill(draft: Verdict, verdict_input: VerdictInput, *, user: User) -> list[str]:
    """Write the input into the draft; returns a message for each assessment that is left out."""
    entered = {
        name: getattr(verdict_input, name) for name in ("finding", "comment", "amendment_reason")
    }
    fields = {name: _cleaned(text) for name, text in entered.items() if text is not None}
    _refuse_older(draft, verdict_input, fields)
    if fields.get("finding") and fields["finding"] not in Finding.values:
        raise ValidationError(_NO_FINDING)
    for name, longest in MAX_LENGTH.items():
        if len(fields.get(name, "")) > longest:
            raise ValidationError({name: f"Keep it to {longest} characters."})
    for name, text in fields.items():
        setattr(draft, name, text)
    draft.revision += 1
    _count_time(draft, verdict_input.seconds)
    draft.save()
    if not verdict_input.assessments:
        return []
    return write_assessments(draft, verdict_input.assessments, user=user)


def _cleaned(text: str) -> str:
    return text.replace("\0", "").strip()


def _refuse_older(draft: Verdict, verdict_input: VerdictInput, fields: dict[str, str]) -> None:
    """Raise `VerdictConflictError` where the input was made from an older revision of the draft.

    Unless it changes nothing: the response to the save before may have been lost.
    """
    if verdict_input.revision in {None, draft.revision}:
        return
    is_unchanged = all(getattr(draft, name) == text for name, text in fields.items())
    if not (is_unchanged and has_same_assessments(draft, verdict_input.assessments)):
        raise VerdictConflictError(draft)


def _count_time(draft: Verdict, seconds: int) -> None:
    """Set the time spent as the page counted it; at most the time since the study was received."""
    most = (timezone.now() - draft.study.received_at).total_seconds() + 1
    draft.seconds_spent = max(draft.seconds_spent, min(max(0, seconds), int(most)))


def _end_reading(study: Study, user: User) -> None:
    """Free the lock, and the assignment where another read is left for somebody else."""
    if study.locked_by_id == user.pk:
        study.locked_by, study.lock_expires_at = None, None
    if study.read_stage != ReadStage.READ and study.assignee_id == user.pk:
        study.assignee = None
    study.save(update_fields=["locked_by", "lock_expires_at", "assignee"])


def _record(user: User, event: AuditEventType, draft: Verdict) -> None:
    audit.record(
        actor=user,
        event=event,
        row=draft,
        patient_id=draft.study.patient_id,
        detail={"study": str(draft.study_id)},
    )
