"""The verdict that a report is signed with: signed before, or open and signed in the same act."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from django.core.exceptions import ValidationError

from accounts.models import User
from accounts.policy import Action, has_object_perm
from scans.errors import StateConflictError
from scans.models import Study, Verdict
from scans.models.reading import ReadStage
from scans.services.analyses.displayed_results import ShownStatement
from scans.services.reading import verdicts
from scans.services.reading.contradictions import Despite
from scans.services.reading.double_reading import why_no_read_is_left
from scans.services.reading.verdict_drafts import NO_FINDING, VerdictInput, draft_of, save_draft

_DISAGREE = (
    "Two readers disagree about this study. Its report is signed once a third reader has decided."
)


@dataclass(frozen=True)
class VerdictToSign:
    """What the signer enters of the verdict beside the report, and what was on their screen."""

    verdict_input: VerdictInput = field(default_factory=VerdictInput)
    layers: Iterable[str] = ()
    shown: Iterable[UUID] | None = None
    statements: Iterable[ShownStatement] | None = None


@dataclass(frozen=True)
class ReportVerdict:
    """The verdict of a report, and whether it is open: signed with the report."""

    verdict: Verdict
    is_open: bool


def why_no_verdict_is_signed_along(user: User, study: Study) -> str:
    """Say why this person cannot sign a verdict on the study now; "" where they can."""
    if not has_object_perm(user, Action.READ_STUDY, study):
        return "You cannot read this study."
    draft = draft_of(user=user, study=study)
    if draft is not None and draft.is_amendment:
        return ""
    return why_no_read_is_left(study, reader=user)


def deciding_verdict(study: Study) -> Verdict | None:
    """Return the one verdict that decides the study, or None where it is not read."""
    return Verdict.objects.deciding().filter(study=study).select_related("reader").first()


def prepare_verdict(*, user: User, study: Study, entered: VerdictToSign) -> ReportVerdict:
    """Save what was entered, and return the verdict that the report can be signed with.

    Raises `ValidationError` or `StateConflictError` where there is none, or it is not complete.
    """
    study = Study.objects.select_related("clinic", "patient").get(pk=study.pk)
    refusal = why_no_verdict_is_signed_along(user, study)
    if refusal:
        deciding = deciding_verdict(study)
        if deciding is not None:
            _refuse_another_finding(user, deciding, entered.verdict_input.finding)
            return ReportVerdict(deciding, is_open=False)
        is_disputed = study.read_stage == ReadStage.ADJUDICATION
        raise StateConflictError(_DISAGREE if is_disputed else refusal)
    if not entered.verdict_input.finding and draft_of(user=user, study=study) is None:
        raise ValidationError(NO_FINDING)
    draft = save_draft(user=user, study=study, verdict_input=entered.verdict_input)
    verdicts.refuse_incomplete(draft)
    return ReportVerdict(draft, is_open=True)


def _refuse_another_finding(user: User, deciding: Verdict, entered: str | None) -> None:
    """Raise `StateConflictError` where the signer entered another finding than what is signed.

    Their page is older than the verdict that the report would be signed with.
    """
    if not entered or (deciding.reader_id == user.pk and deciding.finding == entered):
        return
    whose = "Your verdict" if deciding.reader_id == user.pk else f"The verdict of {deciding.reader}"
    raise StateConflictError(
        f"Nothing is signed: {whose} was signed meanwhile, with the finding "
        f"“{deciding.get_finding_display().lower()}”, and the report goes with it. Look at it, "
        "amend the verdict where it is wrong, or sign again."
    )


def sign_open_verdict(
    *, user: User, draft: Verdict, entered: VerdictToSign, despite: Despite | None, at: datetime
) -> None:
    """Sign the prepared draft as it is, in the caller's transaction, at the report's moment.

    Raises `VerdictConflictError` where another window has changed it meanwhile.
    """
    verdicts.sign_verdict(
        user=user,
        study=draft.study,
        verdict_input=VerdictInput(revision=draft.revision, is_whole=True),
        layers=entered.layers,
        shown=entered.shown,
        statements=entered.statements,
        despite=despite,
        signed_at=at,
    )


def refuse_undecided(study: Study) -> Verdict:
    """Return the deciding verdict; raise `StateConflictError` where there is none after all."""
    deciding = deciding_verdict(study)
    if deciding is None:
        raise StateConflictError(
            f"Nothing is signed: with your finding, the study is not decided. {_DISAGREE}"
        )
    return deciding
