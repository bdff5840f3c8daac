"""Sign a report: check the password once more, render the PDF, store both."""

import hashlib
import secrets
from collections.abc import Collection
from uuid import uuid4

from django.core.cache import cache
from django.core.exceptions import ValidationError
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.utils import timezone

from accounts import audit
from accounts.clinical_write import clinical_write
from accounts.models import User
from accounts.policy import Action
from scans import audit_events
from scans.errors import StateConflictError
from scans.models import Report
from scans.models.report import ReportStatus
from scans.models.report_sections import SECTIONS
from scans.services.reports.ai_statement import series_lines
from scans.services.reports.drafting import (
    ReportConflictError,
    locked_draft,
    record_write,
    refuse_signed,
    require_writable,
)
from scans.services.reports.pdf.document import render_pdf

MEANING = "I have read this study and I am responsible for the content of this report."
MEANING_AMENDED = "I have amended this report and I am responsible for its content."
# Without letters and digits that are taken for each other on paper (Crockford's base 32).
_LETTERS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_STATED_ANEW = (
    "The report is not signed: what the AI states of a series has changed since it was written. "
    "Read it above, correct the text where it needs it, and sign again."
)
_WRONG_PASSWORDS, _WRONG_SECONDS = 5, 300
_TOO_MANY = "Too many wrong passwords. Wait five minutes and try again."


def sign_report(
    *,
    user: User,
    report: Report,
    revision: int,
    password: str,
    noticed: Collection[str] | None = None,
) -> Report:
    """Sign a draft; the version and its PDF never change from then on.

    `noticed` is what the signer was shown of `unmentioned_statements`: where there is more by now,
    nothing is signed. None for a client that does not show it. Raises `NotAllowedError`,
    `ValidationError`, `StateConflictError` or `ReportConflictError`.
    """
    require_writable(user=user, study=report.study)
    _check_password(user, password)
    draft = _draft(report, revision)
    if noticed is not None and not set(unmentioned_statements(draft)) <= set(noticed):
        raise StateConflictError(_STATED_ANEW)
    signed = _signed_by(user, draft)
    # Made before the transaction: drawing takes a second, in which nobody else could write.
    content = render_pdf(signed)
    signed.pdf_sha256 = hashlib.sha256(content).hexdigest()
    name = f"reports/{report.clinic_id}/{uuid4()}.pdf"
    signed.pdf.name = default_storage.save(name, ContentFile(content))
    try:
        return _write_signed(user, signed, revision)
    except BaseException:
        default_storage.delete(signed.pdf.name)  # it belongs to no row
        raise


def unmentioned_statements(draft: Report) -> list[str]:
    """Return the lines of what the AI states of the series now that the draft does not have.

    A draft keeps the lines of the moment when it was begun; slices may have ended since.
    """
    written = draft.texts["ai_statement"].splitlines()
    return [line for line in series_lines(draft.study) if line not in written]


def _draft(report: Report, revision: int) -> Report:
    current = Report.objects.select_related("study__patient__clinic").get(pk=report.pk)
    refuse_signed(current)
    if current.revision != revision:
        raise ReportConflictError(current)
    missing = {
        section.name: section.needed_to_sign
        for section in SECTIONS
        if section.needed_to_sign and not current.texts[section.name].strip()
    }
    if missing:
        raise ValidationError(missing)
    return current


def _signed_by(user: User, draft: Report) -> Report:
    amended = draft.supersedes_id is not None
    patient = draft.patient
    draft.status = ReportStatus.AMENDED if amended else ReportStatus.FINAL
    draft.author = user
    draft.signed_at = timezone.now()
    draft.signed_name = str(user)
    draft.signed_meaning = MEANING_AMENDED if amended else MEANING
    draft.signed_patient = {
        "name": patient.name,
        "mrn": patient.mrn,
        "birth_date": str(patient.birth_date or ""),
        "sex": patient.get_sex_display(),
    }
    draft.code = _new_code()
    return draft


@clinical_write(Action.WRITE_REPORT, on="signed")
def _write_signed(user: User, signed: Report, revision: int) -> Report:
    current = locked_draft(user, signed)
    if current.revision != revision:
        raise ReportConflictError(current)
    signed.save()
    amended = signed.status == ReportStatus.AMENDED
    event = audit_events.REPORT_AMENDED if amended else audit_events.REPORT_SIGNED
    record_write(user, event, signed)
    return signed


def _check_password(user: User, password: str) -> None:
    if not user.has_usable_password():
        raise ValidationError({"password": "Set a password for your account before you sign."})
    key = f"wrong-signature:{user.pk}"
    if cache.get(key, 0) >= _WRONG_PASSWORDS:
        raise ValidationError({"password": _TOO_MANY})
    # Counted before it is compared, so that guesses at one moment do not pass the limit together.
    cache.add(key, 0, _WRONG_SECONDS)
    try:
        tries = cache.incr(key)
    except ValueError:  # it ran out just now
        tries = 1
        cache.set(key, tries, _WRONG_SECONDS)
    if tries > _WRONG_PASSWORDS:
        raise ValidationError({"password": _TOO_MANY})
    if not user.check_password(password):
        audit.record(actor=user, event=audit_events.REPORT_SIGNATURE_REFUSED)
        raise ValidationError({"password": "This is not your password. The report is not signed."})
    cache.delete(key)


def _new_code() -> str:
    """Return 60 random bits to print: XXXX-XXXX-XXXX."""
    letters = [secrets.choice(_LETTERS) for _ in range(12)]
    return "-".join("".join(letters[at : at + 4]) for at in (0, 4, 8))


def normal_code(typed: str) -> str:
    """Return a verification code as it is stored, from what somebody read off paper."""
    plain = typed.upper().translate(str.maketrans("OIL", "011", " -"))
    return "-".join(plain[at : at + 4] for at in range(0, len(plain), 4))
