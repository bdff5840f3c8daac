"""Events keep the names they were sealed with; what those names mean is in one list."""

import hashlib
import json

import pytest
from django.apps import apps
from django.urls import reverse

from accounts import audit, audit_events, object_types
from accounts.audit_events import CLINIC_RENAMED
from accounts.models import AuditEvent
from accounts.tests.factories import UserFactory

pytestmark = pytest.mark.django_db

# Every name that an event of any version may hold. Add to it; a name never leaves it.
EVER_STORED = {
    "analysis": "analysis",
    "analysisrule": "analysis rule",
    "annotation": "annotation",
    "applicationentity": "application entity",
    "annotationversion": "annotation version",
    "assessment": "assessment",
    "auditchain": "audit chain",
    "auditevent": "audit event",
    "authtoken": "auth token",
    "clinic": "clinic",
    "clinicreason": "clinic reason",
    "criticalfinding": "critical finding",
    "hangingprotocol": "hanging protocol",
    "image": "image",
    "instance": "instance",
    "keyimage": "key image",
    "labellist": "label list",
    "modelrelease": "model release",
    "newimagesreview": "review of new images",
    "patient": "patient",
    "patientidentifier": "patient identifier",
    "receivedobject": "received object",
    "recordchange": "record change",
    "report": "report",
    "reporttemplate": "report template",
    "series": "series",
    "spacingcalibration": "spacing calibration",
    "study": "study",
    "user": "person",
    "verdict": "verdict",
    "watchedfolder": "watched folder",
    "worker": "worker",
    "worklistview": "worklist view",
}


def test_every_name_that_was_ever_stored_has_a_label_and_a_model():
    labels = {name: object_types.label_of(name) for name in EVER_STORED}
    assert labels == EVER_STORED
    assert all(object_types.model_of(name) for name in EVER_STORED)


def test_every_model_that_an_event_can_be_about_is_in_the_list():
    """A model that is new or renamed fails here until the list (and `RENAMED`) says what it is."""
    models = [
        *apps.get_app_config("accounts").get_models(),
        *apps.get_app_config("scans").get_models(),
    ]
    # No event is about a mail or a notification: it is of what these tell of.
    not_told = {"outgoingmail", "notification"}
    # No event is about one; one about a statement is about its series or its study, one about a
    # comparison about the study that was read.
    no_object = {"comparison", "idempotentrequest", "seriesstatement", "sliceevidence"}
    assert {model._meta.model_name for model in models} - no_object - not_told <= set(EVER_STORED)


def test_no_name_means_two_models():
    names = [model._meta.model_name for model in apps.get_models()]
    assert all(names.count(object_types.RENAMED.get(name, name)) == 1 for name in EVER_STORED)


def test_what_a_model_was_called_before_is_found_and_linked(monkeypatch, client):
    monkeypatch.setitem(object_types.RENAMED, "tenant", "clinic")
    admin = UserFactory(superuser=True)
    clinic = UserFactory().clinic
    assert object_types.label_of("tenant") == "clinic"
    assert object_types.stored_names(type(clinic)) == ["clinic", "tenant"]
    chain = audit.record(actor=admin, event=CLINIC_RENAMED, row=clinic).chain
    event = AuditEvent(
        chain=chain,
        sequence=2,
        at=chain.events.get().at,
        action="tenant.renamed",
        object_type="tenant",
        object_id=str(clinic.pk),
        previous_hash=chain.last_hash,
    )
    event.hash = event.sealed_hash()
    event.save()
    chain.length, chain.last_hash = 2, event.hash
    chain.save()
    client.force_login(admin)
    page = client.get(reverse("admin:accounts_auditevent_changelist")).content.decode()
    link = reverse("admin:accounts_clinic_change", args=[clinic.pk])
    assert page.count(f'href="{link}">clinic: {clinic}') == 2
    history = reverse("admin:accounts_clinic_history", args=[clinic.pk])
    trail = client.get(history, follow=True).content.decode()
    assert "clinic.renamed" in trail
    assert "tenant.renamed" in trail


def test_what_is_hashed_is_what_the_row_holds_word_for_word(monkeypatch):
    """A new name for a model, an action or a label changes no seal that exists."""
    person = UserFactory()
    detail = {"token": "12345678"}
    event = audit.record(actor=person, event=audit_events.TOKEN_CREATED, row=person, detail=detail)
    content = {
        "chain": str(person.clinic_id),
        "sequence": 1,
        "at": event.at.isoformat(),
        "clinic": str(person.clinic_id),
        "actor": person.pk,
        "action": "token.created",
        "object": ["user", str(person.pk)],
        "patient": "",
        "address": "",
        "detail": detail,
        "previous": "",
    }
    sealed = hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()
    assert event.hash == sealed
    monkeypatch.setattr(type(person)._meta, "model_name", "somebody")
    monkeypatch.setattr(type(person)._meta, "verbose_name", "somebody")
    assert AuditEvent.objects.get(pk=event.pk).sealed_hash() == sealed
    assert list(audit.broken_links()) == []
