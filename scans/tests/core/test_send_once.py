"""A form that posts is sent once: every page that has one brings the script that sees to it."""

from copy import deepcopy
from urllib.parse import urlsplit

import pytest
from django.templatetags.static import static
from django.test import Client
from django.urls import reverse

from accounts.tests.factories import UserFactory
from scans.models import Report
from scans.services.reports.drafting import amend_report
from scans.tests.core.isolation_table import (
    ADMIN_ROWS,
    EVERYWHERE,
    World,
    address,
    signed_in,
    text_of,
)
from scans.tests.core.page_forms import forms_of

SCRIPT = static("js/core/send_once.js")
PAGES = sorted(name for name in EVERYWHERE if not name.startswith("api:"))


@pytest.fixture
def world(kept_world, db) -> World:
    return deepcopy(kept_world)


def pages_with_forms(client: Client, addresses: list[str]) -> dict[str, str]:
    """Each whole page with a form that posts; a fragment stands in one of them."""
    found = {}
    for page in addresses:
        response = client.get(page)
        if response.headers.get("Content-Type", "").startswith("text/html"):
            text = text_of(response)
            if "<html" in text and forms_of(text, page=page):
                found[page] = text
    return found


def addresses_of(role: str, world: World) -> tuple[Client, list[str]]:
    if role == "nobody":
        return Client(), [address(name, world) for name in PAGES]
    if role == "superuser":
        return signed_in(UserFactory(superuser=True)), [
            reverse(f"admin:{label.replace('.', '_')}_change", args=[row_of(world).pk])
            for label, row_of in ADMIN_ROWS.items()
        ]
    person = UserFactory(clinic=world.owner.clinic, **{role: True})
    client, more = signed_in(person), []
    if role == "radiologist":
        draft = amend_report(user=person, report=Report.objects.get(), reason="For the test.")
        more = [reverse("report-edit", args=[draft.pk])]
    return client, [address(name, world) for name in PAGES] + more


@pytest.mark.parametrize(
    ("role", "at_least"),
    [
        ("nobody", 2),
        ("clinician", 10),
        ("radiologist", 20),
        ("administrator", 20),
        ("superuser", 8),
    ],
)
def test_every_page_with_a_form_that_posts_sends_it_once(world, role, at_least):
    client, addresses = addresses_of(role, world)
    pages = pages_with_forms(client, addresses)
    assert len(pages) >= at_least
    assert not [page for page, text in pages.items() if text.count(SCRIPT) != 1]


@pytest.mark.parametrize(("role", "at_least"), [("radiologist", 4), ("administrator", 5)])
def test_a_form_whose_answer_is_a_file_says_so(world, role, at_least):
    """No page follows that would end the waiting. `test_every_form` has the others."""
    client, addresses = addresses_of(role, world)
    pages = pages_with_forms(client, addresses)
    forms = [form for page, text in pages.items() for form in forms_of(text, page=page)]
    files = {one.address: one for one in forms if urlsplit(one.address).path.endswith(".csv")}
    assert len(files) >= at_least
    for one in files.values():
        response = client.post(one.address, one.sent)
        assert response.headers["Content-Disposition"].startswith("attachment"), one.address
    says = {one.address for one in forms if one.answers_with_a_file}
    assert says == set(files)
