"""Rows that are never deleted: the clinical record, its clinics and its people.

Django refuses here; the database refuses by a trigger on each of these tables, which
`scans/immutability.py` and `accounts/undeletable_rows.py` declare. Audit events refuse by their own
model (`accounts/models/audit_event.py`); a trigger of theirs is to come.
"""

from typing import Any, NoReturn, TypeVar

from django.db import models

Row = TypeVar("Row", bound=models.Model, covariant=True)
_SENTENCE = "The record is kept: archive, deactivate or cancel instead of deleting."


class UndeletableError(TypeError):
    """Raised by every attempt to delete an undeletable row."""


class UndeletableQuerySet(models.QuerySet[Row]):
    """Rows that are never deleted."""

    def delete(self) -> NoReturn:
        """Raise `UndeletableError`."""
        raise UndeletableError(_SENTENCE)


class Undeletable:
    """Base of models whose rows are never deleted; their QuerySet is an `UndeletableQuerySet`."""

    def delete(self, *args: Any, **kwargs: Any) -> NoReturn:
        """Raise `UndeletableError`."""
        raise UndeletableError(_SENTENCE)
