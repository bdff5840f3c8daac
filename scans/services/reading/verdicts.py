"""What a radiologist says of a study: drafted, committed, signed, amended.

One draft a reader; it is saved by itself as they go on. Signing makes it final for good, and an
amendment is a new version that supersedes it with a reason.
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
    Word,
    refuse_missing_reasons,
    says_the_same,
    write_words,
)
from scans.services.reading.assignment import renew_lock
from scans.services.reading.double_reading import next_read, settle

LONGEST = {"comment": 4000, "amendment_reason": 500}
_THEN = "read the study"
_NO_FINDING = {"finding": "Choose your finding: tumor, no tumor or unsure."}


class VerdictConflictError(StateConflictError):
    """The draft was saved from another window meanwhile; `current` is what is there."""

    def __init__(self, current: Verdict) -> None:
        super().__init__(
            "You changed this verdict in another window meanwhile. Compare both, then save again."
        )
        self.current = current


class WordsRefusedError(ValidationError):
    """These words on analyses were left out; all the rest is kept in `draft`."""

    def __init__(self, sentences: Sequence[str], draft: Verdict) -> None:
        super().__init__({"reason": list(sentences)})
        self.draft = draft


@dataclass(frozen=True)
class Saying:
    """What a reader has said so far; None leaves it as it is.

    `revision` is the one of the draft that it was made from; None takes what is there.
    """

    finding: str | None = None
    comment: str | None = None
    amendment_reason: str | None = None
    words: Sequence[Word] = field(default=())
    seconds: int = 0
    revision: int | None = None


def draft_of(*, user: User, study: Study) -> Verdict | None:
    return Verdict.objects.drafts().filter(study=study, reader=user).first()


def own_current(*, user: User, study: Study) -> Verdict | None:
    """The reader's own signed verdict, as last amended."""
    return Verdict.objects.current().filter(study=study, reader=user).first()


def save_draft(*, user: User, study: Study, saying: Saying) -> Verdict:
    """Keep what the reader has said so far. Nobody else sees it.

    Raises `NotAllowedError`, `StateConflictError`, `VerdictConflictError` or `ValidationError`;
    after a `WordsRefusedError` all but these words is kept.
    """
    draft, refused = _save(user=user, study=study, saying=saying)
    if refused:  # only now: an exception would undo what is kept
        raise WordsRefusedError(refused, draft)
    return draft


@clinical_write(Action.READ_STUDY, on="study")
def _save(*, user: User, study: Study, saying: Saying) -> tuple[Verdict, list[str]]:
    draft = _open(user, _locked(study))
    return draft, _fill(draft, saying, user=user)


@clinical_write(Action.READ_STUDY, on="study")
def commit_finding(*, user: User, study: Study, finding: str, seconds: int = 0) -> Verdict:
    """Read-first: the reader's own finding, for good; from now on they see the AI's word.

    They may still sign another finding: both are kept. A finding that was committed stays.

    Raises `StateConflictError` where they see the AI's word already: it would not be before it.
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
    saying: Saying,
    layers: Iterable[str] = (),
    shown: Iterable[UUID] | None = None,
) -> Verdict:
    """Make the draft final: nobody can change it from now on, only amend it.

    `layers` and `shown` are the AI content and the analyses that the reader's page had on screen
    (`ai_on_screen`). Raises `NotAllowedError`, `StateConflictError`, `VerdictConflictError` or
    `ValidationError`.
    """
    current = _locked(study)
    draft = _open(user, current)
    refused = _fill(draft, saying, user=user)
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
    settle(current)
    _leave(current, user)
    amended = draft.is_amendment
    _record(user, audit_events.VERDICT_AMENDED if amended else audit_events.VERDICT_SIGNED, draft)
    return draft


@clinical_write(Action.READ_STUDY, on="study")
def begin_amendment(*, user: User, study: Study, reason: str = "") -> Verdict:
    """A draft that begins as the reader's own signed verdict and will supersede it.

    Why can also be said later, with the draft; it cannot be signed without.
    """
    refuse_archived(study.patient, then=_THEN)
    _locked(study)
    known = draft_of(user=user, study=study)
    if known is not None:
        return known
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
            reason_words=row.reason_words,
            reason_text=row.reason_text,
        )
        for row in signed.assessments.all()
    )
    _record(user, audit_events.VERDICT_AMENDMENT_BEGUN, draft)
    return draft


def _locked(study: Study) -> Study:
    """The study as it is, before anything else is locked: who writes of it waits here.

    Only its own row: the clinic's, which comes with it, is for nobody to wait for.
    """
    rows = Study.objects.select_for_update(of=("self",)).select_related("clinic", "patient")
    return rows.get(pk=study.pk)


def _open(user: User, study: Study) -> Verdict:
    """The reader's draft; made where they have none and a read is left for them."""
    refuse_archived(study.patient, then=_THEN)
    renew_lock(user=user, study=study)
    draft = draft_of(user=user, study=study)
    if draft is None:
        next_read(study, reader=user)
        draft = Verdict.objects.create(study=study, reader=user)
        _record(user, audit_events.VERDICT_BEGUN, draft)
    return draft


def _fill(draft: Verdict, saying: Saying, *, user: User) -> list[str]:
    """Write it into the draft; the sentences are about the words that are left out."""
    said = {name: getattr(saying, name) for name in ("finding", "comment", "amendment_reason")}
    said = {name: _cleaned(text) for name, text in said.items() if text is not None}
    _refuse_older(draft, saying, said)
    if said.get("finding") and said["finding"] not in Finding.values:
        raise ValidationError(_NO_FINDING)
    for name, longest in LONGEST.items():
        if len(said.get(name, "")) > longest:
            raise ValidationError({name: f"Keep it to {longest} characters."})
    for name, text in said.items():
        setattr(draft, name, text)
    draft.revision += 1
    _count_time(draft, saying.seconds)
    draft.save()
    return write_words(draft, saying.words, user=user) if saying.words else []


def _cleaned(text: str) -> str:
    return text.replace("\0", "").strip()


def _refuse_older(draft: Verdict, saying: Saying, said: dict[str, str]) -> None:
    """A page that is behind is refused, but for one that says again what is kept already: the
    answer to its last save may have been lost."""
    if saying.revision in {None, draft.revision}:
        return
    is_known = all(getattr(draft, name) == text for name, text in said.items())
    if not (is_known and says_the_same(draft, saying.words)):
        raise VerdictConflictError(draft)


def _count_time(draft: Verdict, seconds: int) -> None:
    """As the page counted it, from its opening: no page was open before the study was here."""
    most = (timezone.now() - draft.study.received_at).total_seconds() + 1
    draft.seconds_spent = max(draft.seconds_spent, min(max(0, seconds), int(most)))


def _leave(study: Study, user: User) -> None:
    """The reader is done: the lock is free, and a read that is left is for somebody else."""
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
