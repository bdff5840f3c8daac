"""What the viewer refuses, says where and how long, and leaves as it was."""

import re
from datetime import timedelta

import pytest
from playwright.sync_api import expect

from accounts.models import Clinic
from scans.models import Assessment, Image, KeyImage, Study, Verdict
from scans.services.reading.verdict_drafts import VerdictInput
from scans.services.reading.verdicts import sign_verdict
from scans.tests.core.factories import make_analyzed_study, make_study, make_verdict
from scans.tests.core.pressing import press
from scans.tests.reading.viewing import Viewing, expect_refused

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
WITHHELD = "AI results are withheld until you commit your finding."
OF_THE_AI = ("c", "h", "Shift+H", "m", "Shift+M", "Shift+N", "Shift+C", "Alt+ArrowUp")


def test_the_ai_layer_does_nothing_before_the_finding_is_committed(page, user):
    Clinic.objects.update(read_first=True)
    viewing = Viewing(page, make_analyzed_study(user=user, images=2, probability=0.9))
    told = page.locator("[data-announcement]")
    for key in OF_THE_AI:
        viewing.keys("j", key)  # any other key takes back what was said
        expect(told).to_have_text(WITHHELD)
        expect(told).to_be_visible()
    viewing.keys("a")
    expect(told).to_contain_text("Commit your finding first")
    viewing.keys("1", "Control+Enter")
    expect(page.locator("[data-line]:visible")).to_contain_text("Tumor")
    page.get_by_role("tab", name="AI", exact=True).click()
    expect(page.locator("[data-heat-on]")).not_to_be_checked()
    expect(page.locator('[data-layer="regions"]')).not_to_be_checked()


def test_no_image_of_a_prior_beside_becomes_a_key_image(page, user):
    prior = make_analyzed_study(user=user, images=2, probability=0.2)
    study = make_study(user=user, images=2, patient=prior.patient)
    Study.objects.filter(pk=prior.pk).update(study_date=study.study_date - timedelta(days=400))
    viewing = Viewing(page, study, f"?beside={prior.pk}")
    expect(viewing.viewport(2)).to_have_attribute("data-state", "ready")
    viewing.viewport(2).focus()
    viewing.keys("*")
    expect(page.locator("[data-announcement]")).to_contain_text("This image is of the study of")
    assert not KeyImage.objects.exists()
    # The one that remains has the focus.
    viewing.keys("5")
    expect(page.locator('[data-viewport="1"]:focus')).to_have_count(1)
    expect(page.locator(".vw-viewport")).to_have_count(1)


def test_the_image_that_lacks_its_reason_is_shown_before_that_is_said(page, user):
    study = make_analyzed_study(user=user, images=5, probability=0.9)
    first = Image.objects.get(series__study=study, number=1)
    viewing = Viewing(page, study, f"?image={first.pk}")
    viewing.keys("End")
    expect(page.locator("[data-image-title]")).to_have_text("Image 5 of 5")
    viewing.keys("r", "Home")
    expect(page.locator("[data-image-title]")).to_have_text("Image 1 of 5")
    viewing.keys("1")
    button = page.locator("[data-sign-next]")
    press(page, button)
    said = "choose why you reject the AI result of image 5"
    expect(page.locator("[data-image-title]")).to_have_text("Image 5 of 5")
    expect(page.locator("[data-reason-box]")).to_be_visible()
    expect_refused(page, button, said)
    viewing.keys("Home")
    expect(page.locator("[data-image-title]")).to_have_text("Image 1 of 5")
    viewing.keys("Control+Enter")
    expect(page.locator("[data-image-title]")).to_have_text("Image 5 of 5")
    expect(page.locator("[data-announcement]")).to_contain_text(said)
    assert not Verdict.objects.signed().exists()


def test_what_was_said_goes_once_it_is_not_so(page, user):
    study = make_analyzed_study(user=user, images=3, probability=0.9)
    viewing = Viewing(page, study)
    told = page.locator("[data-announcement]")
    viewing.keys("Shift+Space", "a")
    expect(told).to_contain_text("Cine is stopped")
    viewing.keys("Shift+Space")
    expect(told).to_be_hidden()
    viewing.keys("Shift+Space", "Shift+Z")
    expect(told).to_have_text("The magnifier is on. Move the pointer over the image.")
    viewing.keys("Shift+V")
    expect(told).to_have_text("The pixel probe is on. Move the pointer over the image.")
    assert not Assessment.objects.exists()


def test_who_was_signed_before_is_not_said_over_the_next_patients_image_for_long(page, user):
    first = make_analyzed_study(user=user, images=1, probability=0.9)
    make_analyzed_study(user=user, images=3, probability=0.9)
    viewing = Viewing(page, first)
    viewing.keys("1", "Control+Enter")
    told = page.locator("[data-told]")
    expect(told).to_contain_text("This is the next study.")
    viewing.wait()
    viewing.keys("ArrowDown")
    page.wait_for_timeout(500)
    expect(told).to_be_visible()  # it can be read
    page.wait_for_timeout(2700)
    expect(told).to_be_hidden()


def test_an_amendment_that_was_begun_is_discarded_in_the_viewer_and_on_the_study_page(page, user):
    study = make_analyzed_study(user=user, images=1, probability=0.9)
    sign_verdict(user=user, study=study, verdict_input=VerdictInput(finding="tumor"))
    viewing = Viewing(page, study)
    amend = page.get_by_role("button", name="Amend my verdict")
    summary = page.locator("summary", has_text="Discard the amendment")
    discard = page.get_by_role("button", name="Discard it")
    press(page, amend)
    viewing.keys("2")
    summary.scroll_into_view_if_needed()
    press(page, summary)
    discard.scroll_into_view_if_needed()
    press(page, discard)
    expect(amend).to_be_visible()
    page.goto(study.get_absolute_url())
    press(page, amend)
    summary.scroll_into_view_if_needed()
    press(page, summary)
    discard.scroll_into_view_if_needed()
    press(page, discard)
    expect(amend).to_be_visible()
    assert Verdict.objects.filter(status="cancelled").count() == 2
    assert Verdict.objects.current().get().finding == "tumor"


def test_what_could_not_be_saved_is_said_until_it_is(page, user):
    viewing = Viewing(page, make_study(user=user))
    page.route("**/verdict/save/", lambda route: route.abort())
    viewing.keys("2", "n")
    refused = page.locator("[data-refused]")
    expect(refused).to_contain_text("what you typed could not be saved")
    page.unroute("**/verdict/save/")
    expect(page.locator("[data-verdict-saved]")).to_have_text(re.compile("^Saved "), timeout=15_000)
    expect(refused).to_have_text("")


def test_no_key_judges_a_study_that_is_read_and_each_says_so(page, user):
    study = make_study(user=user)
    make_verdict(study=study, reader=user)
    viewing = Viewing(page, study)
    said = page.locator("[data-announcement]")
    for key in ("Control+Enter", "a", "f", "r", "1", "2", "3"):
        viewing.keys("j")
        viewing.keys(key)
        expect(said).to_contain_text("There is no verdict to")
