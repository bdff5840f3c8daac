import json
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.core.management import CommandError, call_command
from django.db import connection, connections
from django.test import RequestFactory, override_settings

from accounts import audit, audit_events
from accounts.middleware import client_address
from accounts.models import AuditChain, AuditEvent, User
from accounts.models.audit_event import AppendOnlyError
from accounts.tests.factories import ClinicFactory, UserFactory


def raw(sql: str, *values: object) -> None:
    """What somebody with the database in their hands would do."""
    with connection.cursor() as cursor:
        cursor.execute(sql, values)


@pytest.fixture
def chain(db) -> str:
    person = UserFactory()
    for number in range(4):
        audit.record(
            actor=person,
            event=audit_events.TOKEN_CREATED,
            row=person,
            detail={"token": f"token{number}"},
        )
    return str(person.clinic_id)


def event(chain: str, sequence: int) -> AuditEvent:
    return AuditEvent.objects.get(chain_id=chain, sequence=sequence)


def broken() -> list[tuple[int, str]]:
    return [(link.sequence, link.reason) for link in audit.broken_links()]


def test_each_event_seals_the_one_before_it(chain):
    events = list(AuditEvent.objects.filter(chain_id=chain).order_by("sequence"))

    assert [row.sequence for row in events] == [1, 2, 3, 4]
    assert [row.previous_hash for row in events] == ["", *(row.hash for row in events[:-1])]
    assert broken() == []


def test_an_event_is_in_the_chain_of_the_rows_clinic_whoever_did_it(db):
    clinic = ClinicFactory()

    recorded = audit.record(
        actor=UserFactory(superuser=True), event=audit_events.CLINIC_RENAMED, row=clinic
    )

    assert recorded.chain_id == str(clinic.pk)
    assert recorded.clinic_id == clinic.pk


def test_an_event_without_a_clinic_is_in_the_systems_chain(db):
    recorded = audit.record(actor=None, event=audit_events.ACCOUNT_SIGN_IN_FAILED)

    assert recorded.chain_id == "system"


def test_events_cannot_be_changed_or_deleted_through_the_orm(chain):
    first = event(chain, 1)
    first.action = "test.forged"
    attempts = [
        first.save,
        first.delete,
        lambda: AuditEvent.objects.update(action="test.forged"),
        lambda: AuditEvent.objects.all().delete(),
        lambda: AuditEvent.objects.bulk_create([AuditEvent(chain_id=chain, sequence=9)]),
        lambda: AuditEvent.objects.bulk_update([first], ["action"]),
    ]
    for attempt in attempts:
        with pytest.raises(AppendOnlyError):
            attempt()


def test_a_person_or_clinic_with_events_cannot_be_deleted(chain):
    from django.db.models import ProtectedError

    with pytest.raises(ProtectedError):
        User._base_manager.filter(pk=event(chain, 1).actor_id).delete()


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("action", "test.forged"),
        ("detail", '{"n": 7}'),
        ("object_id", "nobody"),
        ("address", "203.0.113.9"),
        ("actor_id", None),
        ("clinic_id", None),
        ("at", "2020-01-01 00:00:00"),
    ],
)
def test_a_changed_event_is_found(chain, column, value):
    raw(
        f"UPDATE accounts_auditevent SET {column} = %s WHERE id = %s",  # noqa: S608
        value,
        event(chain, 2).pk,
    )
    assert broken() == [(2, "The content of this event changed.")]


def test_an_event_that_was_changed_and_sealed_anew_is_found_by_its_follower(chain):
    second = event(chain, 2)
    second.action = "test.forged"
    raw(
        "UPDATE accounts_auditevent SET action = %s, hash = %s WHERE id = %s",
        second.action,
        second.sealed_hash(),
        second.pk,
    )
    assert broken() == [(3, "The event before this one changed.")]


def test_a_removed_event_is_found(chain):
    raw("DELETE FROM accounts_auditevent WHERE id = %s", event(chain, 2).pk)
    assert broken() == [(2, "This event was removed.")]


def test_removing_the_newest_events_is_found(chain):
    raw("DELETE FROM accounts_auditevent WHERE id = %s", event(chain, 4).pk)
    assert broken() == [(4, "The newest events were removed.")]


def test_a_chain_that_was_rewritten_as_a_whole_is_found_by_heads_kept_elsewhere(
    chain, tmp_path, capsys
):
    kept = tmp_path / "heads.json"
    call_command("verify_audit_trail", heads_to=kept)
    assert "whole" in capsys.readouterr().out

    raw("DELETE FROM accounts_auditevent WHERE id = %s", event(chain, 4).pk)
    AuditChain.objects.filter(key=chain).update(length=3, last_hash=event(chain, 3).hash)

    call_command("verify_audit_trail")
    with pytest.raises(CommandError, match="broken in 1 places"):
        call_command("verify_audit_trail", heads_from=kept)


def test_the_check_says_what_to_do_with_a_file_that_is_no_list_of_heads(db, tmp_path):
    wrong = tmp_path / "wrong.json"
    wrong.write_text(json.dumps([{"a": 1}]))

    with pytest.raises(CommandError, match="heads-to"):
        call_command("verify_audit_trail", heads_from=wrong)


@pytest.mark.django_db(transaction=True)
def test_events_recorded_at_the_same_moment_form_one_chain():
    person = UserFactory()

    def record(number: int) -> None:
        try:
            audit.record(
                actor=person,
                event=audit_events.TOKEN_CREATED,
                row=person,
                detail={"token": f"token{number}"},
            )
        finally:
            connections.close_all()

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(record, range(40)))

    events = AuditEvent.objects.filter(chain_id=str(person.clinic_id)).order_by("sequence")
    assert [row.sequence for row in events] == list(range(1, 41))
    assert broken() == []


@pytest.mark.parametrize(
    ("proxies", "forwarded", "remote", "expected"),
    [
        (0, "203.0.113.9", "192.0.2.1", "192.0.2.1"),
        (1, "203.0.113.9", "192.0.2.1", "203.0.113.9"),
        (1, "198.51.100.7, 203.0.113.9", "192.0.2.1", "203.0.113.9"),
        (1, "", "192.0.2.1", "192.0.2.1"),
        (1, "not-an-address", "192.0.2.1", "192.0.2.1"),
        (0, "", "", None),
        (0, "", "2001:DB8::1", "2001:db8::1"),
        (0, "", "::ffff:192.0.2.1", "192.0.2.1"),
        (0, "", "fe80::1%eth0", "fe80::1"),
    ],
)
def test_the_address_is_the_one_that_a_trusted_proxy_saw(proxies, forwarded, remote, expected):
    request = RequestFactory().get("/", REMOTE_ADDR=remote)
    if forwarded:
        request.META["HTTP_X_FORWARDED_FOR"] = forwarded
    with override_settings(TRUSTED_PROXIES=proxies):
        assert client_address(request) == expected


def test_an_event_with_an_address_can_be_verified_after_it_is_read_back(db):
    for address in ("192.0.2.1", "2001:db8::1", "fe80::1"):
        with audit.coming_from(address):
            audit.record(actor=None, event=audit_events.ACCOUNT_SIGN_IN_FAILED)
    assert broken() == []
