"""Who may send to a clinic without signing in: application entities, and the watched folder.

What they send is received in the name of a person, with that person's rights.
"""

from collections.abc import Mapping
from functools import partial
from typing import Any
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.utils import timezone

from accounts import audit
from accounts.clinical_write import clinical_write
from accounts.models import User
from accounts.policy import Action, has_perm
from accounts.seen_values import refuse_overtaken
from scans import audit_events
from scans.models import ApplicationEntity, WatchedFolder
from scans.models.watched_folder import folder_name
from scans.written_text import refuse_control_characters

ENTITY_FIELDS = ("title", "description", "received_by", "is_active")
FOLDER_FIELDS = ("received_by", "is_active")
_NO_CLINIC = "A superuser belongs to no clinic, so there is nothing that could be sent to."


def possible_receivers(clinic_id: UUID | None) -> QuerySet[User]:
    """Return the people in whose name a clinic can receive: all with an open account."""
    rows = User.objects.filter(clinic_id=clinic_id, is_active=True)
    return rows.exclude(clinic=None).order_by("last_name", "first_name", "username")


def allowed_sender(title: str) -> ApplicationEntity | None:
    """Return the application entity of this calling AE title; None for one that may not send."""
    entity = ApplicationEntity.objects.allowed(title).first()
    if entity is None or not has_perm(entity.received_by, Action.UPLOAD_STUDY):
        return None
    return entity


def was_seen(entity: ApplicationEntity) -> None:
    """Note that the entity has opened an association."""
    ApplicationEntity.objects.filter(pk=entity.pk).update(last_seen_at=timezone.now())


@clinical_write(Action.EDIT_CLINIC_SETTINGS, on="entity")
def save_application_entity(
    *,
    user: User,
    changes: Mapping[str, Any],
    entity: ApplicationEntity | None = None,
    seen: Mapping[str, Any] | None = None,
) -> ApplicationEntity:
    """Allow an application entity to send to the user's clinic, or change one.

    `seen` holds the values that the person saw: where somebody else has changed one since, nothing
    is saved. Raises `NotAllowedError` or `ValidationError`.
    """
    if user.clinic_id is None:
        raise ValidationError(_NO_CLINIC)
    row = ApplicationEntity(clinic_id=user.clinic_id)
    if entity is not None:
        row = ApplicationEntity.objects.select_for_update().get(pk=entity.pk)
        refuse_overtaken(partial(_value, row), changes=changes, seen=seen)
    changed = _set(row, changes, ENTITY_FIELDS)
    refuse_control_characters({"description": row.description})
    _check_receiver(row)
    row.full_clean()
    row.save()
    if entity is None:
        audit.record(actor=user, event=audit_events.APPLICATION_ENTITY_ADDED, row=row)
    elif changed:
        audit.record(
            actor=user,
            event=audit_events.APPLICATION_ENTITY_CHANGED,
            row=row,
            detail={"fields": changed},
        )
    return row


@clinical_write(Action.EDIT_CLINIC_SETTINGS)
def save_watched_folder(
    *, user: User, changes: Mapping[str, Any], seen: Mapping[str, Any] | None = None
) -> WatchedFolder:
    """Say in whose name the files in the clinic's folder are received, and whether they are.

    `seen` as of `save_application_entity`. Raises `NotAllowedError` or `ValidationError`.
    """
    if user.clinic is None:
        raise ValidationError(_NO_CLINIC)
    row = WatchedFolder.objects.select_for_update().filter(clinic=user.clinic).first()
    if row is None:
        row = WatchedFolder(clinic=user.clinic, name=folder_name(user.clinic))
    else:
        refuse_overtaken(partial(_value, row), changes=changes, seen=seen)
    changed = _set(row, changes, FOLDER_FIELDS)
    _check_receiver(row)
    row.full_clean()
    row.save()
    if changed:
        audit.record(
            actor=user,
            event=audit_events.WATCHED_FOLDER_CHANGED,
            row=row,
            detail={"fields": changed},
        )
    return row


def _set(
    row: ApplicationEntity | WatchedFolder, changes: Mapping[str, Any], names: tuple[str, ...]
) -> list[str]:
    """Set the fields; return the names of those that are others now."""
    before = {name: _value(row, name) for name in names}
    for name in names:
        if name in changes:
            setattr(row, name, changes[name])
    return [name for name in names if _value(row, name) != before[name]]


def _value(row: ApplicationEntity | WatchedFolder, name: str) -> Any:
    """Return the value of a field; None for a person who is not chosen yet."""
    return getattr(row, name, None)


def _check_receiver(row: ApplicationEntity | WatchedFolder) -> None:
    known = row.received_by_id is not None
    if known and not possible_receivers(row.clinic_id).filter(pk=row.received_by_id).exists():
        raise ValidationError(
            {"received_by": "Choose somebody of your clinic whose account is open."}
        )
