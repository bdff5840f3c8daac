"""The audit trail: append-only, hash-chained, one chain a clinic. Reads count."""

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any

from django.contrib.auth.models import AnonymousUser
from django.db import models, transaction
from django.utils import timezone

from accounts.models.audit_event import AuditChain, AuditEvent

if TYPE_CHECKING:
    from accounts.models import User

_address: ContextVar[str | None] = ContextVar("audit_address", default=None)


@contextmanager
def coming_from(address: str | None) -> Iterator[None]:
    """Every event recorded inside comes from this network address."""
    token = _address.set(address)
    try:
        yield
    finally:
        _address.reset(token)


def record(
    *,
    actor: "User | AnonymousUser | None",
    action: str,
    row: models.Model | None = None,
    clinic_id: uuid.UUID | None = None,
    patient_id: uuid.UUID | None = None,
    detail: dict[str, Any] | None = None,
) -> AuditEvent:
    """Add one event to the chain of the row's clinic (the actor's, where there is no row).

    Call it last in a transaction: it holds the chain's lock until the commit. `detail` carries
    ids, counts and field names, never a patient's name.
    """
    person = actor if actor is not None and actor.is_authenticated else None
    clinic = clinic_id or getattr(row, "clinic_id", None) or getattr(person, "clinic_id", None)
    with transaction.atomic():
        chain, _ = AuditChain.objects.select_for_update().get_or_create(
            key=str(clinic) if clinic else "system"
        )
        event = AuditEvent(
            chain=chain,
            sequence=chain.length + 1,
            at=timezone.now(),
            clinic_id=clinic,
            actor=person,  # type: ignore[misc]
            action=action,
            object_type=row._meta.model_name or "" if row is not None else "",
            object_id=str(row.pk) if row is not None else "",
            patient_id=patient_id,
            address=_address.get(),
            detail=detail or {},
            previous_hash=chain.last_hash,
        )
        event.hash = event.sealed_hash()
        event.save()
        chain.length, chain.last_hash = event.sequence, event.hash
        chain.save(update_fields=["length", "last_hash"])
    return event


def broken_links() -> Iterator[AuditEvent]:
    """The events whose content, order or predecessor is not what was sealed."""
    for chain in AuditChain.objects.all():
        expected_sequence, expected_previous = 1, ""
        for event in chain.events.order_by("sequence").iterator():
            if (
                event.sequence != expected_sequence
                or event.previous_hash != expected_previous
                or event.hash != event.sealed_hash()
            ):
                yield event
            expected_sequence, expected_previous = event.sequence + 1, event.hash
