"""The rows of the audit trail. They are written by `accounts.audit` only."""

import hashlib
import json
from collections.abc import Sequence
from typing import Any, ClassVar, NoReturn

from django.conf import settings
from django.db import models

from accounts.models.clinic import Clinic
from accounts.policy import Action, ClinicQuerySet


class AppendOnlyError(TypeError):
    """Raised by every attempt to change or delete an audit event."""


class AuditEventQuerySet(ClinicQuerySet["AuditEvent"]):
    """Events of clinics, which are only read and appended."""

    clinic_lookup = "clinic"

    def update(self, **kwargs: Any) -> NoReturn:
        """Raise `AppendOnlyError`."""
        raise AppendOnlyError("Audit events are append-only: they cannot be changed.")

    def delete(self) -> NoReturn:
        """Raise `AppendOnlyError`."""
        raise AppendOnlyError("Audit events are append-only: they cannot be deleted.")

    def bulk_create(self, *args: Any, **kwargs: Any) -> NoReturn:
        """Raise `AppendOnlyError`: events are added by `append`."""
        raise AppendOnlyError("Audit events join a chain: use accounts.audit.record.")

    def append(self, events: Sequence["AuditEvent"]) -> None:
        """Insert new events that `accounts.audit` has sealed, in the order of their chain."""
        super().bulk_create(events)


class AuditChain(models.Model):
    """The last link of the chain of one clinic, or of `system`; locked while links are added."""

    key = models.CharField(max_length=36, primary_key=True)
    length = models.PositiveBigIntegerField(default=0)
    last_hash = models.CharField(max_length=64, blank=True)

    def __str__(self) -> str:
        return f"{self.key} ({self.length})"


def seal(event: Any) -> str:
    """SHA-256 (hex) over an event's content and the hash of the event before it.

    `event` is an `AuditEvent`, or one of a migration's historical models. The content is what the
    row holds: a model or an action that has another name today keeps its old one here for ever.
    """
    content = {
        "chain": event.chain_id,
        "sequence": event.sequence,
        "at": event.at.isoformat(),
        "clinic": str(event.clinic_id or ""),
        "actor": event.actor_id,
        "action": event.action,
        "object": [event.object_type, event.object_id],
        "patient": str(event.patient_id or ""),
        "address": event.address or "",
        "detail": event.detail,
        "previous": event.previous_hash,
    }
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


class AuditEvent(models.Model):
    """Who did or saw what, when, from where. Append-only; each row seals the one before it.

    `action` is the name of an `AuditEventType`.
    """

    view_action: ClassVar[Action] = Action.READ_AUDIT_TRAIL

    chain = models.ForeignKey(AuditChain, on_delete=models.PROTECT, related_name="events")
    sequence = models.PositiveBigIntegerField()
    at = models.DateTimeField("time")
    clinic = models.ForeignKey(Clinic, on_delete=models.PROTECT, null=True, blank=True)
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True
    )
    action = models.CharField(max_length=60, db_index=True)
    object_type = models.CharField(max_length=40, blank=True)
    object_id = models.CharField(max_length=40, blank=True, db_index=True)
    patient_id = models.UUIDField(null=True, blank=True, db_index=True)
    address = models.GenericIPAddressField(null=True, blank=True)
    detail = models.JSONField(default=dict, blank=True)
    previous_hash = models.CharField(max_length=64, blank=True)
    hash = models.CharField(max_length=64)

    objects = AuditEventQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(fields=["chain", "sequence"], name="audit_sequence_unique")
        ]
        indexes = [
            models.Index(fields=["clinic", "-id"], name="audit_clinic_newest"),
            models.Index(fields=["clinic", "at"], name="audit_clinic_at"),
        ]

    def __str__(self) -> str:
        return f"{self.action} {self.object_type} {self.object_id}".strip()

    def sealed_hash(self) -> str:
        """Return the SHA-256 (hex) of this event's content and the hash of the event before it."""
        return seal(self)

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Insert a new event. Raises `AppendOnlyError` for one that is stored."""
        if self.pk is not None:
            raise AppendOnlyError("Audit events are append-only: they cannot be changed.")
        super().save(*args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> NoReturn:
        """Raise `AppendOnlyError`."""
        raise AppendOnlyError("Audit events are append-only: they cannot be deleted.")
