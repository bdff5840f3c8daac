"""The report templates of a clinic."""

from collections.abc import Mapping
from functools import partial
from typing import Any
from uuid import UUID

from django.core.exceptions import ValidationError

from accounts import audit
from accounts.clinical_write import clinical_write
from accounts.models import User
from accounts.policy import Action
from accounts.seen_values import refuse_overtaken
from scans import audit_events
from scans.models import ReportTemplate
from scans.models.report_sections import SECTIONS_CALLED, TEMPLATE_SECTION_NAMES
from scans.written_text import refuse_control_characters, written_lines

FIELDS = ("name", *TEMPLATE_SECTION_NAMES, "is_active")


@clinical_write(Action.EDIT_CLINIC_SETTINGS, on="template")
def save_template(
    *,
    user: User,
    changes: dict[str, Any],
    template: ReportTemplate | None = None,
    seen: Mapping[str, Any] | None = None,
) -> ReportTemplate:
    """Change a template of the user's clinic, or add one. Existing reports keep their text.

    `seen` holds the values that the person saw: where somebody else has changed one since, nothing
    is saved. Raises `NotAllowedError` or `ValidationError`.
    """
    if user.clinic_id is None:
        raise ValidationError("A superuser belongs to no clinic, so there is no list to change.")
    row = ReportTemplate(clinic_id=user.clinic_id)
    if template is not None:
        row = ReportTemplate.objects.select_for_update().get(pk=template.pk)
        refuse_overtaken(partial(getattr, row), changes=changes, seen=seen)
    for name in FIELDS:
        if name in changes:
            value = changes[name]
            setattr(row, name, written_lines(value) if isinstance(value, str) else value)
    refuse_control_characters({"name": row.name, **row.texts}, called=SECTIONS_CALLED)
    row.full_clean()
    row.save()
    changed, added = audit_events.REPORT_TEMPLATE_CHANGED, audit_events.REPORT_TEMPLATE_ADDED
    audit.record(actor=user, event=changed if template else added, row=row)
    return row


def own_templates(*, clinic_id: UUID | None) -> list[ReportTemplate]:
    """Return every template of the clinic, also those that are no longer offered."""
    return list(ReportTemplate.objects.filter(clinic_id=clinic_id)) if clinic_id else []
