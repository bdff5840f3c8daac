"""Drafts of reports: start, save, amend and discard them; who may read and write them."""

from collections.abc import Iterable, Mapping
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
from scans.models.report_sections import LONGEST_SECTION, SECTION_NAMES
from scans.services.annotations.readable_annotations import readable_annotations
from scans.services.disclosure import (
    disclosed_to,
    others_disclosed,
    others_visible,
    require_ai,
)
from scans.services.patients.records import refuse_archived
from scans.services.reports.content import (
    DEFAULT_TEMPLATE,
    MOST_FIGURES,
    figures_from,
    initial_content,
)
from scans.written_text import has_control_characters


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
    text = initial_content(user=user, study=study, template=template or DEFAULT_TEMPLATE)
    report = Report.objects.create(study=study, number=_next_number(study.pk), author=user, **text)
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


@clinical_write(Action.WRITE_REPORT, on="report")
def amend_report(*, user: User, report: Report, reason: str) -> Report:
    """Start an amendment: a draft that, once signed, supersedes this version. Both stay readable.

    Raises `NotAllowedError`, `ValidationError` or `StateConflictError`.
    """
    require_writable(user=user, study=report.study)
    reason = " ".join(reason.split())
    if not 3 <= len(reason) <= 500 or has_control_characters(reason):
        raise ValidationError({"reason": "Say why the report is amended, in 3 to 500 characters."})
    Study.objects.select_for_update().get(pk=report.study_id)
    if not Report.objects.current().filter(pk=report.pk).exists():
        raise StateConflictError(
            "Only the newest signed version can be amended. Open that one first."
        )
    if Report.objects.filter(study=report.study_id).preliminary().exists():
        raise StateConflictError("An amendment of this report is being written. Continue that one.")
    amendment = Report.objects.create(
        study=report.study,
        number=_next_number(report.study_id),
        author=user,
        supersedes=report,
        amendment_reason=reason,
        figures=report.figures,
        with_overlay=report.with_overlay,
        **report.texts,
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
    new_values: dict[str, Any] = {}
    errors: dict[str, str] = {}
    for name in SECTION_NAMES:
        if name not in changes:
            continue
        text = str(changes[name]).replace("\r\n", "\n").strip()
        if len(text) > LONGEST_SECTION:
            errors[name] = f"Shorten this section to {LONGEST_SECTION} characters."
        elif has_control_characters(text, lines=True):
            errors[name] = "Remove the control characters from this section."
        new_values[name] = text
    if "with_overlay" in changes:
        new_values["with_overlay"] = bool(changes["with_overlay"])
    if "figures" in changes:
        new_values["figures"] = _chosen_figures(user, report, changes["figures"])
    if errors:
        raise ValidationError(errors)
    return new_values


def _chosen_figures(user: User, report: Report, ids: Iterable[str]) -> list[dict[str, Any]]:
    """Return the figures for these annotations; one that is hidden since keeps its version."""
    stored = {figure["annotation"]: figure for figure in report.figures}
    rows = {str(row.pk): row for row in readable_annotations(user=user, study=report.study).shown()}
    requested = list(dict.fromkeys(ids))
    if len(requested) > MOST_FIGURES:
        raise ValidationError({"figures": f"Choose at most {MOST_FIGURES} annotations as figures."})
    missing = [one for one in requested if one not in rows and one not in stored]
    if missing:
        raise ValidationError({"figures": "One of the annotations is not on this study any more."})
    # A draft shows the newest version of an annotation, a signed report the one that it was signed
    # with.
    return [figures_from([rows[one]])[0] if one in rows else stored[one] for one in requested]


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
