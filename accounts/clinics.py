"""Writes to the clinics of this installation, and to their settings."""

from collections.abc import Mapping
from functools import partial
from typing import Any

from django.core.exceptions import ValidationError

from accounts import audit, audit_events
from accounts.clinical_write import clinical_write
from accounts.models import Clinic, User
from accounts.policy import Action
from accounts.seen_values import refuse_overtaken
from accounts.time_zones import check_zone_name

READING_SETTINGS = (
    *("read_first", "double_reading", "heatmap_at_first", "open_at_first_image"),
    *("warns_of_unshown_images", "signing_minutes", "arrival_quiet_seconds", "file_identity"),
    *("stat_max_wait_minutes", "urgent_max_wait_minutes", "routine_max_wait_minutes"),
    *("patient_id_issuer", "registers_patients_from_files", "time_zone"),
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
def rename_clinic(*, user: User, clinic: Clinic, name: str, seen: str | None = None) -> Clinic:
    """Change the name of a clinic; `seen` is the name that the person saw.

    Where somebody else has changed it since, nothing is saved. Raises `NotAllowedError` or
    `ValidationError`.
    """
    current = Clinic.objects.select_for_update().get(pk=clinic.pk)
    wanted = {"name": name.strip()}
    shown = None if seen is None else {"name": seen}
    refuse_overtaken(partial(getattr, current), changes=wanted, seen=shown)
    if current.name == wanted["name"]:
        return current
    current.name = wanted["name"]
    current.full_clean()
    current.save(update_fields=["name"])
    audit.record(actor=user, event=audit_events.CLINIC_RENAMED, row=current)
    return current


@clinical_write(Action.EDIT_CLINIC_SETTINGS, on="clinic")
def change_reading_settings(
    *,
    user: User,
    clinic: Clinic,
    changes: Mapping[str, Any],
    seen: Mapping[str, Any] | None = None,
) -> Clinic:
    """Change how the clinic reads: only the fields in `changes`, of `READING_SETTINGS`.

    `seen` holds the values that the person saw: where somebody else has changed one since, nothing
    is saved. Raises `NotAllowedError` or `ValidationError`.
    """
    current = Clinic.objects.select_for_update().get(pk=clinic.pk)
    wanted = {name: changes[name] for name in READING_SETTINGS if name in changes}
    refuse_overtaken(partial(getattr, current), changes=wanted, seen=seen)
    changed = {name: value for name, value in wanted.items() if getattr(current, name) != value}
    before = {name: getattr(current, name) for name in changed}
    for name, value in changed.items():
        setattr(current, name, value)
    current.full_clean()
    _check_time_zone(current)
    if changed:
        current.save(update_fields=list(changed))
        detail = {name: [before[name], value] for name, value in changed.items()}
        audit.record(
            actor=user, event=audit_events.CLINIC_SETTINGS_CHANGED, row=current, detail=detail
        )
    return current


def _check_time_zone(clinic: Clinic) -> None:
    try:
        check_zone_name(clinic.time_zone)
    except ValidationError as error:
        raise ValidationError({"time_zone": error.messages}) from None
