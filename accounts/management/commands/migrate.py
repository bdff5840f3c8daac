"""Django's `migrate`, which also leaves the triggers in place where a migration fails."""

import contextlib
from typing import Any

from django.core.management.commands import migrate
from django.db import DatabaseError, connections

from accounts.immutability import install


class Command(migrate.Command):
    """After success `post_migrate` does it (`accounts.immutability`); a failure sends no signal."""

    def handle(self, *args: Any, **options: Any) -> None:
        """Migrate, and put the triggers back whatever happens."""
        try:
            super().handle(*args, **options)
        except BaseException:
            with contextlib.suppress(DatabaseError):
                install(connections[options["database"]])
            raise
