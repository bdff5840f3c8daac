"""`manage.py verify_audit_trail`: check the chains of the audit trail."""

import json
from argparse import ArgumentParser
from dataclasses import asdict
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from accounts import audit


class Command(BaseCommand):
    """Check every chain, and compare or write copies of their last links."""

    help = (
        "Check that no audit event was changed, removed or inserted. Keep what --heads-to writes "
        "on another machine and give it to --heads-from later: then even somebody who can rewrite "
        "the whole database is found out."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Add the options for files of last links."""
        parser.add_argument("--heads-to", type=Path, help="write the last link of each chain here")
        parser.add_argument("--heads-from", type=Path, help="compare with links noted before")

    def handle(self, *args: Any, **options: Any) -> None:
        """Print what was found. Raises `CommandError` where a chain is broken."""
        broken = list(audit.broken_links())
        if options["heads_from"]:
            broken += audit.missing_heads(_read(options["heads_from"]))
        for link in broken:
            self.stderr.write(f"{link.chain} event {link.sequence}: {link.reason}")
        if broken:
            raise CommandError(
                f"The audit trail is broken in {len(broken)} places. Keep a copy of the database "
                "as it is, and compare it with your backups."
            )
        heads = audit.heads()
        if options["heads_to"]:
            options["heads_to"].write_text(json.dumps([asdict(head) for head in heads], indent=2))
        events = sum(head.sequence for head in heads)
        self.stdout.write(f"The audit trail is whole: {events} events in {len(heads)} chains.")


def _read(path: Path) -> list[audit.Head]:
    try:
        return [audit.Head(**entry) for entry in json.loads(path.read_text())]
    except (OSError, ValueError, TypeError) as error:
        raise CommandError(
            f"{path} cannot be read as a file that --heads-to wrote: {error}"
        ) from error
