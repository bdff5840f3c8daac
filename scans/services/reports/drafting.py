"""Drafts of reports: start, save, amend and discard them; who may read and write them."""

from collections.abc import Collection, Mapping
from typing import Any
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db.models import Max

from accounts import audit
from accounts.audit_registry import AuditEventType
from accounts.clinical_write import clinical_write
from accounts.models import User
from accounts.policy import Action, NotAllowedError, has_object_perm, require
from scans import audit_events
from scans.errors import StateConflictError
from scans.models import Report, ReportTemplate, Study
from scans.models.report import ReportQuerySet, ReportStatus
from scans.models.report_sections import LONGEST_SECTION, SECTION_NAMES, SECTIONS, SECTIONS_CALLED
from scans.services.disclosure import (
    disclosed_to,
    others_disclosed,
    others_visible,
    require_ai,
)
from scans.services.patients.records import refuse_archived
from scans.services.reports.content import (
    DEFAULT_TEMPLATE,
    verdict_of,
)
from scans.services.reports.figures import chosen_figures
from scans.services.reports.generated import renewed
from scans.services.reports.generated_now import GeneratedNow
from scans.services.reports.initial_content import initial_content
from scans.written_text import refuse_control_characters, written_lines


class ReportConflictError(StateConflictError):
    """Somebody else saved the draft meanwhile; `current` is the draft as it is now."""

    def __init__(self, current: Report) -> None:
        super().__init__(
            "This draft was saved in another window or by a colleague meanwhile. "
            "Nothing of yours was written; compare both and save again."
        )
        self.current = current


def require_readable(*, user: User, study: Study) -> None:
    """Raise `NotAllowedError` while the report of this study is withheld from this person.

    A report contains the AI result and the readers' findings: it is withheld as long as either is.
    """
    require(user, Action.VIEW, study)
    require_ai(user=user, study=study)
    if not others_visible(user=user, study=study):
        raise NotAllowedError(
            "This study is read by two readers who do not see each other's finding. "
            "Its report opens when both have signed."
        )


def readable_reports(*, user: User) -> ReportQuerySet:
    """Return the reports that `require_readable` lets this person read."""
    rows = Report.objects.visible_to(user)
    return rows.filter(disclosed_to(user, study="study"), others_disclosed(study="study"))


@clinical_write(Action.WRITE_REPORT, on="study")
def start_report(*, user: User, study: Study, template: ReportTemplate | None = None) -> Report:
    """Start the study's report and return the draft; the existing one if there is one.

    Raises `NotAllowedError`, `ValidationError` (an archived patient), or `StateConflictError`
    where the study has a signed report.
    """
    require_writable(user=user, study=study)
    Study.objects.select_for_update().get(pk=study.pk)
    draft = Report.objects.filter(study=study).preliminary().first()
    if draft is not None:
        return draft
    if Report.objects.filter(study=study).signed().exists():
        raise StateConflictError("This study has a signed report. Amend that one, with a reason.")
    now = GeneratedNow(user=user, study=study, verdict=verdict_of(user, study))
    report = Report.objects.create(
        study=study,
        number=_next_number(study.pk),
        author=user,
        generated=now.kept,
        **initial_content(now, template=template or DEFAULT_TEMPLATE),
    )
    record_write(user, audit_events.REPORT_BEGUN, report)
    return report


@clinical_write(Action.WRITE_REPORT, on="report")
def save_report(*, user: User, report: Report, revision: int, changes: Mapping[str, Any]) -> Report:
    """Save the sections in `changes` of a draft; `figures` are ids of annotations, in order.

    Raises `NotAllowedError`, `ValidationError`, or `ReportConflictError` where the draft was saved
    since `revision` by somebody else.
    """
    current = locked_draft(user, report)
    is_stale = current.revision != revision
    try:
        new_values = _checked(user, current, changes)
    except ValidationError:
        if is_stale:  # before what is wrong with the text: it has to be compared first
            raise ReportConflictError(current) from None
        raise
    if all(getattr(current, name) == value for name, value in new_values.items()):
        return current
    if is_stale:
        raise ReportConflictError(current)
    for name, value in new_values.items():
        setattr(current, name, value)
    current.revision += 1
    current.save(update_fields=[*new_values, "revision", "saved_at"])
    record_write(user, audit_events.REPORT_SAVED, current)
    return current


def insert_template(
    *, user: User, report: Report, revision: int, template: ReportTemplate
) -> Report:
    """Add the template's texts to the sections of a draft that do not have them yet.

    Nothing that was written is replaced. Raises what `save_report` raises.
    """
    require(user, Action.VIEW, template)
    changes = {
        name: f"{report.texts[name]}\n{text}".strip()
        for name, text in template.texts.items()
        if text.strip() and text.strip() not in report.texts[name]
    }
    return save_report(user=user, report=report, revision=revision, changes=changes)


@clinical_write(Action.WRITE_REPORT, on="report")
def renew_lines(
    *, user: User, report: Report, revision: int, sections: Collection[str] | None = None
) -> Report:
    """Write the lines of a draft that were generated anew, as they would be generated now.

    Of these sections, or where they still are; see `renewed`. What was written by hand stays, and
    so does the draft where a section would be longer than one may be. Raises what `save_report`
    raises.
    """
    current = locked_draft(user, report)
    if current.revision != revision:
        raise ReportConflictError(current)
    study = current.study
    now = GeneratedNow(user=user, study=study, verdict=verdict_of(user, study))
    values = renewed(current, now, sections=sections)
    values |= _checked_texts(values)
    for name, value in values.items():
        setattr(current, name, value)
    current.revision += 1
    current.save(update_fields=[*values, "revision", "saved_at"])
    record_write(user, audit_events.REPORT_SAVED, current)
    return current


@clinical_write(Action.WRITE_REPORT, on="report")
def amend_report(*, user: User, report: Report, reason: str) -> Report:
    """Start an amendment: a draft that, once signed, supersedes this version. Both stay readable.

    Raises `NotAllowedError`, `ValidationError` or `StateConflictError`.
    """
    require_writable(user=user, study=report.study)
    reason = " ".join(reason.split())
    refuse_control_characters({"reason": reason})
    if not 3 <= len(reason) <= 500:
        raise ValidationError({"reason": "Say why the report is amended, in 3 to 500 characters."})
    Study.objects.select_for_update().get(pk=report.study_id)
    if not Report.objects.current().filter(pk=report.pk).exists():
        raise StateConflictError(
            "Only the newest signed version can be amended. Open that one first."
        )
    if Report.objects.filter(study=report.study_id).preliminary().exists():
        raise StateConflictError("An amendment of this report is being written. Continue that one.")
    return begin_amendment(user=user, report=report, reason=reason, texts=report.texts)


def begin_amendment(*, user: User, report: Report, reason: str, texts: Mapping[str, str]) -> Report:
    """Return the draft of an amendment, in the caller's transaction, which asked what it must."""
    amendment = Report.objects.create(
        study=report.study,
        number=_next_number(report.study_id),
        author=user,
        supersedes=report,
        amendment_reason=reason,
        figures=[one for one in report.figures if not one.get("default")],
        with_overlay=report.with_overlay,
        generated=report.generated,
        **texts,
    )
    record_write(user, audit_events.REPORT_AMENDMENT_BEGUN, amendment)
    return amendment


@clinical_write(Action.WRITE_REPORT, on="report")
def discard_report(*, user: User, report: Report) -> Report:
    """Discard a draft: it stays readable, and another one can be started.

    What an amendment would have superseded stays the newest signed version. Raises
    `NotAllowedError`, `ValidationError` or `StateConflictError`.
    """
    current = locked_draft(user, report)
    superseded = current.supersedes
    current.status, current.supersedes = ReportStatus.CANCELLED, None
    current.save(update_fields=["status", "supersedes", "saved_at"])
    detail = {"would_have_superseded": superseded.number} if superseded else {}
    record_write(user, audit_events.REPORT_DISCARDED, current, **detail)
    return current


def require_writable(*, user: User, study: Study) -> None:
    """Raise unless this person may write the study's report now.

    `NotAllowedError` by their role or while it is withheld, `ValidationError` where archived. Asked
    besides the permission of the clinical write, since it depends on the study and its readers.
    """
    require(user, Action.WRITE_REPORT, study)
    require_readable(user=user, study=study)
    refuse_archived(study.patient, then="go on with the report")


def locked_draft(user: User, report: Report) -> Report:
    """Return the draft as it is now, locked until the commit."""
    require_writable(user=user, study=report.study)
    current = Report.objects.select_for_update().get(pk=report.pk)
    refuse_signed(current)
    return current


def refuse_signed(report: Report) -> None:
    """Raise `StateConflictError` unless the report is a draft."""
    if report.is_signed:
        raise StateConflictError("This report is signed and does not change. Amend it instead.")
    if not report.is_draft:
        raise StateConflictError("This draft was discarded. Begin a new one on the study's page.")


def _checked(user: User, report: Report, changes: Mapping[str, Any]) -> dict[str, Any]:
    new_values: dict[str, Any] = _checked_texts(changes)
    if "with_overlay" in changes:
        new_values["with_overlay"] = bool(changes["with_overlay"])
    if "figures" in changes:
        new_values["figures"] = chosen_figures(user=user, report=report, ids=changes["figures"])
    return new_values


def _checked_texts(values: Mapping[str, Any]) -> dict[str, str]:
    """Return the sections among these values, as they are stored."""
    texts = {name: written_lines(str(values[name])) for name in SECTION_NAMES if name in values}
    too_long = {
        section.name: f"Shorten the section “{section.heading}”: it may hold {LONGEST_SECTION:,} "
        f"characters, and would have {len(texts[section.name]):,}."
        for section in SECTIONS
        if len(texts.get(section.name, "")) > LONGEST_SECTION
    }
    if too_long:
        raise ValidationError(too_long)
    refuse_control_characters(texts, called=SECTIONS_CALLED)
    return texts


def can_write_report(user: User, study: Study) -> bool:
    """Return whether the person's role and the study allow writing; not whether it is withheld."""
    return has_object_perm(user, Action.WRITE_REPORT, study) and not study.patient.is_archived


def _next_number(study_id: UUID) -> int:
    rows = Report.objects.filter(study=study_id)
    return (rows.aggregate(newest=Max("number"))["newest"] or 0) + 1


def record_write(user: User, event: AuditEventType, report: Report, **detail: int) -> None:
    """Record an audit event about a report, with its number in the detail."""
    audit.record(
        actor=user,
        event=event,
        row=report,
        patient_id=report.patient_id,
        detail={"number": report.number, **detail},
    )
