"""The registry of audit events: only what is declared here can be recorded.

Each application declares its events in its module `audit_events`, which `accounts.apps` loads at
start. The filters of the audit pages and docs/audit-events.md are made from the registry.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field


class UndeclaredEventError(TypeError):
    """An event, or a name in its detail, that no `audit_events` module declares."""


class DuplicateEventError(ValueError):
    """Two declarations with the same name."""


@dataclass(frozen=True, eq=False)
class AuditEventType:
    """One kind of event; made by `declare`, in a module `audit_events` only.

    `name` is stored with every event and sealed by its hash, so it never changes. `sentence` tells
    a person what happened. `detail` holds each name that the event's detail may have, with what
    it stands for: ids, counts and names of fields, never a patient's name. `older_detail` holds
    the names that sealed events of earlier versions have; nothing is recorded by them any more.
    `is_older` says the same of the whole event: it is shown and filtered by, and not recorded.
    """

    name: str
    sentence: str
    detail: Mapping[str, str] = field(default_factory=dict)
    older_detail: Mapping[str, str] = field(default_factory=dict)
    is_older: bool = False

    @property
    def kind(self) -> str:
        """What the event is about: the part of its name before the first dot."""
        return self.name.partition(".")[0]


_declared: dict[str, AuditEventType] = {}


def declare(
    name: str,
    sentence: str,
    *,
    detail: Mapping[str, str] | None = None,
    older_detail: Mapping[str, str] | None = None,
    is_older: bool = False,
) -> AuditEventType:
    """Add one kind of event to the registry. Raises `DuplicateEventError`."""
    if name in _declared:
        raise DuplicateEventError(f"The audit event {name} is declared twice.")
    _declared[name] = AuditEventType(
        name, sentence, dict(detail or {}), dict(older_detail or {}), is_older
    )
    return _declared[name]


def declared_events() -> tuple[AuditEventType, ...]:
    """Return every declared kind of event, in the order of the names."""
    return tuple(_declared[name] for name in sorted(_declared))


def declared_kinds() -> list[str]:
    """Return what events are about (`account`, `analysis`, ...), in alphabetical order."""
    return sorted({event.kind for event in _declared.values()})


def event_named(name: str) -> AuditEventType | None:
    """Return the kind of event that is stored under this name, if it is declared."""
    return _declared.get(name)


def refuse_undeclared(event: AuditEventType, detail: Iterable[str]) -> None:
    """Raise `UndeclaredEventError` for an event or a name in its detail that is not declared."""
    if not isinstance(event, AuditEventType) or _declared.get(event.name) is not event:
        raise UndeclaredEventError(
            f"{event!r} is not a declared audit event. Declare it in a module `audit_events`."
        )
    if event.is_older:
        raise UndeclaredEventError(f"{event.name} is an event of earlier versions.")
    unknown = sorted(set(detail) - set(event.detail))
    if unknown:
        raise UndeclaredEventError(
            f"The detail of {event.name} may not hold {', '.join(unknown)}: it is not declared."
        )
