"""How SQLite alters a table and keeps its triggers.

Django alters most tables there by building them anew, and with the old table its triggers go;
besides, a table cannot be built anew while the trigger of another table names it. PostgreSQL alters
a table in place, with its triggers.
"""

from typing import Any

from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.backends.sqlite3.schema import DatabaseSchemaEditor
from django.db.models import Model

from accounts.immutability import drop_looking_at, lifted, tables_looking_at


class KeepingSchemaEditor(DatabaseSchemaEditor):
    """Django's, whose tables refuse after each operation of a migration what they did before it."""

    def __exit__(self, exc_type: Any, exc_value: Any, traceback: Any) -> None:
        if exc_type is None:
            super().__exit__(exc_type, exc_value, traceback)
            return
        # Django would ask for broken foreign keys first, which a transaction that is to be undone
        # does not answer: the operator would read of that instead of what was refused, and the
        # transaction would stay open.
        try:
            BaseDatabaseSchemaEditor.__exit__(self, exc_type, exc_value, traceback)
        finally:
            self.connection.enable_constraint_checking()

    def _remake_table(self, model: type[Model], *args: Any, **kwargs: Any) -> None:
        # The one place where Django builds a table anew. The triggers come back as they were, not
        # as they are declared today: the schema stands between two migrations.
        tables = tables_looking_at(self.connection, model._meta.db_table)
        with lifted(self.connection, *tables):
            super()._remake_table(model, *args, **kwargs)  # type: ignore[misc]

    def remove_field(self, model: type[Model], field: Any) -> None:
        """Drop a column and the triggers that name it, for which SQLite would refuse."""
        with lifted(self.connection, *tables_looking_at(self.connection, model._meta.db_table)):
            super().remove_field(model, field)

    def delete_model(self, model: type[Model], *args: Any, **kwargs: Any) -> None:
        """Delete the model's table, and the triggers of other tables that look at it."""
        drop_looking_at(self.connection, model._meta.db_table)
        super().delete_model(model, *args, **kwargs)


def keep_triggers(*, connection: BaseDatabaseWrapper, **_: Any) -> None:
    """Receiver of `connection_created`: whoever migrates, through a command or not."""
    if connection.vendor == "sqlite":
        connection.SchemaEditorClass = KeepingSchemaEditor
