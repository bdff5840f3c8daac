"""Sign-in, account and administration in a real Chromium: usable, accessible, whole on a phone."""

import re

import pytest
from django.urls import reverse
from playwright.sync_api import Page, expect

from accounts.models import User
from accounts.tests.factories import PASSWORD, ClinicFactory, UserFactory
from accounts.tokens import create_token
from scans.models import Analysis, Patient
from scans.tests.core.factories import fail, make_analysis

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

SIGNED_OUT = [
    *["login/", "signup/", "inactive/", "confirm-email/", "confirm-email/nonsense/"],
    *["password/reset/", "password/reset/done/", "password/reset/key/done/"],
    "password/reset/key/1-nonsense/",
]
SIGNED_IN = [
    *["", "tokens/", "sessions/", "email/", "password/change/", "logout/", "reauthenticate/"]
]


@pytest.fixture
def person(transactional_db) -> User:
    clinic = ClinicFactory(name="Northside Neurology and Neurosurgery Center")
    return UserFactory(username="anna", clinic=clinic, administrator=True)


def assert_fits(page: Page) -> None:
    over = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
    assert page.evaluate(over) <= 0, page.url


def sign_in(page: Page, name: str = "anna", password: str = PASSWORD) -> None:
    page.get_by_label("Username or email address").fill(name)
    page.get_by_label("Password").fill(password)
    page.keyboard.press("Enter")


def test_signing_in_and_out_with_the_keyboard_alone(browsing, person, assert_accessible):
    page = browsing.of(None)
    page.goto("/account/tokens/")

    expect(page.get_by_label("Username or email address")).to_be_focused()
    sign_in(page, password="wrong")
    expect(page.get_by_role("alert")).to_contain_text("do not belong together")
    assert_accessible(page)
    sign_in(page)
    expect(page.get_by_role("heading", name="API tokens")).to_be_visible()

    page.goto("/account/logout/")
    page.get_by_role("button", name="Sign out").press("Enter")
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()


def test_a_password_can_be_pasted(browsing, person):
    page = browsing.of(None)
    page.goto("/account/login/")
    page.get_by_label("Username or email address").fill(PASSWORD)
    page.keyboard.press("Control+A")
    page.keyboard.press("Control+C")
    page.get_by_label("Password").focus()
    page.keyboard.press("Control+V")

    expect(page.get_by_label("Password")).to_have_value(PASSWORD)


def test_a_token_is_made_with_the_password_and_revoked(browsing, person, assert_accessible):
    page = browsing.of(person)
    page.goto("/account/tokens/")
    page.get_by_role("button", name="Create a token").click()
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Go on").click()

    value = page.get_by_label("Token", exact=True)
    expect(value).to_be_focused()
    expect(value).to_have_value(re.compile(r"^\w{64}$"))
    assert_accessible(page)

    page.get_by_role("button", name="Revoke").click()
    expect(page.get_by_text("You have no tokens.")).to_be_visible()


@pytest.mark.parametrize(("theme", "width"), [("light", 1440), ("dark", 390)])
def test_account_pages_are_accessible_and_fit(browsing, person, assert_accessible, theme, width):
    create_token(user=person)
    options = {"color_scheme": theme, "viewport": {"width": width, "height": 844}}
    for user, paths in ((None, SIGNED_OUT), (person, SIGNED_IN)):
        page = browsing.of(user, **options)
        for path in paths:
            page.goto(f"/account/{path}")
            expect(page.locator("h1")).to_have_count(1)
            assert_accessible(page)
            assert_fits(page)
    page.goto("/account/password/change/")
    page.get_by_label("Current password").fill("wrong")
    page.get_by_label("New password", exact=True).fill("1")
    page.get_by_label("New password again").fill("2")
    page.get_by_role("button", name="Change the password").click()
    expect(page.get_by_label("Current password")).to_have_accessible_description(
        re.compile("This is not your current password")
    )
    assert_accessible(page)


@pytest.mark.parametrize(("theme", "width"), [("light", 1440), ("dark", 390)])
def test_the_administration_is_accessible(browsing, person, assert_accessible, theme, width):
    colleague = UserFactory(clinic=person.clinic)
    fail(make_analysis(user=colleague))
    create_token(user=colleague)
    page = browsing.of(
        UserFactory(superuser=True),  # who is offered all that others are, and more
        color_scheme=theme,
        viewport={"width": width, "height": 844},
    )
    lists = [
        *["accounts_user", "accounts_clinic", "accounts_auditevent", "knox_authtoken"],
        *["scans_patient", "scans_study", "scans_analysis", "scans_modelrelease"],
    ]
    pages = [reverse("admin:index"), *(reverse(f"admin:{name}_changelist") for name in lists)]
    pages += [
        reverse("admin:accounts_user_add"),
        reverse("admin:accounts_user_change", args=[colleague.pk]),
        reverse("admin:accounts_user_password", args=[colleague.pk]),
        reverse("admin:scans_patient_change", args=[Patient.objects.get().pk]),
        reverse("admin:scans_analysis_change", args=[Analysis.objects.get().pk]),
    ]
    for address in pages:
        page.goto(address)
        assert_accessible(page)


def test_a_superuser_runs_a_failed_analysis_again(browsing):
    analysis = fail(make_analysis())
    page = browsing.of(UserFactory(superuser=True))
    page.goto(reverse("admin:scans_analysis_changelist"))

    page.locator("#action-toggle").check()
    page.get_by_label("Action:").select_option("retry")
    page.get_by_role("button", name="Go").click()

    expect(page.get_by_text("Analyses queued: 1.")).to_be_visible()
    analysis.refresh_from_db()
    assert analysis.status == "queued"
