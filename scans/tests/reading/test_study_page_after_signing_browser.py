"""On the study page: where the reader is after a refusal, a question, a signature, an amendment."""

import re

import pytest
from playwright.sync_api import Page, expect

from accounts.models import Clinic
from scans.models import Report, Verdict
from scans.services.reading.verdict_drafts import VerdictInput, save_draft
from scans.services.reading.verdicts import sign_verdict
from scans.tests.core.factories import make_analyzed_study, make_signed_report
from scans.tests.core.pressing import expect_pressable, press, show_large_image

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
SIZES = [(1280, 800), (1920, 1080)]


@pytest.fixture
def study(user):
    return make_analyzed_study(user=user, images=30, probability=0.9)


def opened(browsing, user, study, size=(1280, 800)) -> Page:
    page = browsing.of(user, viewport={"width": size[0], "height": size[1]})
    page.goto(study.get_absolute_url())
    return page


def button(page: Page, name: str):
    return page.locator("[data-verdict]").get_by_role("button", name=name)


def choose(page: Page, name: str) -> None:
    press(page, page.locator(".ns-finding label").filter(has_text=re.compile(f"^{name}$")))


@pytest.mark.parametrize("read_first", [False, True])
def test_a_refusal_goes_as_soon_as_what_it_asks_for_is_entered(browsing, user, study, read_first):
    Clinic.objects.update(read_first=read_first)
    page = opened(browsing, user, study)
    press(page, button(page, "Commit my finding" if read_first else "Sign as final"))
    refused = page.locator("[data-refused]")
    expect(refused).to_contain_text("Choose your finding")
    choose(page, "Tumor")
    expect(refused).to_be_hidden()
    expect(refused).to_have_text("")


@pytest.mark.parametrize("size", SIZES)
def test_a_contradiction_and_images_not_shown_are_asked_at_once(browsing, user, study, size):
    draft = save_draft(user=user, study=study, verdict_input=VerdictInput(finding="no_tumor"))
    page = opened(browsing, user, study, size)
    show_large_image(page)
    page.keyboard.press("a")
    expect(page.locator("[data-decision]:checked")).to_have_count(1)
    expect(page.locator("[data-verdict-saved]")).to_contain_text("Saved")
    page.evaluate("scrollTo({ top: 0, behavior: 'instant' })")
    press(page, button(page, "Sign as final"))
    questions = page.locator("[data-contradictions]")
    expect(questions).to_have_count(2)
    for one in questions.all():
        expect_pressable(page, one)
    note = page.locator("[data-contradiction-note]")
    expect(note).to_be_focused()
    page.keyboard.type("It is.       ")
    page.wait_for_timeout(1100)  # a question is answered once it could be read
    press(page, button(page, "Sign all the same"))
    expect(page.locator(".ns-field-error")).to_contain_text("Say in a sentence")
    expect(questions).to_have_count(2)
    expect(note).to_be_focused()
    note.fill("The bright spot is a vessel.")
    page.wait_for_timeout(1100)  # a question is answered once it could be read
    press(page, button(page, "Sign all the same"))
    expect(button(page, "Amend my verdict")).to_be_visible()
    assert Verdict.objects.signed().get().pk == draft.pk


@pytest.mark.parametrize("size", SIZES)
def test_images_not_shown_are_asked_above_the_bar_with_its_button_focused(
    browsing, user, study, size
):
    page = opened(browsing, user, study, size)
    choose(page, "No tumor")
    press(page, button(page, "Sign as final"))
    expect_pressable(page, page.locator("[data-unshown]"))
    expect(button(page, "Sign all the same")).to_be_focused()


@pytest.mark.parametrize("size", SIZES)
def test_the_page_begins_again_at_the_verdict_after_an_act(browsing, user, study, size):
    Clinic.objects.update(warns_of_unshown_images=False)
    page = opened(browsing, user, study, size)
    heading = page.locator("#verdict-title")
    choose(page, "Tumor")
    page.get_by_label("Comment").fill("Left frontal.")
    press(page, button(page, "Sign as final"))
    expect(button(page, "Amend my verdict")).to_be_visible()
    expect(heading).to_be_focused()
    expect_pressable(page, heading)
    expect_pressable(page, page.get_by_text("You have signed a verdict for this study."))
    press(page, button(page, "Amend my verdict"))
    expect(heading).to_be_focused()
    expect_pressable(page, page.get_by_text("You are amending the verdict you signed"))
    reason = page.get_by_label("Why do you amend it?")
    reason.fill("Looked at again.")
    press(page, button(page, "Sign as amended"))
    expect(page.locator(".ns-version")).to_have_count(2)
    expect(heading).to_be_focused()
    expect_pressable(page, heading)


def test_shift_w_writes_the_report_with_what_was_just_entered(browsing, user, study):
    page = opened(browsing, user, study)
    page.get_by_label("Comment").click()
    page.keyboard.press("Shift+W")
    expect(page.get_by_label("Comment")).to_have_value("W")
    choose(page, "Tumor")
    page.keyboard.press("Shift+W")  # nothing of it is saved yet
    expect(page.get_by_role("heading", name="Write the report")).to_be_visible()
    expect(page.locator("#report-finding-tumor")).to_be_checked()
    assert Report.objects.get().study == study


def test_shift_w_reads_the_signed_report(browsing, user, study):
    sign_verdict(user=user, study=study, verdict_input=VerdictInput(finding="tumor"))
    report = make_signed_report(study=study, author=user)
    page = opened(browsing, user, study)
    page.keyboard.press("Shift+W")
    page.wait_for_url("**" + report.get_absolute_url())
