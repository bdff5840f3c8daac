"""A clinical write: the permission, one transaction, its audit events at its end in one go."""

import pytest
from django.contrib.auth.models import AnonymousUser
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from accounts import audit
from accounts.audit_events import CLINIC_ADDED, CLINIC_RENAMED
from accounts.clinical_write import clinical_transaction, clinical_write
from accounts.models import AuditEvent, Clinic
from accounts.policy import Action, NotAllowedError
from accounts.tests.factories import ClinicFactory, UserFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def user():
    return UserFactory(superuser=True)


@clinical_write(Action.MANAGE_CLINICS, on="clinic")
def rename(*, user, clinic, name, fail=False):
    clinic.name = name
    clinic.save()
    audit.record(actor=user, event=CLINIC_RENAMED, row=clinic)
    if fail:
        raise ValueError(name)


def recorded() -> list[tuple[str, str]]:
    events = AuditEvent.objects.order_by("id").values_list("chain_id", "action")
    return [(str(chain), action) for chain, action in events]


def test_the_permission_is_asked_before_anything_is_written():
    clinic = ClinicFactory()
    for person in (UserFactory(clinic=clinic), AnonymousUser()):
        with pytest.raises(NotAllowedError, match="manage clinics"):
            rename(user=person, clinic=clinic, name="Other")
    assert recorded() == []


def test_a_decorator_that_names_no_argument_of_the_service_is_refused():
    with pytest.raises(TypeError, match="has no argument patient"):

        @clinical_write(Action.EDIT_PATIENT, on="patient")
        def edit(*, user):
            pass

    with pytest.raises(TypeError, match="has no argument user"):

        @clinical_write(Action.EDIT_PATIENT)
        def forget(*, row):
            pass


def test_events_are_written_after_all_the_work_in_one_go(user):
    clinic = ClinicFactory()
    audit.record(actor=user, event=CLINIC_ADDED, row=clinic)  # the chain is there
    with CaptureQueriesContext(connection) as queries, clinical_transaction():
        for name in ("North", "South", "East"):
            rename(user=user, clinic=clinic, name=name)
        assert recorded() == [(str(clinic.pk), "clinic.added")]
    statements = [query["sql"] for query in queries]
    of_chain = [n for n, sql in enumerate(statements) if "accounts_auditchain" in sql]
    of_work = [n for n, sql in enumerate(statements) if 'UPDATE "accounts_clinic"' in sql]
    inserted = [sql for sql in statements if 'INSERT INTO "accounts_auditevent"' in sql]
    assert len(of_chain) == 2  # locked once, updated once
    assert max(of_work) < min(of_chain)
    assert len(inserted) == 1
    assert [action for _, action in recorded()] == ["clinic.added", *["clinic.renamed"] * 3]
    assert list(audit.broken_links()) == []


def test_an_exception_drops_the_events_with_what_was_written(user):
    clinic = ClinicFactory(name="As it was")
    with pytest.raises(ValueError, match="Other"):
        rename(user=user, clinic=clinic, name="Other", fail=True)
    assert recorded() == []
    assert Clinic.objects.get().name == "As it was"
    audit.record(actor=user, event=CLINIC_ADDED, row=clinic)  # nothing is collected any more
    assert recorded() == [(str(clinic.pk), "clinic.added")]


def test_a_failure_that_is_caught_inside_drops_the_events_of_that_part_only(user):
    first, second = ClinicFactory.create_batch(2)
    as_it_was = second.name
    with clinical_transaction():
        rename(user=user, clinic=first, name="Kept")
        with pytest.raises(ValueError, match="Undone"):
            rename(user=user, clinic=second, name="Undone", fail=True)
    assert recorded() == [(str(first.pk), "clinic.renamed")]
    names = Clinic.objects.values_list("name", flat=True)
    assert set(names) == {"Kept", as_it_was}


def test_the_chains_of_two_clinics_are_locked_in_the_order_of_their_keys(user):
    clinics = sorted(ClinicFactory.create_batch(3), key=lambda clinic: str(clinic.pk))
    for order in (clinics, clinics[::-1]):
        with CaptureQueriesContext(connection) as queries, clinical_transaction():
            for number, clinic in enumerate(order):
                rename(user=user, clinic=clinic, name=f"{clinic.pk} {number}")
            audit.record(actor=None, event=CLINIC_ADDED)  # in the chain of no clinic
        keys = [
            key
            for query in queries
            if query["sql"].startswith('SELECT "accounts_auditchain"')
            for key in (*(str(clinic.pk) for clinic in clinics), "system")
            if key in query["sql"]
        ]
        assert list(dict.fromkeys(keys)) == [*(str(clinic.pk) for clinic in clinics), "system"]
    assert list(audit.broken_links()) == []


def test_outside_a_clinical_write_an_event_is_written_at_once(user):
    clinic = ClinicFactory()
    with transaction.atomic():
        audit.record(actor=user, event=CLINIC_ADDED, row=clinic)
        assert recorded() == [(str(clinic.pk), "clinic.added")]


def test_a_write_without_events_leaves_the_chain_alone(user):
    with CaptureQueriesContext(connection) as queries, clinical_transaction():
        ClinicFactory()
    assert not [query for query in queries if "accounts_audit" in query["sql"]]
