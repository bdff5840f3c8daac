"""/api/docs/ in a real browser: it works under our content security policy."""

from urllib.parse import urlsplit

import pytest
from django.conf import settings
from django.test import Client
from playwright.sync_api import expect, sync_playwright

from accounts.tests.factories import UserFactory
from neuroscan_site.tests.programs import find_chromium
from scans.tests.factories import PatientFactory

pytestmark = pytest.mark.browser


@pytest.fixture
def session(transactional_db) -> str:
    person = UserFactory()
    PatientFactory(created_by=person, family_name="Shownpatient")
    client = Client()
    client.force_login(person)
    return client.cookies[settings.SESSION_COOKIE_NAME].value


def test_the_page_shows_the_operations_and_tries_them_out(live_server, session):
    complaints, hosts = [], set()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=find_chromium(), args=["--no-sandbox", "--disable-gpu"]
        )
        context = browser.new_context()
        context.add_cookies(
            [{"name": settings.SESSION_COOKIE_NAME, "value": session, "url": live_server.url}]
        )
        page = context.new_page()
        page.on("console", lambda said: complaints.append(said.text) if said.type == "error" else 0)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("request", lambda request: hosts.add(urlsplit(request.url).netloc))
        page.goto(f"{live_server.url}/api/docs/")
        operation = page.locator("#operations-patients-patients_list")
        expect(operation).to_contain_text("Find patients")
        operation.locator(".opblock-summary-control").click()
        operation.get_by_role("button", name="Try it out").click()
        operation.get_by_role("button", name="Execute").click()
        expect(operation.locator(".live-responses-table")).to_contain_text("Shownpatient")
        browser.close()
    assert complaints == []
    assert {host for host in hosts if host} == {urlsplit(live_server.url).netloc}
