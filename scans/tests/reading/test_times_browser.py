"""A time names its zone where the browser is in another one, whoever wrote it: server or script."""

import re

import pytest
from playwright.sync_api import Page, expect

from scans.services.reports.drafting import start_report
from scans.tests.core.factories import make_study
from scans.tests.reading.viewing import PATIENCE, Viewing

pytestmark = pytest.mark.browser
SAVED = re.compile(r"^Saved \d\d:\d\d:\d\d UTC$")
DUE = re.compile(r"(^|, )\d\d:\d\d UTC$")


@pytest.fixture
def far(browsing, user) -> Page:
    return browsing.of(user, timezone_id="Asia/Tokyo")


@pytest.fixture
def study(user):
    return make_study(user=user)


def test_a_verdict_that_saved_itself(far, study):
    far.goto(study.get_absolute_url())
    far.get_by_label("Comment").fill("Typed in Tokyo.")
    expect(far.locator("[data-verdict-saved]")).to_have_text(SAVED)


def test_a_report_that_saved_itself(far, user, study):
    far.goto(f"{start_report(user=user, study=study).get_absolute_url()}edit/")
    far.get_by_label("Impression").fill("Typed in Tokyo.")
    expect(far.locator("[data-report-saved]")).to_have_text(SAVED)


def test_a_verdict_in_the_viewer(far, study):
    Viewing(far, study)
    far.get_by_label("Comment").fill("Typed in Tokyo.")
    expect(far.locator("[data-verdict-saved]")).to_have_text(SAVED, timeout=PATIENCE)


def test_what_is_drawn_anew_names_it_once(far, study):
    far.goto("/worklist/")
    due = far.locator("[data-row] .ns-wl-due time")
    expect(due).to_have_text(DUE)
    far.locator("[data-row] [data-take]").click()
    expect(far.locator("[data-row]")).to_contain_text("You are reading")
    expect(due).to_have_text(DUE)


def test_a_time_that_is_entered_says_which_zone_it_is_in(far, study):
    far.goto(f"/studies/{study.pk}/critical/")
    expect(far.locator("label", has_text="When")).to_have_text("When (UTC)")


def test_where_the_browser_is_in_the_clinic_s_zone_there_is_none(browsing, user, study):
    page = browsing.of(user, timezone_id="UTC")
    page.goto(study.get_absolute_url())
    page.get_by_label("Comment").fill("Typed at home.")
    expect(page.locator("[data-verdict-saved]")).to_have_text(re.compile(r"^Saved [\d:]{8}$"))
    page.goto(f"/studies/{study.pk}/critical/")
    expect(page.locator("label", has_text="When")).to_have_text("When")
