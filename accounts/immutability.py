"""What the database itself refuses, whoever asks: ORM, shell or SQL.

An app declares each `Refusal` once (the clinical record does in `scans/immutability.py`). They
become triggers of SQLite or PostgreSQL, which every `manage.py migrate` compares with the declared
ones, by name and by definition, and puts right when it is done. During a migration those stand
that were there before it: a table that SQLite builds anew has them back before the next statement
(`accounts.schema_editor`), so that no data migration changes what is signed or finished.
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


# PostgreSQL's `pg_trigger.tgtype` of a trigger BEFORE each: for each row, but TRUNCATE at once.
_TRIGGER_TYPES = {Event.INSERT: 7, Event.DELETE: 11, Event.UPDATE: 19, Event.TRUNCATE: 34}


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
        if vendor == "sqlite":
            when = f"WHEN {condition} " if condition else ""
            sentence = self.refusal.sentence.replace("'", "''")
            return [
                f"CREATE TRIGGER {self.name} BEFORE {self.event} ON {table} FOR EACH ROW {when}"
                f"BEGIN SELECT RAISE(ABORT, '{sentence}'); END"
            ]
        each = "STATEMENT" if self.event is Event.TRUNCATE else "ROW"
        return [
            f"CREATE OR REPLACE FUNCTION {self.name}() RETURNS trigger AS $${self._body()}$$ "
            "LANGUAGE plpgsql",
            f"CREATE TRIGGER {self.name} BEFORE {self.event} ON {table} "
            f"FOR EACH {each} EXECUTE FUNCTION {self.name}()",
        ]

    def says(self, vendor: str) -> str:
        """What the database answers where the trigger is as it was made; see `_FOUND`."""
        if vendor == "sqlite":
            (statement,) = self.statements(vendor)
            return statement
        return f"{_TRIGGER_TYPES[self.event]} t {self._body()}"

    def _body(self) -> str:
        """What PostgreSQL's function does.

        The condition stands here, not in the trigger's WHEN: PostgreSQL would refuse a migration
        that changes the type of a column which a WHEN names.
        """
        goes_on = {Event.DELETE: "OLD", Event.TRUNCATE: "NULL"}.get(self.event, "NEW")
        sentence = self.refusal.sentence.replace("'", "''")
        return (
            f" BEGIN IF {self.refusal.condition or 'TRUE'} THEN "
            f"RAISE EXCEPTION USING MESSAGE = '{sentence}', ERRCODE = 'check_violation'; END IF; "
            f"RETURN {goes_on}; END "
        )


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

    Tables and columns that do not exist (a database that was migrated back) are left out.
    """
    wanted = {trigger.name: trigger for trigger in _wanted(connection)}
    found = _found(connection)
    outdated = {name: row for name, row in found.items() if name not in wanted}
    new = [
        trigger
        for trigger in wanted.values()
        if not _works(connection, trigger, found)
        and _fits(connection, trigger.refusal.table, trigger.refusal.condition)
    ]
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
    """What is declared and not there, switched off, or changed under its name. Two queries."""
    found = _found(connection)
    return [t for t in _wanted(connection) if not _works(connection, t, found)]


@contextmanager
def lifted(connection: BaseDatabaseWrapper, *tables: str) -> Iterator[None]:
    """Inside, these tables refuse nothing. One transaction: if it fails, nothing has happened.

    For `accounts.migration_tools.fill_protected_rows`, which proves what was changed, for
    `accounts.schema_editor`, and for tests. No code that answers a request uses it. What comes
    back is what was there (the schema may stand between two migrations), but for triggers that name
    a column which has gone.
    """
    with transaction.atomic(using=connection.alias):
        _settle(connection)
        found = {name: row for name, row in _found(connection).items() if row.table in tables}
        _drop(connection, found)
        yield
        _settle(connection)
        with connection.cursor() as cursor:
            for name in sorted(found.keys() - _found(connection).keys()):
                if _fits(connection, found[name].table, found[name].says):
                    cursor.execute(found[name].definition)


def tables_looking_at(connection: BaseDatabaseWrapper, table: str) -> set[str]:
    """Return the tables whose triggers name this one: itself too, where it has any. SQLite."""
    return {row.table for row in _looking_at(connection, table).values()}


def drop_looking_at(connection: BaseDatabaseWrapper, table: str) -> None:
    """Drop the triggers that name this table, because it goes for good. SQLite."""
    _drop(connection, _looking_at(connection, table))


def _looking_at(connection: BaseDatabaseWrapper, table: str) -> dict[str, "_Found"]:
    return {
        name: row
        for name, row in _found(connection).items()
        if table in re.findall(r"\w+", row.definition)
    }


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


@dataclass(frozen=True)
class _Found:
    """A trigger of ours that the database has: the statement that makes it, and what it says."""

    table: str
    definition: str
    says: str


# A function can be replaced under its name, and a trigger can ask less often than it should.
_FOUND = {
    "sqlite": "SELECT name, tbl_name, sql, sql FROM sqlite_master WHERE type = 'trigger'",
    "postgresql": """
        SELECT tgname, relname, pg_get_triggerdef(pg_trigger.oid),
            concat_ws(' ', tgtype, tgqual IS NULL AND tgattr::text = '', prosrc)
        FROM pg_trigger
        JOIN pg_class ON pg_class.oid = tgrelid
        JOIN pg_proc ON pg_proc.oid = tgfoid
        WHERE NOT tgisinternal AND tgenabled IN ('O', 'A')
        AND relnamespace = current_schema()::regnamespace
    """,
}


def _found(connection: BaseDatabaseWrapper) -> dict[str, _Found]:
    """Our triggers that are switched on, by name."""
    with connection.cursor() as cursor:
        cursor.execute(_FOUND[connection.vendor])
        return {name: _Found(*row) for name, *row in cursor.fetchall() if _is_ours(name)}


def _works(connection: BaseDatabaseWrapper, trigger: Trigger, found: dict[str, _Found]) -> bool:
    row = found.get(trigger.name)
    return row is not None and row.says == trigger.says(connection.vendor)


def _fits(connection: BaseDatabaseWrapper, table: str, text: str) -> bool:
    """Whether the table has the columns; else every write would fail, and on SQLite any rename."""
    named = re.findall(r"\b(?:OLD|NEW)\.(\w+)", text)
    return set(columns_of(connection, table)).issuperset(named)


def columns_of(connection: BaseDatabaseWrapper, table: str) -> list[str]:
    """Return the names; Django's introspection stumbles over some of SQLite's constraints."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT * FROM {table} WHERE 1 = 0")  # noqa: S608 (our own tables)
        return [column[0] for column in cursor.description]


def _is_ours(name: str) -> bool:
    return name.startswith(PREFIX) or name in _superseded


def _drop(connection: BaseDatabaseWrapper, triggers: dict[str, _Found]) -> None:
    with connection.cursor() as cursor:
        for name, row in triggers.items():
            cursor.execute(_drop_statement(connection, name, row.table))


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


def after_migrating(*, using: str, **_: object) -> None:
    """Receiver of `post_migrate`, which Django also sends where there was nothing to migrate."""
    install(connections[using])
