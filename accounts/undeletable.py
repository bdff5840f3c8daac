"""Rows that the application never deletes: the clinical record, its clinics and its people."""

from typing import Any, NoReturn, TypeVar

from django.db import models

Row = TypeVar("Row", bound=models.Model, covariant=True)
_SENTENCE = "The record is kept: archive, deactivate or cancel instead of deleting."


class UndeletableError(TypeError):
    """Raised by every attempt to delete a row that is kept."""


class UndeletableQuerySet(models.QuerySet[Row]):
    def delete(self) -> NoReturn:
        raise UndeletableError(_SENTENCE)


class Undeletable:
    """For models; the rows' QuerySet is a `UndeletableQuerySet`."""

    def delete(self, *args: Any, **kwargs: Any) -> NoReturn:
        raise UndeletableError(_SENTENCE)
