"""Django's `flush`, while the triggers are lifted."""

from typing import Any

from django.core.management.commands import flush
from django.db import connections

from accounts.immutability import declared, lifted


class Command(flush.Command):
    """What Django calls after each test that commits."""

    def handle(self, **options: Any) -> None:
        tables = {refusal.table for refusal in declared()}
        with lifted(connections[options["database"]], *tables):
            super().handle(**options)
