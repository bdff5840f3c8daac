"""Reads count: what shows a patient leaves an event, or the table says why it does not."""

from copy import deepcopy
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import AuditEvent
from accounts.tests.factories import UserFactory
from scans.tests.core.factories import ReleaseFactory
from scans.tests.core.isolation_table import (
    ADMIN_ROWS,
    ADMIN_WHY_NOT,
    ADMIN_WITHOUT_ROWS,
    EVERYWHERE,
    World,
    address,
    signed_in,
    text_of,
)

pytestmark = pytest.mark.long


@pytest.fixture
def world(kept_world, db) -> World:
    return deepcopy(kept_world)


@pytest.mark.parametrize("name", EVERYWHERE)
def test_a_read_is_in_the_audit_trail_or_the_table_says_why_not(world, name):
    client, url = signed_in(world.owner), EVERYWHERE[name]
    assert bool(url.reads) != bool(url.why_not)
    response, recorded = read(client, address(name, world))
    assert sorted(recorded) == sorted(url.reads.split())
    if url.reads:
        assert response.status_code == 200
    else:
        assert_nothing_clinical(response, world)
        assert not response.headers.get("Content-Type", "").startswith("image/")


@pytest.mark.parametrize("label", [*ADMIN_ROWS, *sorted(ADMIN_WITHOUT_ROWS)])
def test_a_read_in_the_admin_is_in_the_audit_trail_or_the_table_says_why_not(world, label):
    ReleaseFactory()
    client = signed_in(UserFactory(superuser=True))
    app, model = label.split(".")
    row = ADMIN_ROWS[label](world) if label in ADMIN_ROWS else None
    expected = [(reverse(f"admin:{app}_{model}_changelist"), f"{model}.listed")]
    if row is not None:
        expected.append((reverse(f"admin:{app}_{model}_change", args=[row.pk]), f"{model}.read"))
    for path, action in expected:
        response, recorded = read(client, path)
        assert response.status_code == 200
        if label in ADMIN_WHY_NOT:
            assert recorded == []
            assert_nothing_clinical(response, world)
        else:
            assert set(recorded) == {action}


def read(client: Client, path: str) -> tuple[Any, list[str]]:
    """The answer, and the actions that asking for it added to the trail."""
    before = AuditEvent.objects.count()
    response = client.get(path)
    newer = AuditEvent.objects.order_by("pk").values_list("action", flat=True)[before:]
    return response, list(newer)


def assert_nothing_clinical(response: Any, world: World) -> None:
    text = text_of(response)
    facts = ("Onepatient", "Onefirst", "ONE-77", "Onedescription", world.image.instance.sha256)
    assert not [fact for fact in facts if fact in text]
