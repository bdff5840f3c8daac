"""Results that arrive while the viewer is open: they come by themselves, and take nothing away."""

import re

import pytest
from django.urls import reverse
from playwright.sync_api import Page, expect

from scans.models import Analysis, Verdict
from scans.tests.core.factories import complete, make_study
from scans.tests.core.pressing import press
from scans.tests.reading.viewing import PATIENCE, Viewing

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
SAVED = re.compile(r"^Saved \d")


@pytest.fixture
def study(user):
    return make_study(user=user)


@pytest.fixture
def viewing(page, study) -> Viewing:
    return Viewing(page, study)


def finish_analysis(page: Page, study) -> None:
    """Wait until the viewer has learnt of it."""
    read = f"**{reverse('api:study-viewer', args=[study.pk])}"
    with page.expect_response(read, timeout=PATIENCE):
        complete(Analysis.objects.get(), probability=0.2)


def comment_of(page: Page):
    return page.get_by_label("Comment")


def test_what_is_written_when_results_arrive_stays_and_they_come_after_it(viewing, study):
    page = viewing.page
    viewing.tab("Verdict")
    comment_of(page).press_sequentially("Small")
    finish_analysis(page, study)
    comment_of(page).press_sequentially(" and bright")
    page.wait_for_timeout(1500)
    comment_of(page).press_sequentially(", left.")
    expect(comment_of(page)).to_have_value("Small and bright, left.")
    press(page, viewing.viewport())
    expect(page.get_by_role("button", name="Accept", exact=True)).to_be_visible()
    expect(comment_of(page)).to_have_value("Small and bright, left.")
    viewing.keys("a")
    expect(page.locator("[data-verdict-saved]")).to_have_text(SAVED)
    draft = Verdict.objects.get()
    assert draft.comment == "Small and bright, left."
    assert draft.assessments.get().decision == "accept"


def test_what_is_chosen_while_they_are_on_their_way_stays(viewing, study):
    page = viewing.page
    lines = re.compile(f"{reverse('study-verdict', args=[study.pk])}\\?")
    held = []

    def hold(route):
        if held:
            route.continue_()
        else:
            held.append((route, route.fetch()))

    page.route(lines, hold)
    with page.expect_request(lines, timeout=PATIENCE):
        finish_analysis(page, study)
    viewing.keys("2")
    expect(page.locator("[data-verdict-saved]")).to_have_text(SAVED)
    ((route, response),) = held
    route.fulfill(response=response)  # as it was before
    expect(page.get_by_role("button", name="Accept", exact=True)).to_be_visible()
    chosen = page.locator("[data-finding-choice=no_tumor]")
    expect(chosen).to_have_attribute("aria-pressed", "true")
    viewing.keys("a")
    expect(page.locator("[data-verdict-saved]")).to_have_text(SAVED)
    assert Verdict.objects.get().finding == "no_tumor"


def test_while_nothing_arrives_the_study_is_not_read_again(viewing, study):
    page = viewing.page
    read = reverse("api:study-viewer", args=[study.pk])
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    with page.expect_response(re.compile("/viewer/results/"), timeout=PATIENCE) as response:
        pass
    assert response.value.status == 204
    assert not [url for url in asked if url.endswith(read)]
    finish_analysis(page, study)
    expect(page.get_by_role("button", name="Accept", exact=True)).to_be_visible()
