"""A page drawn by an address that only takes POST is reached again, as with Enter there."""

import inspect
import re
from copy import deepcopy

import pytest
from django.urls import resolve

from accounts.models import User
from accounts.tests.factories import UserFactory
from scans.models import Report
from scans.services.reports.drafting import amend_report
from scans.tests.core.isolation_table import EVERYWHERE, World, address, signed_in, url_names

# Of a view that draws a page, itself or by a helper, also for a browser that runs no script.
DRAWS = re.compile(r"\b(render|_page|_editor|_made|_refused)\(")
# These answer a page with a redirect; what they draw is for a script.
FRAGMENTS = {"report-asked", "upload-file", "study-verdict-save"}
LEADS = {
    "report-save": "report-edit",
    "report-insert": "report-edit",
    "report-sign": "report-edit",
    "report-amend": "report",
    "critical-finding-send": "critical-findings",
    "critical-finding-phone": "critical-findings",
    "study-verdict-sign": "study",
    "clinic-person-link": "clinic-person",
    "watched-folder-save": "senders",
}
OF_ADMINISTRATORS = ("clinic-person", "watched-folder")


@pytest.fixture
def world(kept_world, db) -> World:
    return deepcopy(kept_world)


def who_may(name: str, world: World) -> User:
    """Somebody of the clinic who may do it."""
    role = "administrator" if name.startswith(OF_ADMINISTRATORS) else "radiologist"
    return UserFactory(clinic=world.owner.clinic, **{role: True})


def is_of_ours(name: str) -> bool:
    return ":" not in name and not name.startswith(("account_", "usersessions"))


def only_posted(world: World) -> set[str]:
    """The addresses of our pages that take POST and show nothing of their own for a GET."""
    client = signed_in(who_may("", world))
    found = set()
    for name in filter(is_of_ours, set(url_names()) & set(EVERYWHERE)):
        response = client.get(address(name, world))
        if response.status_code == 405 or name in LEADS:
            found.add(name)
    return found


def test_each_that_draws_a_page_leads_a_get_to_its_page(world):
    names = only_posted(world)
    assert names > set(LEADS)
    draw = {
        name
        for name in names
        if DRAWS.search(inspect.getsource(inspect.unwrap(resolve(address(name, world)).func)))
    }
    assert draw - FRAGMENTS == set(LEADS)


@pytest.mark.parametrize("name", LEADS)
def test_a_get_leads_to_the_page_it_belongs_to(world, name):
    person = who_may(name, world)
    if LEADS[name] == "report-edit":
        world.report = amend_report(
            user=person, report=Report.objects.get(), reason="For the test."
        )
    client = signed_in(person)
    for method in (client.get, client.head):
        response = method(address(name, world), {"back": "viewer"})
        assert response.status_code == 302
        assert response["Location"] == f"{address(LEADS[name], world)}?back=viewer"
    assert client.get(address(name, world), follow=True).status_code == 200
    assert client.put(address(name, world)).status_code == 405
