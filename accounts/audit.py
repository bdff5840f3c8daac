"""The audit trail: append-only, hash-chained, one chain for each clinic. Reads count.

The kinds of events are declared in the modules `audit_events`. An event is sealed at once, or at
the end of the clinical write that it is part of (`accounts.clinical_write`).
"""

import uuid
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.contrib.auth.models import AnonymousUser
from django.db import models, transaction
from django.utils import timezone

from accounts.audit_registry import AuditEventType, refuse_undeclared
from accounts.models import User
from accounts.models.audit_event import AuditChain, AuditEvent, seal

if TYPE_CHECKING:
    from django.apps.registry import Apps

IDS_KEPT = 200  # of one list: as many as any page shows
SYSTEM = "system"  # the chain of what belongs to no clinic
_address: ContextVar[str | None] = ContextVar("audit_address", default=None)
# The events of the clinical write that is at work, which are sealed at its end.
_collected: ContextVar[list[AuditEvent] | None] = ContextVar("audit_collected", default=None)


@contextmanager
def coming_from(address: str | None) -> Iterator[None]:
    """Store this network address with every event that is recorded inside."""
    token = _address.set(address)
    try:
        yield
    finally:
        _address.reset(token)


@contextmanager
def collected() -> Iterator[None]:
    """Hold back the events that are recorded inside, and seal them at the end in one go.

    For `accounts.clinical_write`, which opens the transaction around it. Inside another
    `collected` the events join those of the outer one. An exception drops the events that were
    recorded inside, as it undoes what was written.
    """
    outer = _collected.get()
    if outer is not None:
        before = len(outer)
        try:
            yield
        except BaseException:
            del outer[before:]
            raise
        return
    events: list[AuditEvent] = []
    token = _collected.set(events)
    try:
        yield
    finally:
        _collected.reset(token)
    _seal(events)


def record(
    *,
    actor: User | AnonymousUser | None,
    event: AuditEventType,
    row: models.Model | None = None,
    clinic_id: uuid.UUID | None = None,
    patient_id: uuid.UUID | None = None,
    detail: Mapping[str, Any] | None = None,
) -> AuditEvent:
    """Add one event to the chain of the row's clinic (the actor's, where there is no row).

    Inside a clinical write the event is sealed at its end; otherwise at once, and the chain stays
    locked until the commit. `detail` carries ids, counts and field names, never a patient's name.
    Raises `UndeclaredEventError` for an event or a name in its detail that is not declared.
    """
    refuse_undeclared(event, detail or {})
    person = actor if actor is not None and actor.is_authenticated else None
    recorded = AuditEvent(
        clinic_id=clinic_id
        or getattr(row, "clinic_id", None)
        or getattr(person, "clinic_id", None),
        actor=person,
        action=event.name,
        object_type=row._meta.model_name or "" if row is not None else "",
        object_id=str(row.pk) if row is not None else "",
        patient_id=patient_id,
        address=_address.get(),
        detail=dict(detail or {}),
    )
    waiting = _collected.get()
    if waiting is None:
        _seal([recorded])
    else:
        waiting.append(recorded)
    return recorded


def record_in_migration(
    apps: "Apps", *, event: AuditEventType, object_type: str, detail: dict[str, Any]
) -> None:
    """Add one event to the system's chain from a migration; `apps` are its historical models.

    Today's models may have columns that the table does not have yet at that point. Raises
    `UndeclaredEventError` as `record` does.
    """
    refuse_undeclared(event, detail)
    chains = apps.get_model("accounts", "AuditChain").objects
    recorded = apps.get_model("accounts", "AuditEvent")(
        action=event.name, object_type=object_type, detail=detail
    )
    with transaction.atomic():
        chain, _ = chains.select_for_update().get_or_create(key=SYSTEM)
        _link(chain, [recorded])
        recorded.save()
        chain.save(update_fields=["length", "last_hash"])


def record_list(
    *,
    actor: User | AnonymousUser | None,
    event: AuditEventType,
    rows: Sequence[models.Model],
    patient_id: uuid.UUID | None = None,
) -> None:
    """Record that a list or a search showed these rows: their ids, and not what was searched for.

    A superuser's list may hold rows of several clinics: one event in the chain of each.
    """
    own = getattr(actor, "clinic_id", None)
    shown: dict[uuid.UUID | None, list[str]] = {}
    for row in rows:
        clinic = own or getattr(row, "clinic_id", None)
        shown.setdefault(clinic, []).append(str(row.pk))
    with transaction.atomic(savepoint=False), collected():
        for clinic, ids in (shown or {own: []}).items():
            record(
                actor=actor,
                event=event,
                clinic_id=clinic,
                patient_id=patient_id,
                detail={"count": len(ids), "ids": ids[:IDS_KEPT]},
            )


def _seal(events: Sequence[AuditEvent]) -> None:
    """Append the events to their chains, each of which is locked from here to the commit.

    The chains are locked in the order of their keys, so that two writes which concern the same
    clinics never wait for each other in a circle.
    """
    by_chain: dict[str, list[AuditEvent]] = {}
    for event in events:
        by_chain.setdefault(str(event.clinic_id or SYSTEM), []).append(event)
    if not by_chain:
        return
    with transaction.atomic(savepoint=False):
        for key in sorted(by_chain):
            _append(key, by_chain[key])


def _append(key: str, events: Sequence[AuditEvent]) -> None:
    """Lock one chain and add these events to it, each sealing the one before it."""
    chain, _ = AuditChain.objects.select_for_update().get_or_create(key=key)
    _link(chain, events)
    AuditEvent.objects.append(events)
    chain.save(update_fields=["length", "last_hash"])


def _link(chain: Any, events: Sequence[Any]) -> None:
    """Give each event its place in the chain and its hash; nothing is stored yet."""
    now = timezone.now()
    for event in events:
        event.chain, event.sequence, event.at = chain, chain.length + 1, now
        event.previous_hash = chain.last_hash
        event.hash = seal(event)
        chain.length, chain.last_hash = event.sequence, event.hash


@dataclass(frozen=True)
class BrokenLink:
    """A place where a chain differs from what was sealed; `reason` is a sentence."""

    chain: str
    sequence: int
    reason: str


def broken_links() -> Iterator[BrokenLink]:
    """Yield where events were changed, removed, reordered or inserted after they were sealed.

    Somebody who can rewrite the whole database can seal a chain anew. They cannot change a copy of
    `heads()` that was stored elsewhere, with which `missing_heads` compares the chains.
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
    """The last link of a chain at some moment; a copy of it elsewhere seals all links before."""

    chain: str
    sequence: int
    hash: str


def heads() -> list[Head]:
    """Return the last link of every chain, as it is now."""
    return [Head(chain.key, chain.length, chain.last_hash) for chain in AuditChain.objects.all()]


def missing_heads(stored: Iterable[Head]) -> Iterator[BrokenLink]:
    """Yield the heads that were stored before and are no longer part of their chain."""
    for head in stored:
        if not AuditEvent.objects.filter(
            chain_id=head.chain, sequence=head.sequence, hash=head.hash
        ).exists():
            yield BrokenLink(
                head.chain, head.sequence, "This event is not the one that was noted before."
            )
