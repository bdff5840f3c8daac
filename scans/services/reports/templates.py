"""The report templates of a clinic."""

from typing import Any
from uuid import UUID

from django.core.exceptions import ValidationError

from accounts import audit
from accounts.clinical_write import clinical_write
from accounts.models import User
from accounts.policy import Action
from scans import audit_events
from scans.models import ReportTemplate
from scans.models.report_sections import TEMPLATE_SECTION_NAMES

FIELDS = ("name", *TEMPLATE_SECTION_NAMES, "is_active")


@clinical_write(Action.EDIT_CLINIC_SETTINGS, on="template")
def save_template(
    *, user: User, changes: dict[str, Any], template: ReportTemplate | None = None
) -> ReportTemplate:
    """Change a template of the user's clinic, or add one. Existing reports keep their text.

    Raises `NotAllowedError` or `ValidationError`.
    """
    if user.clinic_id is None:
        raise ValidationError("A superuser belongs to no clinic, so there is no list to change.")
    row = template or ReportTemplate(clinic_id=user.clinic_id)
    for name in FIELDS:
        if name in changes:
            value = changes[name]
            setattr(row, name, value.strip() if isinstance(value, str) else value)
    row.full_clean()
    row.save()
    changed, added = audit_events.REPORT_TEMPLATE_CHANGED, audit_events.REPORT_TEMPLATE_ADDED
    audit.record(actor=user, event=changed if template else added, row=row)
    return row


def own_templates(*, clinic_id: UUID | None) -> list[ReportTemplate]:
    """Return every template of the clinic, also those that are no longer offered."""
    return list(ReportTemplate.objects.filter(clinic_id=clinic_id)) if clinic_id else []
