"""Clinics, tokens and the audit trail in the administration."""

import html

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from knox.models import AuthToken

from accounts import audit, audit_events
from accounts.audit_registry import declared_events, declared_kinds
from accounts.clinics import READING_SETTINGS
from accounts.models import AuditChain, AuditEvent, Clinic
from accounts.tests.administration.pages import (
    page,
)
from accounts.tests.factories import ClinicFactory, UserFactory
from accounts.tokens import create_token
from scans.services.studies.priority import set_priority
from scans.tests.core.factories import make_analysis

pytestmark = [pytest.mark.django_db, pytest.mark.long]


def test_a_superuser_adds_and_renames_clinics(client, superuser):
    client.force_login(superuser)

    client.post(page(Clinic, "add"), {"name": "North"})
    clinic = Clinic.objects.get(name="North")
    settings = {name: getattr(clinic, name) for name in READING_SETTINGS}
    sent = {name: value for name, value in settings.items() if value is not False}
    client.post(page(Clinic, "change", clinic.pk), sent | {"name": "North Wing"})

    clinic.refresh_from_db()
    assert clinic.name == "North Wing"
    assert {name: getattr(clinic, name) for name in READING_SETTINGS} == settings
    recorded = AuditEvent.objects.filter(chain_id=str(clinic.pk)).order_by("id")
    assert [event.action for event in recorded] == ["clinic.added", "clinic.renamed"]


def test_a_superuser_changes_how_a_clinic_reads(client, superuser):
    client.force_login(superuser)
    clinic = ClinicFactory()
    caps = {
        "stat_max_wait_minutes": 30,
        "urgent_max_wait_minutes": 240,
        "routine_max_wait_minutes": 1440,
        "signing_minutes": 15,
        "file_identity": "keep",
        "arrival_quiet_seconds": 120,
        "warns_of_unshown_images": "on",
    }
    address = page(Clinic, "change", clinic.pk)
    client.post(address, caps | {"name": clinic.name, "read_first": "on"})

    clinic.refresh_from_db()
    assert (clinic.read_first, clinic.double_reading, clinic.stat_max_wait_minutes) == (
        True,
        False,
        30,
    )
    event = AuditEvent.objects.get(action="clinic.settings_changed")
    assert event.detail == {"read_first": [False, True], "stat_max_wait_minutes": [60, 30]}

    refused = client.post(address, caps | {"name": clinic.name, "stat_max_wait_minutes": 300})
    assert "Stat must not wait longer than urgent" in html.unescape(refused.content.decode())
    clinic.refresh_from_db()
    assert clinic.stat_max_wait_minutes == 30


def test_tokens_are_revoked(site, superuser):
    own, _ = create_token(user=UserFactory())
    other, _ = create_token(user=UserFactory())

    response = site.post(
        page(AuthToken, "changelist"),
        {"action": "revoke", "_selected_action": [own.pk]},
        follow=True,
    )

    assert "Tokens revoked: 1." in response.content.decode()
    assert list(AuthToken.objects.all()) == [other]
    assert AuditEvent.objects.get(action="token.revoked").actor == superuser


def test_the_trail_cannot_be_written(client, superuser):
    client.force_login(superuser)
    event = audit.record(actor=None, event=audit_events.ACCOUNT_SIGN_IN_FAILED)

    assert client.post(page(AuditEvent, "change", event.pk), {"action": "x"}).status_code == 403
    assert client.get(page(AuditEvent, "add")).status_code == 403


def test_the_trail_is_filtered_by_kind_and_by_patient(site):
    analysis = make_analysis(user=UserFactory())
    patient = analysis.image.patient

    listed = site.get(page(AuditEvent, "changelist"), {"kind": "study"}).context["cl"].queryset
    assert {event.action for event in listed} == {"study.received"}
    listed = site.get(page(AuditEvent, "changelist"), {"patient_id": patient.pk})
    assert {event.patient_id for event in listed.context["cl"].queryset} == {patient.pk}


def test_the_filters_of_the_trail_offer_the_declared_events(site, superuser):
    analysis = make_analysis(user=UserFactory())
    set_priority(user=superuser, study=analysis.image.study, priority="stat")
    trail = page(AuditEvent, "changelist")

    _, kinds, *_ = site.get(trail).context["cl"].filter_specs
    assert [value for value, _ in kinds.lookup_choices] == declared_kinds()

    chosen = site.get(trail, {"kind": "study", "event": "study.prioritized"}).context["cl"]
    assert {event.action for event in chosen.queryset} == {"study.prioritized"}
    assert dict(chosen.filter_specs[2].lookup_choices) == {
        event.name: event.sentence for event in declared_events() if event.kind == "study"
    }
    create_token(user=superuser)
    other_kind = site.get(trail, {"kind": "token", "event": "study.prioritized"}).context["cl"]
    assert {event.action for event in other_kind.queryset} == {"token.created"}


def test_an_event_in_the_address_is_found_without_its_kind(site, superuser):
    make_analysis(user=UserFactory())
    create_token(user=superuser)
    trail = page(AuditEvent, "changelist")

    found = site.get(trail, {"event": "study.received"}).context["cl"].queryset
    assert {event.action for event in found} == {"study.received"}
    assert not site.get(trail, {"event": "study.recieved"}).context["cl"].queryset.exists()


def test_an_event_is_shown_with_its_sentence(site, superuser):
    event = audit.record(actor=superuser, event=audit_events.ACCOUNT_PASSWORD_RESET)
    shown = site.get(page(AuditEvent, "change", event.pk)).content.decode()
    assert "Set the password of the account with a one-time link." in shown


def test_the_chains_are_listed_with_their_clinics_by_as_many_queries_however_many(
    client, superuser
):
    client.force_login(superuser)

    def queries(*, chains):
        for clinic in ClinicFactory.create_batch(chains):
            AuditChain.objects.create(key=str(clinic.pk))
        client.get(page(AuditChain, "changelist"))
        with CaptureQueriesContext(connection) as found:
            response = client.get(page(AuditChain, "changelist"))
        for clinic in Clinic.objects.filter(pk__in=AuditChain.objects.values("key")):
            assert str(clinic) in response.content.decode()
        return len(found)

    assert queries(chains=1) == queries(chains=5)
