"""What the database itself refuses, whoever asks: ORM, shell or SQL.

An app declares each `Refusal` once (the clinical record does in `scans/immutability.py`). They
become triggers of SQLite or PostgreSQL, which every `manage.py migrate` compares with the declared
ones and puts right when it is done: a table that a migration built anew has its triggers again.
A trigger's name ends with a digest of what it says, so that comparing names is enough.
"""

import hashlib
import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum

from django.db import connections, transaction
from django.db.backends.base.base import BaseDatabaseWrapper

PREFIX = "immutable_"


class Event(StrEnum):
    """What the database can be asked to refuse of a row."""

    INSERT = "INSERT"
    UPDATE = "UPDATE"
    DELETE = "DELETE"
    TRUNCATE = "TRUNCATE"  # PostgreSQL; on SQLite a DELETE without a condition asks for each row


@dataclass(frozen=True)
class Refusal:
    """What is refused of a table's rows: each event, where `condition` holds.

    `condition` is SQL that both databases understand, over `OLD` (before the change) and `NEW`;
    empty means every row. `reads` names the other tables that it looks at. `sentence` is what
    whoever tries is told.
    """

    name: str
    table: str
    events: tuple[Event, ...]
    sentence: str
    condition: str = ""
    reads: tuple[str, ...] = ()

    def triggers(self) -> list["Trigger"]:
        """One for each event."""
        return [Trigger(self, event) for event in self.events]


@dataclass(frozen=True)
class Trigger:
    """A refusal of one event, as the database knows it."""

    refusal: Refusal
    event: Event

    @property
    def name(self) -> str:
        """At most 63 bytes, PostgreSQL's longest name."""
        text = "\n".join(
            [self.event, self.refusal.table, self.refusal.condition, self.refusal.sentence]
        )
        digest = hashlib.sha256(text.encode()).hexdigest()[:8]
        return f"{PREFIX}{self.refusal.name}_{self.event.lower()}_{digest}"

    def statements(self, vendor: str) -> list[str]:
        """The SQL that makes it."""
        table, condition = self.refusal.table, self.refusal.condition
        sentence = self.refusal.sentence.replace("'", "''")
        if vendor == "sqlite":
            when = f"WHEN {condition} " if condition else ""
            return [
                f"CREATE TRIGGER {self.name} BEFORE {self.event} ON {table} FOR EACH ROW {when}"
                f"BEGIN SELECT RAISE(ABORT, '{sentence}'); END"
            ]
        # The condition stands in the function, not in the trigger's WHEN: PostgreSQL would refuse
        # a migration that changes the type of a column which a WHEN names.
        goes_on = {Event.DELETE: "OLD", Event.TRUNCATE: "NULL"}.get(self.event, "NEW")
        each = "STATEMENT" if self.event is Event.TRUNCATE else "ROW"
        return [
            f"CREATE OR REPLACE FUNCTION {self.name}() RETURNS trigger AS $$ BEGIN "
            f"IF {condition or 'TRUE'} THEN "
            f"RAISE EXCEPTION USING MESSAGE = '{sentence}', ERRCODE = 'check_violation'; END IF; "
            f"RETURN {goes_on}; END $$ LANGUAGE plpgsql",
            f"CREATE TRIGGER {self.name} BEFORE {self.event} ON {table} "
            f"FOR EACH {each} EXECUTE FUNCTION {self.name}()",
        ]


_declared: list[Refusal] = []
_superseded: set[str] = set()


def declare(refusals: Iterable[Refusal], *, superseded: Iterable[str] = ()) -> None:
    """Let the database refuse these from the next migration on.

    `superseded` names triggers of earlier versions, which give way to the declared ones.
    """
    _declared.extend(refusals)
    _superseded.update(superseded)


def declared() -> tuple[Refusal, ...]:
    """Everything that the apps declared."""
    return tuple(_declared)


def install(connection: BaseDatabaseWrapper) -> None:
    """Make the database's triggers the declared ones; safe to repeat, and then no write.

    Tables that do not exist (a database that was migrated back) are left out.
    """
    wanted = {trigger.name: trigger for trigger in _wanted(connection)}
    found = _found(connection)
    outdated = {name: table for name, table in found.items() if name not in wanted}
    new = [trigger for name, trigger in wanted.items() if name not in found]
    if not outdated and not new:
        return
    with transaction.atomic(using=connection.alias):
        _drop(connection, outdated)
        with connection.cursor() as cursor:
            for trigger in new:
                # There all the same where somebody switched it off (PostgreSQL).
                cursor.execute(_drop_statement(connection, trigger.name, trigger.refusal.table))
                for statement in trigger.statements(connection.vendor):
                    cursor.execute(statement)
    _drop_unused_functions(connection)


def missing_triggers(connection: BaseDatabaseWrapper) -> list[Trigger]:
    """What is declared and not there, or switched off. Two small queries."""
    found = _found(connection)
    return [trigger for trigger in _wanted(connection) if trigger.name not in found]


@contextmanager
def lifted(connection: BaseDatabaseWrapper, *tables: str) -> Iterator[None]:
    """Inside, these tables refuse nothing. One transaction: if it fails, nothing has happened.

    For `accounts.migration_tools.fill_protected_rows`, which proves what was changed, and for
    tests. No code that answers a request uses it. What comes back is what was there: the schema
    may stand between two migrations.
    """
    with transaction.atomic(using=connection.alias):
        _settle(connection)
        found = {name: table for name, table in _found(connection).items() if table in tables}
        definitions = {name: _definition(connection, name) for name in found}
        _drop(connection, found)
        yield
        _settle(connection)
        for name in definitions.keys() - _found(connection).keys():
            with connection.cursor() as cursor:
                cursor.execute(definitions[name])


def make_way(connection: BaseDatabaseWrapper) -> None:
    """Before a migration: drop the triggers that look at another table, on SQLite.

    It cannot build a table anew (which is how Django alters one there) while the trigger of
    another table names it: "error in trigger …: no such table". The other triggers stay and
    protect their rows from the migration itself.
    """
    if connection.vendor != "sqlite":
        return
    tables = {refusal.table for refusal in _declared}
    with connection.cursor() as cursor:
        cursor.execute("SELECT name, tbl_name, sql FROM sqlite_master WHERE type = 'trigger'")
        rows = cursor.fetchall()
    looking = {
        name: table
        for name, table, sql in rows
        if _is_ours(name) and (tables - {table}).intersection(re.findall(r"\w+", sql))
    }
    if looking:
        _drop(connection, looking)


def _settle(connection: BaseDatabaseWrapper) -> None:
    """PostgreSQL touches no trigger of a table while checks of its foreign keys are deferred."""
    if connection.vendor == "postgresql":
        connection.check_constraints()


def _wanted(connection: BaseDatabaseWrapper) -> list[Trigger]:
    tables = set(connection.introspection.table_names())
    events = set(Event) - ({Event.TRUNCATE} if connection.vendor == "sqlite" else set())
    return [
        trigger
        for refusal in _declared
        if tables.issuperset({refusal.table, *refusal.reads})
        for trigger in refusal.triggers()
        if trigger.event in events
    ]


_FOUND = {
    "sqlite": "SELECT name, tbl_name FROM sqlite_master WHERE type = 'trigger'",
    "postgresql": """
        SELECT tgname, relname FROM pg_trigger
        JOIN pg_class ON pg_class.oid = tgrelid
        WHERE NOT tgisinternal AND tgenabled IN ('O', 'A')
        AND relnamespace = current_schema()::regnamespace
    """,
}


def _found(connection: BaseDatabaseWrapper) -> dict[str, str]:
    """Our triggers that work, and the table of each."""
    with connection.cursor() as cursor:
        cursor.execute(_FOUND[connection.vendor])
        return {name: table for name, table in cursor.fetchall() if _is_ours(name)}


_DEFINITION = {
    "sqlite": "SELECT sql FROM sqlite_master WHERE type = 'trigger' AND name = %s",
    "postgresql": """
        SELECT pg_get_triggerdef(pg_trigger.oid) FROM pg_trigger
        JOIN pg_class ON pg_class.oid = tgrelid
        WHERE tgname = %s AND relnamespace = current_schema()::regnamespace
    """,
}


def _definition(connection: BaseDatabaseWrapper, name: str) -> str:
    """The statement that makes this trigger again."""
    with connection.cursor() as cursor:
        cursor.execute(_DEFINITION[connection.vendor], [name])
        ((definition,),) = cursor.fetchall()
    return str(definition)


def _is_ours(name: str) -> bool:
    return name.startswith(PREFIX) or name in _superseded


def _drop(connection: BaseDatabaseWrapper, triggers: dict[str, str]) -> None:
    with connection.cursor() as cursor:
        for name, table in triggers.items():
            cursor.execute(_drop_statement(connection, name, table))


def _drop_statement(connection: BaseDatabaseWrapper, name: str, table: str) -> str:
    of_table = "" if connection.vendor == "sqlite" else f" ON {table}"
    return f"DROP TRIGGER IF EXISTS {name}{of_table}"


def _drop_unused_functions(connection: BaseDatabaseWrapper) -> None:
    """PostgreSQL keeps the function of a trigger that went with its table."""
    if connection.vendor != "postgresql":
        return
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT proname FROM pg_proc WHERE starts_with(proname, %s) "
            "AND pronamespace = current_schema()::regnamespace "
            "AND NOT EXISTS (SELECT 1 FROM pg_trigger WHERE tgfoid = pg_proc.oid)",
            [PREFIX],
        )
        for (name,) in cursor.fetchall():
            cursor.execute(f"DROP FUNCTION IF EXISTS {name}()")


def before_migrating(*, using: str, plan: object = None, **_: object) -> None:
    """Receiver of `pre_migrate`."""
    if plan:
        make_way(connections[using])


def after_migrating(*, using: str, **_: object) -> None:
    """Receiver of `post_migrate`, which Django also sends where there was nothing to migrate."""
    install(connections[using])
