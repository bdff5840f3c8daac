"""System check: does the database refuse what it is meant to refuse?"""

from collections.abc import Sequence
from typing import Any

from django.core.checks import CheckMessage, Tags, Warning, register, run_checks
from django.core.exceptions import ImproperlyConfigured
from django.db import DEFAULT_DB_ALIAS, OperationalError, connections

from accounts.immutability import missing_triggers

TAG = "immutability"


@register(Tags.database, TAG)
def database_refuses_changes(
    *, databases: Sequence[str] | None = None, **_: Any
) -> list[CheckMessage]:
    """Every trigger that is declared is in the database and works.

    A warning, not an error: an error would stop `manage.py migrate`, which is the cure. Web server
    and worker do not start with it (`require_protected_database`).
    """
    return [
        Warning(
            f"The database no longer refuses to {trigger.event} protected rows of "
            f"{trigger.refusal.table}: its trigger {trigger.name} is missing or switched off.",
            hint="Run: manage.py migrate",
            id="accounts.W001",
        )
        for alias in databases or ()
        for trigger in missing_triggers(connections[alias])
    ]


def require_protected_database() -> None:
    """For web server and worker, as they start: raise `ImproperlyConfigured` if one is missing.

    A database that does not answer is no reason: `/readyz` says so, and asks again once it does.
    """
    try:
        messages = run_checks(tags=[TAG], databases=[DEFAULT_DB_ALIAS])
    except OperationalError:
        return
    finally:
        connections[DEFAULT_DB_ALIAS].close()  # none is carried into a process that is forked
    if messages:
        raise ImproperlyConfigured(
            "\n".join(f"{message.msg}\n{message.hint}" for message in messages)
        )
