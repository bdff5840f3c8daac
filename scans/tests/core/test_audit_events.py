"""The registry of audit events agrees with the code, the documentation and what is stored."""

import ast
import importlib
from pathlib import Path

import pytest
from django.conf import settings
from django.urls import reverse

from accounts.audit_registry import AuditEventType, declared_events
from accounts.management.commands import document_audit_events
from accounts.models import AuditEvent
from accounts.tests.factories import UserFactory
from scans.tests.core.factories import ReleaseFactory
from scans.tests.core.isolation_table import (
    ADMIN_ROWS,
    EVERYWHERE,
    address,
    signed_in,
)

pytestmark = pytest.mark.long

MODULES = ("accounts.audit_events", "scans.audit_events")


def sources() -> list[tuple[str, ast.Module]]:
    """Every module of the application but tests and migrations, by its path."""
    found = []
    for folder in ("accounts", "scans"):
        for path in sorted((settings.BASE_DIR / folder).rglob("*.py")):
            name = path.relative_to(settings.BASE_DIR).as_posix()
            if "/tests/" not in name and "/migrations/" not in name:
                found.append((name, ast.parse(path.read_text())))
    return found


def constants() -> dict[str, AuditEventType]:
    """The declared events by the name under which the code refers to them."""
    return {
        f"{module.partition('.')[0]}.{name}": value
        for module in MODULES
        for name, value in vars(importlib.import_module(module)).items()
        if isinstance(value, AuditEventType)
    }


def test_every_declared_event_is_recorded_by_some_code():
    used = set()
    for path, tree in sources():
        application = _application_of_events(tree) or path.partition("/")[0]
        used |= {
            f"{application}.{node.attr}"
            for node in ast.walk(tree)
            if isinstance(node, ast.Attribute)
            and isinstance(node.value, ast.Name)
            and node.value.id == "audit_events"
        }
    assert set(constants()) - used == set()


def _application_of_events(tree: ast.Module) -> str:
    """From which application the module imports `audit_events`."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and "audit_events" in {a.name for a in node.names}:
            return node.module or ""
    return ""


def test_every_declared_event_has_one_constant():
    assert sorted(event.name for event in constants().values()) == [
        event.name for event in declared_events()
    ]


def test_events_are_declared_in_their_modules_only():
    declaring = {
        path
        for path, tree in sources()
        for node in ast.walk(tree)
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
    assert AuditEvent.objects.count() > len(EVERYWHERE) / 2


def assert_all_declared() -> None:
    declared = {event.name: event for event in declared_events()}
    for action, detail in AuditEvent.objects.values_list("action", "detail"):
        assert action in declared
        assert set(detail) <= set(declared[action].detail), action
