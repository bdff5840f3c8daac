"""The registry of audit events agrees with the code, the documentation and what is stored."""

import ast
from pathlib import Path

import pytest
from django.urls import reverse

from accounts.audit_registry import declared_events
from accounts.management.commands import document_audit_events
from accounts.models import AuditEvent
from accounts.tests.factories import UserFactory
from scans.tests.core.factories import ReleaseFactory
from scans.tests.core.isolation_table import ADMIN_ROWS, EVERYWHERE, address, signed_in
from scans.tests.core.recorded_events import RecordedEvents, Source, constants, sources

pytestmark = pytest.mark.long


def test_every_declared_event_is_recorded_by_some_code():
    """A mention is not enough: it is passed to what records, or stands in a table of what is."""
    older = {name for name, event in constants().items() if event.is_older}
    assert set(constants()) - RecordedEvents(sources()).of_everything() == older


def test_an_event_that_is_only_mentioned_is_not_recorded():
    code = """
from accounts import audit, audit_events

TABLE = {"drawn": audit_events.IN_A_TABLE}
UNUSED = {"drawn": audit_events.IN_AN_UNUSED_TABLE}

class View:
    read_event = audit_events.OF_A_CLASS
    other_event = audit_events.OF_A_CLASS_THAT_NOBODY_ASKS

    def read(self):
        audit.record(actor=None, event=self.read_event)

def _record(user, event, **detail):
    audit.record(actor=user, event=event, detail=detail)

def write(user, again):
    event = audit_events.UNDER_A_NAME if again else audit_events.UNDER_A_NAME_TOO
    audit.record(actor=user, event=event)
    _record(user, audit_events.PASSED_ON)
    audit.record_list(actor=user, event=TABLE["drawn"], rows=[])
    return audit_events.GIVEN_BACK

def show():
    return filter_by(event=audit_events.SOUGHT)
"""
    source = Source("accounts/people.py", ast.parse(code))
    assert RecordedEvents([source]).of_everything() == {
        f"accounts.{name}"
        for name in (
            *("IN_A_TABLE", "OF_A_CLASS", "UNDER_A_NAME", "UNDER_A_NAME_TOO", "PASSED_ON"),
        )
    }


def test_every_declared_event_has_one_constant():
    assert sorted(event.name for event in constants().values()) == [
        event.name for event in declared_events()
    ]


def test_events_are_declared_in_their_modules_only():
    declaring = {
        source.path
        for source in sources()
        for node in ast.walk(source.tree)
        if isinstance(node, ast.ImportFrom)
        and node.module == "accounts.audit_registry"
        and "declare" in {imported.name for imported in node.names}
    }
    assert declaring == {
        "accounts/audit_events.py",
        "scans/audit_events.py",
    }


def test_the_documentation_lists_what_is_declared():
    path: Path = document_audit_events.DOCUMENT
    assert path.read_text() == document_audit_events.document(), (
        "run: python manage.py document_audit_events"
    )


def test_whatever_page_is_opened_only_declared_events_are_stored(world):
    ReleaseFactory()
    reader, superuser = signed_in(world.owner), signed_in(UserFactory(superuser=True))
    for name in EVERYWHERE:
        reader.get(address(name, world))
    for label, row_of in ADMIN_ROWS.items():
        app, model = label.split(".")
        superuser.get(reverse(f"admin:{app}_{model}_changelist"))
        superuser.get(reverse(f"admin:{app}_{model}_change", args=[row_of(world).pk]))
    assert_all_declared()
    assert AuditEvent.objects.count() > len(EVERYWHERE) / 3


def assert_all_declared() -> None:
    declared = {event.name: event for event in declared_events()}
    for action, detail in AuditEvent.objects.values_list("action", "detail"):
        assert action in declared
        assert set(detail) <= set(declared[action].detail), action
