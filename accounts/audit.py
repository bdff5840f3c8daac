"""The audit trail: append-only, hash-chained, one chain a clinic. Reads count."""

import uuid
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.contrib.auth.models import AnonymousUser
from django.db import models, transaction
from django.utils import timezone

from accounts.models import User
from accounts.models.audit_event import AuditChain, AuditEvent, seal

if TYPE_CHECKING:
    from django.apps.registry import Apps

IDS_KEPT = 200  # of one list: as many as any page shows
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
    actor: User | AnonymousUser | None,
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
    event: AuditEvent = _append(
        AuditChain,
        AuditEvent,
        clinic_id=clinic,
        actor=person,
        action=action,
        object_type=row._meta.model_name or "" if row is not None else "",
        object_id=str(row.pk) if row is not None else "",
        patient_id=patient_id,
        address=_address.get(),
        detail=detail or {},
    )
    return event


def record_in_migration(
    apps: "Apps", *, action: str, object_type: str, detail: dict[str, Any]
) -> None:
    """Add one event to the system's chain from a migration; `apps` are its historical models.

    Today's models may have columns that the table does not have yet at that point.
    """
    _append(
        apps.get_model("accounts", "AuditChain"),
        apps.get_model("accounts", "AuditEvent"),
        clinic_id=None,
        action=action,
        object_type=object_type,
        detail=detail,
    )


def _append(chains: Any, events: Any, *, clinic_id: uuid.UUID | None, **content: Any) -> Any:
    """One more event at the end of the clinic's chain, sealed; its row."""
    with transaction.atomic():
        chain, _ = chains.objects.select_for_update().get_or_create(
            key=str(clinic_id) if clinic_id else "system"
        )
        event = events(
            chain=chain,
            sequence=chain.length + 1,
            at=timezone.now(),
            clinic_id=clinic_id,
            previous_hash=chain.last_hash,
            **content,
        )
        event.hash = seal(event)
        event.save()
        chain.length, chain.last_hash = event.sequence, event.hash
        chain.save(update_fields=["length", "last_hash"])
    return event


def record_list(
    *,
    actor: User | AnonymousUser | None,
    model: type[models.Model],
    rows: Sequence[models.Model],
    patient_id: uuid.UUID | None = None,
) -> None:
    """A list or a search showed these rows: one event, with their ids and not what was sought.

    A superuser's list may hold rows of several clinics: one event in the chain of each.
    """
    own = getattr(actor, "clinic_id", None)
    shown: dict[uuid.UUID | None, list[str]] = {}
    for row in rows:
        clinic = own or getattr(row, "clinic_id", None)
        shown.setdefault(clinic, []).append(str(row.pk))
    for clinic, ids in (shown or {own: []}).items():
        record(
            actor=actor,
            action=f"{model._meta.model_name}.listed",
            clinic_id=clinic,
            patient_id=patient_id,
            detail={"count": len(ids), "ids": ids[:IDS_KEPT]},
        )


@dataclass(frozen=True)
class BrokenLink:
    """A place where a chain is not what was sealed; `reason` is a sentence."""

    chain: str
    sequence: int
    reason: str


def broken_links() -> Iterator[BrokenLink]:
    """Where events were changed, removed, reordered or slipped in after they were sealed.

    Whoever can rewrite the whole database can also seal a chain anew. What they cannot change is
    a copy of `heads()` that was kept elsewhere: `missing_heads` compares it.
    """
    for chain in AuditChain.objects.order_by("key"):
        sequence, previous = 0, ""
        for event in chain.events.order_by("sequence").iterator():
            if event.sequence != sequence + 1:
                yield BrokenLink(chain.key, sequence + 1, "This event was removed.")
            elif event.previous_hash != previous:
                yield BrokenLink(chain.key, event.sequence, "The event before this one changed.")
            if event.hash != event.sealed_hash():
                yield BrokenLink(chain.key, event.sequence, "The content of this event changed.")
            sequence, previous = event.sequence, event.hash
        if (chain.length, chain.last_hash) != (sequence, previous):
            yield BrokenLink(chain.key, chain.length, "The newest events were removed.")


@dataclass(frozen=True)
class Head:
    """The last link of a chain at some moment: a copy kept elsewhere seals all before it."""

    chain: str
    sequence: int
    hash: str


def heads() -> list[Head]:
    """The last link of every chain, as it is now."""
    return [Head(chain.key, chain.length, chain.last_hash) for chain in AuditChain.objects.all()]


def missing_heads(kept: Iterable[Head]) -> Iterator[BrokenLink]:
    """The heads that were noted before and are no longer part of their chain."""
    for head in kept:
        if not AuditEvent.objects.filter(
            chain_id=head.chain, sequence=head.sequence, hash=head.hash
        ).exists():
            yield BrokenLink(
                head.chain, head.sequence, "This event is not the one that was noted before."
            )
