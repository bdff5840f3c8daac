"""The rows that the database itself refuses to delete, and those of this application."""

from django.apps import apps

from accounts.immutability import Event, Refusal, declare
from accounts.undeletable import Undeletable


def undeletable_rows(app: str, *, sentence: str) -> tuple[Refusal, ...]:
    """Return a refusal for the table of each `Undeletable` model of this application."""
    return tuple(
        Refusal(
            name=f"row_of_{model._meta.db_table}",
            table=model._meta.db_table,
            events=(Event.DELETE, Event.TRUNCATE),
            sentence=sentence,
        )
        for model in apps.get_app_config(app).get_models()
        if issubclass(model, Undeletable)
    )


UNDELETABLE = undeletable_rows("accounts", sentence="No clinic and no person is deleted.")

declare(UNDELETABLE)
