"""The bar on top by the mouse alone: the search has a button, the number is beside the menu."""

import pytest
from django.urls import reverse
from playwright.sync_api import expect

from accounts.tests.factories import UserFactory
from scans.models.notification import NotificationKind
from scans.services.notifications import notify
from scans.tests.core.factories import PatientFactory, make_study
from scans.tests.core.pressing import expect_pressable, press

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.mark.parametrize("width", [1280, 1440, 390])
def test_a_patient_is_searched_for_with_the_mouse(page, user, width):
    PatientFactory(created_by=user, family_name="Lund", mrn="M-1")
    page.set_viewport_size({"width": width, "height": 844})
    page.goto(reverse("notifications"))
    if width < 1200:
        press(page, page.get_by_role("button", name="Menu"))
        page.wait_for_selector("#main-menu.show")
    field = page.get_by_label("Find a patient by MRN or name")
    expect_pressable(page, field)
    field.fill("Lund")
    press(page, page.get_by_role("button", name="Search the patients"))
    expect(page.get_by_role("heading", name="Patients")).to_be_visible()
    expect(page.get_by_role("link", name="Lund").first).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


@pytest.mark.parametrize("width", [1280, 390])
def test_the_number_of_unread_is_in_sight_beside_the_closed_menu(page, user, width):
    study = make_study(user=UserFactory(clinic=user.clinic))
    notify([user], NotificationKind.ASSIGNED, study)
    page.set_viewport_size({"width": width, "height": 844})
    page.goto(reverse("patients"))
    number = page.locator(".ns-bell-number")
    expect(number).to_have_text("1")
    bell = page.locator(".ns-bell")
    assert bell.evaluate("one => one.clientHeight") < 48  # in one line
    press(page, number)
    expect(page.get_by_role("heading", name="Notifications")).to_be_visible()


def test_the_search_stands_apart_and_the_arrows_stop_at_the_themes(browsing, user):
    long = {"first_name": "Anneliese", "last_name": "Administratorin"}
    administrator = UserFactory(clinic=user.clinic, administrator=True, **long)
    page = browsing.of(administrator, viewport={"width": 1280, "height": 800})
    page.goto("/clinic/people/")
    last = page.get_by_role("link", name="Statistics").bounding_box()
    search = page.get_by_role("searchbox").bounding_box()
    assert search["x"] >= last["x"] + last["width"] + 8
    assert search["width"] >= 100
    page.get_by_role("button", name="Anneliese").press("ArrowDown")
    reached = []
    for _ in range(9):
        reached.append(page.evaluate("document.activeElement.textContent.trim()"))
        page.keyboard.press("ArrowDown")
    assert reached[-5:-1] == ["System", "Light", "Dark", "Sign out"]
    page.keyboard.press("ArrowUp")
    page.keyboard.press("Enter")
    expect(page.locator("html")).to_have_attribute("data-bs-theme", "dark")
    expect(page.get_by_role("button", name="Dark")).to_have_attribute("aria-pressed", "true")
