"""Sign a report, and the signer's open verdict with it: one act, one transaction.

A report is final only with a signed verdict on its study. What is missing, or contradicts itself,
is refused before the PDF is drawn, and nothing is signed then.
"""

import hashlib
import secrets
from collections.abc import Collection, Sequence
from datetime import datetime
from uuid import uuid4

from django.core.exceptions import ValidationError
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage

from accounts.clinical_write import clinical_write
from accounts.models import User
from accounts.policy import Action
from scans import audit_events
from scans.errors import StateConflictError
from scans.models import Report
from scans.models.notification import NotificationKind
from scans.models.report import ReportStatus
from scans.models.report_sections import SECTIONS, SECTIONS_CALLED
from scans.services.annotations.key_images import key_images_of
from scans.services.notifications import notify
from scans.services.reading.contradictions import (
    Despite,
    confirm_unshown,
    confirmed_note,
    settle,
    unshown_images,
)
from scans.services.reading.new_images import settle_new_images
from scans.services.reading.verdict_contradictions import verdict_contradictions
from scans.services.reading.verdict_drafts import locked_study
from scans.services.reports.contradictions import report_contradictions
from scans.services.reports.drafting import (
    ReportConflictError,
    locked_draft,
    record_write,
    refuse_signed,
    require_writable,
)
from scans.services.reports.figures import default_figures, starred_figures
from scans.services.reports.generated import unmentioned_statements
from scans.services.reports.generated_now import GeneratedNow
from scans.services.reports.pdf.document import render_pdf
from scans.services.reports.signer import Signer, check_signer
from scans.services.reports.verdict_with_report import (
    ReportVerdict,
    VerdictToSign,
    prepare_verdict,
    refuse_undecided,
    sign_open_verdict,
)
from scans.services.studies.arrival import moment_after_files
from scans.written_text import control_characters_in, written_lines

MEANING = "I have read this study and I am responsible for the content of this report."
MEANING_AMENDED = "I have amended this report and I am responsible for its content."
# Without letters and digits that are taken for each other on paper (Crockford's base 32).
_LETTERS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_STATED_ANEW = (
    "The report is not signed: what the AI states has changed since it was written. "
    "Read it, renew the lines or correct the text where it needs it, and sign again."
)


_CHANGED = (
    "Nothing is signed: the verdict, an annotation or an AI result was changed while the PDF was "
    "drawn. Read them again, then sign."
)


_MORE_CAME = (
    "Nothing is signed: images of this study came while the PDF was drawn. Look at them, then sign."
)


class StatedAnewError(StateConflictError):
    """The AI states something that the signer was not shown; nothing is signed."""

    def __init__(self, statements: Sequence[str]) -> None:
        super().__init__(_STATED_ANEW)
        self.statements = tuple(statements)


def sign_report(
    *,
    user: User,
    report: Report,
    revision: int,
    signer: Signer,
    noticed: Collection[str] = (),
    despite: Despite | None = None,
    entered: VerdictToSign | None = None,
) -> Report:
    """Sign a draft; the version and its PDF never change from then on.

    The signer's open verdict is signed with it, with what they `entered`; what they entered is
    saved also where the signature is refused. `noticed` is what the signer was shown of
    `unmentioned_statements`: where there is more by now, nothing is signed. `despite` is the second
    act, where verdict, report or marks contradict each other. Raises `NotAllowedError`,
    `ValidationError`, `StateConflictError`, `StatedAnewError`, `ContradictionError`,
    `VerdictConflictError` or `ReportConflictError`.
    """
    require_writable(user=user, study=report.study)
    _refuse_unwritten(report)  # before the password is asked for
    check_signer(user, signer, clinic=report.study.clinic)
    draft = _draft(report, revision)
    entered = entered or VerdictToSign()
    verdict = prepare_verdict(user=user, study=draft.study, entered=entered)
    now = GeneratedNow(user=user, study=draft.study, verdict=verdict.verdict)
    statements = unmentioned_statements(draft, now)
    if not set(statements) <= set(noticed):
        raise StatedAnewError(statements)
    contradictions = report_contradictions(draft, now)
    own = verdict_contradictions(verdict.verdict) if verdict.is_open else []
    unshown = unshown_images(verdict.verdict) if verdict.is_open else None
    confirmed_note(own + contradictions, despite, unshown=unshown)
    confirm_unshown(unshown, despite)
    signed = _signed_by(user, draft, at=moment_after_files(draft.study))
    # What is printed where nothing was chosen is stored: later stars and results change it no more.
    study, starred = signed.study, key_images_of(user=user, study=signed.study)
    signed.figures = signed.figures or starred_figures(study, starred) or default_figures(study)
    settle(signed, contradictions, despite)
    _refuse_control_characters(signed)
    # Made before the transaction: drawing takes a second, in which nobody else could write.
    content = render_pdf(signed)
    signed.pdf_sha256 = hashlib.sha256(content).hexdigest()
    name = f"reports/{report.clinic_id}/{uuid4()}.pdf"
    signed.pdf.name = default_storage.save(name, ContentFile(content))
    try:
        return _write_signed(user, signed, revision, verdict, entered, despite)
    except BaseException:
        default_storage.delete(signed.pdf.name)  # it belongs to no row
        raise


def _draft(report: Report, revision: int) -> Report:
    current = Report.objects.select_related("study__patient__clinic", "study__clinic").get(
        pk=report.pk
    )
    refuse_signed(current)
    if current.revision != revision:
        raise ReportConflictError(current)
    _refuse_unwritten(current)
    return current


def _refuse_unwritten(report: Report) -> None:
    missing = {
        section.name: section.needed_to_sign
        for section in SECTIONS
        if section.needed_to_sign and not report.texts[section.name].strip()
    }
    if missing:
        raise ValidationError(missing)


def _signed_by(user: User, draft: Report, *, at: datetime) -> Report:
    amended = draft.supersedes_id is not None
    patient = draft.patient
    draft.status = ReportStatus.AMENDED if amended else ReportStatus.FINAL
    draft.author = user
    draft.signed_at = at
    draft.signed_name = str(user)
    draft.signed_meaning = MEANING_AMENDED if amended else MEANING
    draft.signed_patient = {
        "name": patient.name,
        "mrn": patient.mrn,
        "birth_date": str(patient.birth_date or ""),
        "sex": patient.get_sex_display(),
    }
    stars = key_images_of(user=user, study=draft.study)
    draft.key_images = [str(image.pk) for image in stars]
    draft.signed_study = draft.study.stated
    draft.code = _new_code()
    return draft


def _refuse_control_characters(signed: Report) -> None:
    """Raise `ValidationError` where something printed shows other letters than it holds.

    Each text is refused where it is written; this asks once more of names that others keep, and of
    what was stored by earlier versions.
    """
    printed = {
        **signed.texts,
        "reason_of_the_amendment": signed.amendment_reason,
        "name_of_the_signer": signed.signed_name,
        "name_of_the_clinic": signed.study.clinic.name,
        **{name: str(text) for name, text in signed.signed_patient.items()},
        **{name: str(text) for name, text in signed.signed_study.items()},
    }
    texts = {name: written_lines(text) for name, text in printed.items()}
    if wrong := control_characters_in(texts, called=SECTIONS_CALLED):
        raise ValidationError([*wrong.values(), "They print other letters than are read."])


@clinical_write(Action.WRITE_REPORT, on="signed")
def _write_signed(
    user: User,
    signed: Report,
    revision: int,
    verdict: ReportVerdict,
    entered: VerdictToSign,
    despite: Despite | None,
) -> Report:
    assert signed.signed_at is not None
    # No verdict is amended, and no image comes or is renumbered, meanwhile.
    study = locked_study(signed.study)
    if study.last_received_at > signed.signed_at:
        raise StateConflictError(_MORE_CAME)
    if verdict.is_open:
        sign_open_verdict(
            user=user, draft=verdict.verdict, entered=entered, despite=despite, at=signed.signed_at
        )
    deciding = refuse_undecided(signed.study)
    if not verdict.is_open and deciding.pk != verdict.verdict.pk:
        raise StateConflictError(_CHANGED)
    current = locked_draft(user, signed)
    if current.revision != revision:
        raise ReportConflictError(current)
    # Once more: a colleague may have signed, or drawn, something else meanwhile.
    now = GeneratedNow(user=user, study=signed.study, verdict=deciding)
    if set(report_contradictions(signed, now)) != set(signed.contradictions):
        raise StateConflictError(_CHANGED)
    signed.save()
    if study.new_images_at is not None:
        settle_new_images(locked_study(study), signer=user)
    amended = signed.status == ReportStatus.AMENDED
    event = audit_events.REPORT_AMENDED if amended else audit_events.REPORT_SIGNED
    record_write(user, event, signed)
    study, path = signed.study, signed.get_absolute_url()
    if not amended:
        notify([study.received_by], NotificationKind.REPORT_SIGNED, study, actor=user, path=path)
    elif signed.supersedes is not None:
        told = [study.received_by, signed.supersedes.author, study.assignee]
        notify(told, NotificationKind.REPORT_AMENDED, study, actor=user, path=path)
    return signed


def _new_code() -> str:
    """Return 60 random bits to print: XXXX-XXXX-XXXX."""
    letters = [secrets.choice(_LETTERS) for _ in range(12)]
    return "-".join("".join(letters[at : at + 4]) for at in (0, 4, 8))


def normal_code(typed: str) -> str:
    """Return a verification code as it is stored, from what somebody read off paper."""
    plain = typed.upper().translate(str.maketrans("OIL", "011", " -"))
    return "-".join(plain[at : at + 4] for at in range(0, len(plain), 4))
