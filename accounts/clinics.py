"""Writes to the clinics of this installation, and to their settings."""

from collections.abc import Mapping
from typing import Any

from accounts import audit, audit_events
from accounts.clinical_write import clinical_write
from accounts.models import Clinic, User
from accounts.policy import Action

READING_SETTINGS = (
    *("read_first", "double_reading", "heatmap_at_first"),
    *("stat_max_wait_minutes", "urgent_max_wait_minutes", "routine_max_wait_minutes"),
)


@clinical_write(Action.MANAGE_CLINICS)
def add_clinic(*, user: User, name: str) -> Clinic:
    """Add a clinic. Raises `NotAllowedError` or `ValidationError`."""
    clinic = Clinic(name=name.strip())
    clinic.full_clean()
    clinic.save(force_insert=True)
    audit.record(actor=user, event=audit_events.CLINIC_ADDED, row=clinic)
    return clinic


@clinical_write(Action.MANAGE_CLINICS, on="clinic")
def rename_clinic(*, user: User, clinic: Clinic, name: str) -> Clinic:
    """Change the name of a clinic. Raises `NotAllowedError` or `ValidationError`."""
    clinic.name = name.strip()
    clinic.full_clean()
    clinic.save(update_fields=["name"])
    audit.record(actor=user, event=audit_events.CLINIC_RENAMED, row=clinic)
    return clinic


@clinical_write(Action.EDIT_CLINIC_SETTINGS, on="clinic")
def change_reading_settings(*, user: User, clinic: Clinic, changes: Mapping[str, Any]) -> Clinic:
    """Change how the clinic reads: only the fields in `changes`, of `READING_SETTINGS`.

    Raises `NotAllowedError` or `ValidationError`.
    """
    current = Clinic.objects.select_for_update().get(pk=clinic.pk)
    wanted = {name: changes[name] for name in READING_SETTINGS if name in changes}
    changed = {name: value for name, value in wanted.items() if getattr(current, name) != value}
    before = {name: getattr(current, name) for name in changed}
    for name, value in changed.items():
        setattr(current, name, value)
    current.full_clean()
    if changed:
        current.save(update_fields=list(changed))
        detail = {name: [before[name], value] for name, value in changed.items()}
        audit.record(
            actor=user, event=audit_events.CLINIC_SETTINGS_CHANGED, row=current, detail=detail
        )
    return current
