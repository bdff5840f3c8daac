"""No clinic and no person is deleted: neither by Django nor in the database."""

import pytest
from django.db import IntegrityError, connection, transaction

from accounts.immutability import declared, missing_triggers
from accounts.models import Clinic, User
from accounts.tests.factories import UserFactory
from accounts.undeletable import Undeletable, UndeletableError

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("model", [Clinic, User])
def test_django_does_not_delete_them(model):
    UserFactory()
    row = model.objects.get()
    for attempt in (row.delete, model.objects.all().delete):
        with pytest.raises(UndeletableError):
            attempt()
    assert model.objects.get() == row


@pytest.mark.parametrize("model", [Clinic, User])
def test_the_database_does_not_delete_them(model):
    UserFactory()
    connection.check_constraints()  # PostgreSQL empties no table while a check of it is deferred
    table = model._meta.db_table
    statements = [f"DELETE FROM {table}"]  # noqa: S608 (the table's name is our own)
    if connection.vendor == "postgresql":
        statements.append(f"TRUNCATE {table} CASCADE")
    for statement in statements:
        with (
            pytest.raises(IntegrityError, match="is deleted"),
            transaction.atomic(),
            connection.cursor() as cursor,
        ):
            cursor.execute(statement)
    assert model.objects.exists()
    assert missing_triggers(connection) == []


def test_every_undeletable_model_has_a_trigger():
    protected = {refusal.table for refusal in declared() if refusal.name.startswith("row_of_")}
    models = {model for model in _subclasses(Undeletable) if not model._meta.abstract}
    assert {model._meta.db_table for model in models} == protected
    assert {Clinic, User} <= models


def _subclasses(base):
    return {model for model in base.__subclasses__() if not model.__module__.startswith("__fake__")}
