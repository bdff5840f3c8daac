"""The clinic's own reasons to modify or reject an AI result, beside the common list."""

from uuid import UUID

from django.core.exceptions import ValidationError
from django.utils.text import slugify

from accounts import audit
from accounts.clinical_write import clinical_write
from accounts.models import User
from accounts.policy import Action, NotAllowedError
from scans import audit_events
from scans.models import ClinicReason
from scans.models.assessment import Reason
from scans.written_text import refuse_control_characters


def reasons_of(clinic_id: UUID | None) -> dict[str, str]:
    """Return code -> label: the common list, and what the clinic added; "other" last."""
    common = dict(Reason.choices)
    other = common.pop(Reason.OTHER.value)
    active = ClinicReason.objects.filter(is_active=True)
    own = active.none() if clinic_id is None else active.filter(clinic_id=clinic_id)
    return common | dict(own.values_list("code", "label")) | {Reason.OTHER.value: other}


@clinical_write(Action.EDIT_CLINIC_SETTINGS)
def add_reason(*, user: User, label: str) -> ClinicReason:
    """Add a reason to the list of the person's clinic; one that was retired comes back.

    Raises `NotAllowedError` or `ValidationError`.
    """
    if user.clinic is None:
        raise NotAllowedError("Your account belongs to no clinic: there is nothing to set here.")
    label = " ".join(label.split())
    refuse_control_characters({"words": label}, called={"words": "reason"})
    if not 1 <= len(label) <= 80:
        raise ValidationError({"words": "Say the reason in 1 to 80 characters of writing."})
    code = slugify(label, allow_unicode=True).replace("-", "_")[:40]
    if not code:
        raise ValidationError({"words": "Say the reason in words: there is no letter in it."})
    if code in Reason.values:
        raise ValidationError({"words": "This reason is on the list already."})
    row, created = ClinicReason.objects.get_or_create(
        clinic=user.clinic, code=code, defaults={"label": label}
    )
    if not created and row.is_active:
        raise ValidationError({"words": "This reason is on the list already."})
    if not created:
        row.is_active, row.label = True, label  # verdicts keep the label that they were given
        row.save(update_fields=["is_active", "label"])
    audit.record(actor=user, event=audit_events.REASON_ADDED, row=row, detail={"code": code})
    return row


@clinical_write(Action.EDIT_CLINIC_SETTINGS, on="reason")
def retire_reason(*, user: User, reason: ClinicReason) -> ClinicReason:
    """Take a reason off the list; verdicts that name it keep it. Raises `NotAllowedError`."""
    if ClinicReason.objects.filter(pk=reason.pk, is_active=True).update(is_active=False):
        audit.record(
            actor=user, event=audit_events.REASON_RETIRED, row=reason, detail={"code": reason.code}
        )
    reason.is_active = False
    return reason
