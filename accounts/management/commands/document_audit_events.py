"""`manage.py document_audit_events`: write docs/audit-events.md from the declared events."""

from itertools import groupby
from typing import Any

from django.conf import settings
from django.core.management import BaseCommand

from accounts.audit_registry import AuditEventType, declared_events

DOCUMENT = settings.BASE_DIR / "docs" / "audit-events.md"
_INTRODUCTION = """\
# Audit events

What the audit trail records, by what it is about. Every event has a time, the person who acted,
the clinic, the network address, the row it is about, and the patient where there is one. The
detail holds ids, counts and names of fields, never a patient's name. An event's name is sealed by
the hash of its chain, so it never changes; nor do the names in the detail of an event that is
stored, so those of earlier versions are listed too.

This page is made by `python manage.py document_audit_events` from `accounts/audit_events.py` and
`scans/audit_events.py`; do not edit it.
"""


class Command(BaseCommand):
    """Write the page of the documentation that lists every audit event."""

    help = "Write docs/audit-events.md from the declared audit events."

    def handle(self, *args: Any, **options: Any) -> None:
        """Write the page; its path is printed."""
        DOCUMENT.write_text(document())
        self.stdout.write(f"{DOCUMENT.relative_to(settings.BASE_DIR)} is written.")


def document() -> str:
    """Return the page: a table of events for each of the things that events are about."""
    sections = [_INTRODUCTION]
    for kind, events in groupby(declared_events(), key=lambda event: event.kind):
        rows = "\n".join(_row(event) for event in events)
        title = kind.replace("_", " ").capitalize()
        sections.append(
            f"## {title}\n\n| event | what happened | detail |\n|---|---|---|\n{rows}\n"
        )
    return "\n".join(sections)


def _row(event: AuditEventType) -> str:
    names = {**event.detail, **event.older_detail}
    detail = "; ".join(f"`{name}`: {text}" for name, text in names.items())
    return f"| `{event.name}` | {event.sentence} | {detail} |"
