"""Only declared events, with a declared detail, can be recorded."""

from typing import get_type_hints

import pytest

from accounts import audit, audit_events
from accounts.audit_registry import (
    AuditEventType,
    DuplicateEventError,
    UndeclaredEventError,
    declare,
    declared_events,
    declared_kinds,
    event_named,
)
from accounts.management.commands.document_audit_events import document
from accounts.models import AuditEvent
from accounts.tests.factories import UserFactory


@pytest.mark.parametrize("record", [audit.record, audit.record_list])
def test_an_event_is_typed_as_a_declared_one(record):
    assert get_type_hints(record)["event"] is AuditEventType


@pytest.mark.parametrize(
    "event",
    [
        "account.signed_in",
        AuditEventType("account.signed_in", "Made up on the spot."),
        AuditEventType("account.made_up", "Made up on the spot."),
    ],
    ids=["a string", "a copy of a name", "a name of its own"],
)
def test_what_is_not_declared_is_refused(db, event):
    with pytest.raises(UndeclaredEventError, match="not a declared audit event"):
        audit.record(actor=None, event=event)
    assert not AuditEvent.objects.exists()


def test_a_detail_that_is_not_declared_is_refused(db):
    with pytest.raises(UndeclaredEventError, match="may not hold name: it is not declared"):
        audit.record(
            actor=UserFactory(),
            event=audit_events.TOKEN_CREATED,
            detail={"token": "12345678", "name": "Ann"},
        )
    assert not AuditEvent.objects.exists()


@pytest.mark.parametrize("name", sorted(audit_events.CLINIC_SETTINGS_CHANGED.older_detail))
def test_nothing_is_recorded_by_an_older_name_of_a_detail(db, name):
    assert name in document()
    with pytest.raises(UndeclaredEventError, match=f"may not hold {name}"):
        audit.record(
            actor=UserFactory(),
            event=audit_events.CLINIC_SETTINGS_CHANGED,
            detail={name: [False, True]},
        )


def test_a_name_is_declared_once():
    with pytest.raises(DuplicateEventError, match=r"account\.signed_in is declared twice"):
        declare("account.signed_in", "Signed in.")


def test_names_and_sentences_are_well_formed():
    events = declared_events()
    assert [event.name for event in events] == sorted(event.name for event in events)
    for event in events:
        kind, _, action = event.name.partition(".")
        assert kind
        assert action
        assert len(event.name) <= AuditEvent._meta.get_field("action").max_length
        assert event.sentence.endswith(".")
        assert all(event.detail.values())
        assert all(event.older_detail.values())
        assert not set(event.detail) & set(event.older_detail)
        assert event_named(event.name) is event
    assert declared_kinds() == sorted({event.kind for event in events})
