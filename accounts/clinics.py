"""Writes to the clinics of this installation: a superuser's, in Django admin."""

from collections.abc import Mapping
from typing import Any

from django.db import transaction

from accounts import audit
from accounts.models import Clinic, User
from accounts.policy import Action, require

READING_SETTINGS = (
    *("read_first", "double_reading", "heatmap_at_first"),
    *("stat_max_wait_minutes", "urgent_max_wait_minutes", "routine_max_wait_minutes"),
)


@transaction.atomic
def add_clinic(*, user: User, name: str) -> Clinic:
    require(user, Action.MANAGE_CLINICS)
    clinic = Clinic(name=name.strip())
    clinic.full_clean()
    clinic.save(force_insert=True)
    audit.record(actor=user, action="clinic.added", row=clinic)
    return clinic


@transaction.atomic
def rename_clinic(*, user: User, clinic: Clinic, name: str) -> Clinic:
    require(user, Action.MANAGE_CLINICS, clinic)
    clinic.name = name.strip()
    clinic.full_clean()
    clinic.save(update_fields=["name"])
    audit.record(actor=user, action="clinic.renamed", row=clinic)
    return clinic


@transaction.atomic
def change_reading_settings(*, user: User, clinic: Clinic, changes: Mapping[str, Any]) -> Clinic:
    """Change how the clinic reads: only the fields in `changes`, of `READING_SETTINGS`.

    Raises `NotAllowedError` or `ValidationError`.
    """
    require(user, Action.EDIT_CLINIC_SETTINGS, clinic)
    current = Clinic.objects.select_for_update().get(pk=clinic.pk)
    asked = {name: changes[name] for name in READING_SETTINGS if name in changes}
    changed = {name: value for name, value in asked.items() if getattr(current, name) != value}
    before = {name: getattr(current, name) for name in changed}
    for name, value in changed.items():
        setattr(current, name, value)
    current.full_clean()
    if changed:
        current.save(update_fields=list(changed))
        detail = {name: [before[name], value] for name, value in changed.items()}
        audit.record(actor=user, action="clinic.settings_changed", row=current, detail=detail)
    return current
