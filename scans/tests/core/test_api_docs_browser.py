"""/api/docs/ in a real browser: it works under our content security policy."""

import pytest
from playwright.sync_api import expect

from accounts.tests.factories import UserFactory
from scans.tests.core.factories import PatientFactory

pytestmark = pytest.mark.browser


def test_the_page_follows_the_dark_theme_and_leads_back(browsing):
    page = browsing.of(UserFactory(), color_scheme="dark")
    page.goto("/api/docs/")
    background = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert max(int(part) for part in background[4:-1].split(",")) < 60
    page.get_by_role("link", name="Back to NeuroScan").click()
    page.wait_for_url(lambda url: "/api/docs" not in url)


def test_the_page_shows_the_operations_and_tries_them_out(browsing):
    person = UserFactory()
    PatientFactory(created_by=person, family_name="Shownpatient")
    page = browsing.of(person)
    page.goto("/api/docs/")
    operation = page.locator("#operations-patients-patients_list")
    expect(operation).to_contain_text("Find patients")
    operation.locator(".opblock-summary-control").click()
    operation.get_by_role("button", name="Try it out").click()
    operation.get_by_role("button", name="Execute").click()
    expect(operation.locator(".live-responses-table")).to_contain_text("Shownpatient")
