"""For migrations that must fill a column of rows which the database keeps as they are."""

import hashlib
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from django.db.backends.base.base import BaseDatabaseWrapper

from accounts import audit, audit_events
from accounts.immutability import columns_of, lifted

if TYPE_CHECKING:
    from django.apps.registry import Apps
    from django.db.backends.base.schema import BaseDatabaseSchemaEditor

BATCH = 1000  # rows read at a time


class FillError(Exception):
    """A fill touched more than the columns that it named; nothing of it was kept."""


def fill_protected_rows(
    apps: "Apps",
    schema_editor: "BaseDatabaseSchemaEditor",
    *,
    model: str,
    fields: Sequence[str],
    fill: Callable[["Apps", "BaseDatabaseSchemaEditor"], None],
    reason: str,
) -> None:
    """Run `fill` while the table of `model` lets its signed or finished rows be changed.

    One transaction: the table's triggers are lifted and come back, every column but those of
    `fields` is proved to be what it was in each row, and an event in the system's audit chain says
    what was filled and why (`reason`, without a name of anybody). Raises `FillError`, and nothing
    has happened, where `fill` changed anything else of the table. To be called by a `RunPython`:

        def fill_language(apps, schema_editor):
            apps.get_model("scans", "Report").objects.filter(language="").update(language="en")

        def forwards(apps, schema_editor):
            fill_protected_rows(
                apps, schema_editor, model="scans.Report", fields=["language"], fill=fill_language,
                reason="Reports say their language; all were written in English until now.",
            )
    """
    connection = schema_editor.connection
    meta = apps.get_model(model)._meta
    table = meta.db_table
    filled = sorted(meta.get_field(name).column for name in fields)
    with lifted(connection, table):
        before = _digests(connection, table, leave_out=filled)
        fill(apps, schema_editor)
        after = _digests(connection, table, leave_out=filled)
        changed = [name for name in before if before[name] != after[name]]
        if changed:
            raise FillError(
                f"Filling {', '.join(filled)} of {table} also changed: {', '.join(changed)}. "
                "Signed and finished rows stay as they are, so the whole fill was undone."
            )
        if after["the number of rows"]:
            audit.record_in_migration(
                apps,
                event=audit_events.MIGRATION_FILLED,
                object_type=meta.model_name,
                detail={"columns": filled, "rows": after["the number of rows"], "reason": reason},
            )


def _digests(
    connection: BaseDatabaseWrapper, table: str, *, leave_out: Sequence[str]
) -> dict[str, Any]:
    """A digest of each column over all rows, in the order of their keys, and how many rows."""
    with connection.cursor() as cursor:
        key = connection.introspection.get_primary_key_column(cursor, table)
    names = [name for name in columns_of(connection, table) if name not in leave_out]
    hashes = {name: hashlib.sha256() for name in names}
    rows = 0
    for row in _rows(connection, table, names, key=str(key)):
        rows += 1
        identity = row[names.index(str(key))]
        for name, value in zip(names, row, strict=True):
            hashes[name].update(repr((identity, value)).encode())
    return {"the number of rows": rows} | {name: h.hexdigest() for name, h in hashes.items()}


def _rows(
    connection: BaseDatabaseWrapper, table: str, names: Sequence[str], *, key: str
) -> Iterator[tuple[Any, ...]]:
    """All rows, read in batches."""
    quote = connection.ops.quote_name
    select = f"SELECT {', '.join(map(quote, names))} FROM {quote(table)}"  # noqa: S608
    order = f"ORDER BY {quote(key)} LIMIT {BATCH}"
    with connection.cursor() as cursor:
        cursor.execute(f"{select} {order}")
        while batch := cursor.fetchall():
            yield from batch
            last = batch[-1][names.index(key)]
            cursor.execute(f"{select} WHERE {quote(key)} > %s {order}", [last])
