"""A form that posts is sent once, also by a double Enter: the first answer is shown."""

import re

import pytest
from django.urls import reverse
from playwright.sync_api import Page, Route, expect

from accounts import invitations, outbox, people_pages
from accounts.models import User
from accounts.tests.factories import UserFactory
from scans.models import Patient
from scans.tests.core.factories import make_analyzed_study

pytestmark = pytest.mark.browser


def hold(page: Page, pattern: str) -> list[Route]:
    """Hold back what is posted there until the test lets it go."""
    held: list[Route] = []

    def take(route: Route) -> None:
        if route.request.method == "POST":
            held.append(route)
        else:
            route.continue_()

    page.route(re.compile(pattern), take)
    return held


def send_twice(page: Page, held: list[Route]) -> None:
    """Press Enter twice. While a page is on its way, Playwright reads nothing of the one before."""
    page.keyboard.press("Enter")
    page.keyboard.press("Enter")
    page.wait_for_timeout(200)
    assert len(held) == 1
    held.pop().continue_()


@pytest.mark.parametrize(("where", "name"), [("patients", "patients"), ("home", "studies")])
def test_a_file_is_downloaded_again(page, user, where, name):
    make_analyzed_study(user=user)
    page.goto(reverse(where))
    button = page.get_by_role("button", name="Download as CSV")
    for _ in range(2):
        with page.expect_download() as download:
            button.click()
        assert download.value.suggested_filename == f"{name}.csv"
        page.wait_for_timeout(400)  # by then it would say that it is being sent
        expect(button).not_to_have_attribute("aria-disabled", "true")


def test_a_double_enter_sends_a_form_once(browsing, page, user, monkeypatch):
    page.goto("/patients/new/")
    held = hold(page, "/patients/new/$")
    page.get_by_label("MRN", exact=True).fill("MRN-77")
    page.get_by_label("Family name").fill("Double")
    send_twice(page, held)
    expect(page).to_have_url(re.compile("/patients/[0-9a-f-]{36}/$"))
    assert Patient.objects.count() == 1

    page.go_back()  # and can be sent again
    page.get_by_label("MRN", exact=True).fill("MRN-78")
    page.get_by_label("Family name").fill("Second")
    send_twice(page, held)
    expect(page).to_have_url(re.compile("/patients/[0-9a-f-]{36}/$"))
    assert Patient.objects.count() == 2

    # By htmx: refused, it can be sent again.
    page.goto("/upload/")
    page.get_by_role("link", name="Register a new patient").click()
    page.get_by_label("MRN", exact=True).fill("MRN-78")
    page.get_by_label("Family name").fill("Third")
    held = hold(page, "/patients/")
    page.keyboard.press("Enter")
    button = page.get_by_role("button", name="Sending")
    expect(button).to_have_attribute("aria-disabled", "true")
    button.click(force=True)
    page.wait_for_timeout(100)
    assert len(held) == 1
    held.pop().continue_()
    expect(page.get_by_text("belongs to")).to_be_visible()
    page.get_by_label("MRN", exact=True).fill("MRN-79")
    send_twice(page, held)
    expect(page.locator("[data-patient-chosen], .ns-chosen").first).to_contain_text("MRN-79")
    assert Patient.objects.count() == 3

    for module in (invitations, outbox, people_pages):
        monkeypatch.setattr(module, "has_mail_server", lambda: False)
    administrator = UserFactory(clinic=user.clinic, administrator=True)
    page = browsing.of(administrator)
    page.goto("/clinic/people/invite/")
    held = hold(page, "/people/invite/$")
    expect(page.get_by_label("First name")).to_be_focused()
    page.keyboard.type("Ada")
    page.get_by_label("Last name").fill("Twice")
    page.get_by_label("Email address").fill("ada.twice@clinic.example")
    page.get_by_label("Role").select_option("radiologist")
    page.get_by_label("Email address").focus()
    send_twice(page, held)
    expect(page.get_by_label("One-time link")).to_have_value(re.compile("/account/password/reset/"))
    assert User.objects.filter(last_name="Twice").count() == 1
    page.wait_for_load_state()  # and its scripts are there
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.get_by_role("button", name="Copy the link").press("Enter")
    expect(page.get_by_text("Copied", exact=True)).to_be_visible()
    link = page.get_by_label("One-time link").input_value()
    assert page.evaluate("navigator.clipboard.readText()") == link
