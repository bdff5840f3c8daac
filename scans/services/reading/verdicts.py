"""Commit, sign and amend the verdict of a radiologist on a study.

Signing makes the reader's draft (`verdict_drafts`) final for good; an amendment is a new version
that supersedes it with a reason.
"""

from collections.abc import Collection, Iterable
from datetime import datetime
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db.models import Max
from django.utils import timezone

from accounts.clinical_write import clinical_write
from accounts.models import User
from accounts.password_proof import refuse_provisional_password
from accounts.policy import Action
from scans import audit_events
from scans.errors import StateConflictError
from scans.models import Assessment, Study, Verdict
from scans.models.assessment import Finding, VerdictStatus
from scans.models.reading import ReadStage
from scans.services.analyses.displayed_results import ShownStatement, on_screen
from scans.services.disclosure import ai_visible
from scans.services.patients.records import refuse_archived
from scans.services.reading.assessments import (
    refuse_missing_reasons,
)
from scans.services.reading.contradictions import (
    Despite,
    confirm_unshown,
    image_count_of,
    settle,
    unshown_images,
)
from scans.services.reading.double_reading import next_read, update_read_stage
from scans.services.reading.new_images import settle_new_images
from scans.services.reading.verdict_contradictions import verdict_contradictions
from scans.services.reading.verdict_drafts import (
    MAX_LENGTH,
    NO_FINDING,
    READ_THE_STUDY,
    VerdictInput,
    add_shown,
    count_time,
    draft_of,
    fill_draft,
    locked_study,
    open_draft,
    record_verdict,
)
from scans.services.studies.arrival import moment_after_files
from scans.written_text import refuse_control_characters, written_lines


def own_current(*, user: User, study: Study) -> Verdict | None:
    """Return this reader's signed verdict on the study, as last amended, or None."""
    return Verdict.objects.current().filter(study=study, reader=user).first()


@clinical_write(Action.READ_STUDY, on="study")
def commit_finding(
    *,
    user: User,
    study: Study,
    finding: str,
    seconds: int = 0,
    images_shown: Collection[UUID] | None = None,
    despite: Despite | None = None,
) -> Verdict:
    """Read-first: commit the reader's own finding; from then on they see the AI results.

    They may still sign another finding: both are stored. A committed finding never changes, so a
    second call leaves the first one as it is. `images_shown` and `despite` are as a signature has
    them: to commit to a finding is to have looked.

    Raises `NotAllowedError`, `ValidationError`, `UnshownImagesError`, or `StateConflictError` where
    the AI results are shown to the reader already.
    """
    if finding not in Finding.values:
        raise ValidationError(NO_FINDING)
    draft = open_draft(user, locked_study(study))
    if draft.committed_at is None:
        if ai_visible(user=user, study=study):
            raise StateConflictError(
                "The AI result of this study is shown to you already, so a finding cannot be "
                "committed before it. Sign your verdict instead."
            )
        draft.committed_finding, draft.committed_at = finding, timezone.now()
        draft.finding = finding
        draft.revision += 1
        count_time(draft, seconds)
        add_shown(draft, images_shown)
        confirm_unshown(unshown_images(draft), despite)
        draft.save()
        record_verdict(user, audit_events.VERDICT_COMMITTED, draft)
    return draft


@clinical_write(Action.READ_STUDY, on="study")
def sign_verdict(
    *,
    user: User,
    study: Study,
    verdict_input: VerdictInput,
    layers: Iterable[str] = (),
    shown: Iterable[UUID] | None = None,
    statements: Iterable[ShownStatement] | None = None,
    despite: Despite | None = None,
    signed_at: datetime | None = None,
) -> Verdict:
    """Save the input into the draft and sign it: from then on it can only be amended.

    `layers`, `shown` and `statements` are the AI layers, the analyses and the statements on series
    that the reader's page had on screen (`displayed_results.on_screen`); they are stored with the
    verdict. The study's stage follows, and the reader's lock ends. `despite` is the second act,
    where the verdict contradicts itself; `signed_at` the moment of a report that is signed with it.
    Doors call `scans.services.reports.verdict_signing`, which starts the report's amendment too.

    Raises `NotAllowedError`, `StateConflictError`, `VerdictConflictError`, `ContradictionError`,
    `UnshownImagesError` or `ValidationError`.
    """
    refuse_provisional_password(user)
    current = locked_study(study)
    draft = open_draft(user, current)
    refused = fill_draft(draft, verdict_input, user=user)
    if refused:
        raise ValidationError({"reason": refused})
    refuse_incomplete(draft)
    draft.image_count = image_count_of(draft)
    unshown = unshown_images(draft)
    settle(draft, verdict_contradictions(draft), despite, unshown=unshown)
    confirm_unshown(unshown, despite)
    if draft.is_amendment:
        draft.status = VerdictStatus.AMENDED
    else:
        draft.read_as = next_read(current, reader=user)
        draft.status = VerdictStatus.FINAL
    draft.signed_at = signed_at or moment_after_files(current)
    draft.ai_content = on_screen(
        user=user, study=current, layers=layers, analyses=shown, statements=statements
    )
    draft.save()
    update_read_stage(current, signer=user)
    settle_new_images(current, signer=user)
    _end_reading(current, user)
    amended = draft.is_amendment
    record_verdict(
        user, audit_events.VERDICT_AMENDED if amended else audit_events.VERDICT_SIGNED, draft
    )
    return draft


def refuse_incomplete(draft: Verdict) -> None:
    """Raise `ValidationError` or `StateConflictError` where something is missing to sign it."""
    if not draft.finding:
        raise ValidationError(NO_FINDING)
    if not draft.is_amendment and not ai_visible(user=draft.reader, study=draft.study):
        raise StateConflictError(
            "This clinic reads first: commit your finding before you sign the verdict."
        )
    refuse_missing_reasons(draft)
    if draft.is_amendment and not draft.amendment_reason:
        raise ValidationError({"amendment_reason": "Say why you amend the verdict."})


@clinical_write(Action.READ_STUDY, on="study")
def begin_amendment(*, user: User, study: Study, reason: str = "") -> Verdict:
    """Return a draft with the content of the reader's signed verdict, to supersede it once signed.

    The reason can also be given later, with the draft; it cannot be signed without one. A draft
    that is there already is returned as it is. Raises `NotAllowedError`, `ValidationError` for the
    reason or an archived patient, or `StateConflictError` where there is nothing to amend.
    """
    refuse_archived(study.patient, then=READ_THE_STUDY)
    if len(reason) > MAX_LENGTH["amendment_reason"]:
        raise ValidationError({"reason": "Say why in at most 500 characters."})
    reason = written_lines(reason)
    refuse_control_characters({"reason": reason})
    locked_study(study)
    existing = draft_of(user=user, study=study)
    if existing is not None:
        return existing
    signed = own_current(user=user, study=study)
    if signed is None:
        raise StateConflictError("You have signed no verdict for this study that you could amend.")
    own = Verdict.objects.filter(study=study, reader=user).aggregate(Max("revision"))
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
        images_shown=signed.images_shown,
        revision=own["revision__max"] + 1,  # a window that shows an earlier draft is behind it
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
    record_verdict(user, audit_events.VERDICT_AMENDMENT_BEGUN, draft)
    return draft


@clinical_write(Action.READ_STUDY, on="study")
def discard_amendment(*, user: User, study: Study) -> Verdict:
    """Discard the reader's draft of an amendment: it is kept, and another one can be begun.

    The verdict that it would have superseded holds on. Raises `NotAllowedError`, `ValidationError`
    for an archived patient, or `StateConflictError` where no amendment of theirs is begun.
    """
    current = locked_study(study)
    refuse_archived(current.patient, then=READ_THE_STUDY)
    draft = draft_of(user=user, study=current)
    if draft is None or not draft.is_amendment:
        raise StateConflictError("You have begun no amendment of this verdict.")
    superseded = draft.supersedes_id
    draft.status, draft.supersedes = VerdictStatus.CANCELLED, None
    draft.save(update_fields=["status", "supersedes", "saved_at"])
    if current.locked_by_id == user.pk:
        current.locked_by, current.lock_expires_at = None, None
        current.save(update_fields=["locked_by", "lock_expires_at"])
    record_verdict(
        user,
        audit_events.VERDICT_AMENDMENT_DISCARDED,
        draft,
        would_have_superseded=str(superseded),
    )
    return draft


def _end_reading(study: Study, user: User) -> None:
    """Free the lock, and the assignment where another read is left for somebody else."""
    if study.locked_by_id == user.pk:
        study.locked_by, study.lock_expires_at = None, None
    if study.read_stage != ReadStage.READ and study.assignee_id == user.pk:
        study.assignee = None
    study.save(update_fields=["locked_by", "lock_expires_at", "assignee"])
