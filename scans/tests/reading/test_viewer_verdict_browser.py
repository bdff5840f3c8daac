"""The verdict in the viewer: the image on the screen and no other, by mouse and by keys."""

import re

import pytest
from playwright.sync_api import Locator, Page, expect

from accounts.models import Clinic
from scans.models import Analysis, Assessment, Image, KeyImage, Study, Verdict
from scans.tests.core.factories import PatientFactory, complete, make_analyzed_study, make_study
from scans.tests.core.pressing import expect_pressable, press
from scans.tests.core.waiting import wait_until
from scans.tests.reading.viewing import Viewing, expect_refused

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
SAVED = re.compile(r"^Saved \d")
SIGNED = re.compile(r"Signed: No tumor, \w+, .*\. This is the next study\.")


@pytest.fixture
def study(user):
    return make_analyzed_study(user=user, images=5, probability=0.2)


@pytest.fixture
def viewing(page, study) -> Viewing:
    first = Image.objects.get(series__study=study, number=1)
    return Viewing(page, study, f"?image={first.pk}")


def button(page: Page, name: str) -> Locator:
    return page.locator("[data-verdict]").get_by_role("button", name=name)


def decisions() -> dict[int, str]:
    rows = Assessment.objects.select_related("analysis__image")
    return {row.analysis.image.number: row.decision for row in rows}


def saved(page: Page) -> None:
    expect(page.locator("[data-verdict-saved]")).to_have_text(SAVED)


def test_a_f_and_r_mean_the_image_on_the_screen_and_the_next_key_works_at_once(viewing):
    page = viewing.page
    expect(page.locator("[data-image-title]")).to_have_text("Image 1 of 5")
    viewing.keys("End")
    expect(viewing.corner("bl")).to_contain_text("5 / 5")
    viewing.keys("r", "ArrowUp")
    expect(viewing.corner("bl")).to_contain_text("4 / 5")
    expect(page.locator("[data-image-title]")).to_have_text("Image 4 of 5")
    viewing.keys("a", "ArrowUp")
    expect(viewing.corner("bl")).to_contain_text("3 / 5")
    saved(page)
    assert decisions() == {5: "reject", 4: "accept"}
    assert not Assessment.objects.exclude(reason="").exists()


def test_what_the_mouse_pressed_and_was_refused_is_said_at_that_button(viewing):
    page = viewing.page
    last = Image.objects.get(number=5)
    press(page, button(page, "Modify"))
    saved(page)
    held = []
    page.route(f"**/images/{last.pk}/frame/", lambda route: held.append(route))
    page.reload()
    viewing.wait()
    viewing.keys("End")  # and image 1 stays on the screen
    star = page.locator('[data-toolbar] [data-command="key-image"]')
    reason = page.get_by_role("group", name="Reason").get_by_role("button", name="Wrong place")
    for one in (button(page, "Accept"), reason, star):
        press(page, one)
        expect_refused(page, one, "Image 5 is loading: press again once it is shown.")
    viewing.keys("a")  # said over the image, where one looks as one presses a key
    expect(page.locator("[data-refusal]")).to_be_hidden()
    expect(page.locator("[data-announcement]")).to_contain_text("Image 5 is loading")
    assert decisions() == {1: "modify"}
    assert not KeyImage.objects.exists()
    for route in held:
        route.continue_()
    expect(viewing.corner("bl")).to_contain_text("5 / 5")
    page.route("**/star/", lambda route: route.abort())
    press(page, star)
    expect_refused(page, star, "The server cannot be reached.")
    page.unroute("**/star/")
    press(page, star)
    expect(star).to_have_attribute("aria-pressed", "true")
    assert KeyImage.objects.get().image == last


def test_a_reason_is_chosen_on_purpose_and_the_arrows_go_on_scrolling(viewing):
    page = viewing.page
    press(page, button(page, "Modify"))
    reasons = page.get_by_role("group", name="Reason")
    press(page, reasons.get_by_role("button", name="Wrong place"))
    viewing.keys("ArrowDown", "ArrowDown")
    title = page.locator("[data-image-title]")  # what a key means: the image that is drawn
    expect(title).to_have_text("Image 3 of 5")
    viewing.keys("f", "f")  # the second time goes to the reasons
    expect(reasons.get_by_role("button", name="Artifact")).to_be_focused()
    viewing.keys("ArrowDown")
    expect(title).to_have_text("Image 4 of 5")
    viewing.keys("ArrowUp")
    expect(title).to_have_text("Image 3 of 5")
    viewing.keys("f", "Enter")
    saved(page)
    kept = dict(Assessment.objects.values_list("analysis__image__number", "reason"))
    assert kept == {1: "wrong_place", 3: "artifact"}
    expect(viewing.viewport()).to_be_focused()


def test_an_image_of_a_prior_study_is_never_judged_in_this_one(page, user, study):
    prior = make_study(user=user, patient=study.patient, days_ago=300)
    complete(Analysis.objects.get(image__series__study=prior), probability=0.9)
    viewing = Viewing(page, study)
    press(page, page.get_by_role("button", name="beside this one"))
    expect(viewing.viewport(2)).to_have_attribute("data-state", "ready")
    viewing.viewport(2).focus()
    viewing.keys("a")
    expect(page.locator("[data-announcement]")).to_contain_text("of another study")
    expect(button(page, "Accept")).to_be_disabled()
    viewing.viewport(1).focus()
    viewing.keys("a")
    saved(page)
    assert Assessment.objects.count() == 1
    assert Assessment.objects.get().analysis.image.series.study == study


def test_images_never_shown_are_accepted_only_by_the_act_that_says_so(viewing):
    page = viewing.page
    viewing.keys("ArrowDown")
    expect(viewing.corner("bl")).to_contain_text("2 / 5")
    press(page, page.get_by_role("button", name="Accept the 2 images shown and not assessed"))
    saved(page)
    assert decisions() == {1: "accept", 2: "accept"}
    press(page, page.get_by_role("button", name="Image 3: not assessed, not shown"))
    expect(viewing.corner("bl")).to_contain_text("3 / 5")
    viewing.open(f"?image={Image.objects.get(number=1).pk}")  # what was shown is known after it
    press(page, page.get_by_role("button", name="Accept the 2 images not shown"))
    saved(page)
    assert decisions() == dict.fromkeys((1, 2, 4, 5), "accept")


def test_what_is_missing_is_said_at_the_button_and_the_form_stays_open(viewing):
    page = viewing.page
    viewing.keys("f")
    press(page, button(page, "Sign as final"))
    refused = page.locator("[data-refused]")
    expect(refused).to_have_text("Choose your finding: tumor, no tumor or unsure.")
    pressed = button(page, "Sign as final").bounding_box()
    assert 0 <= refused.bounding_box()["y"] - pressed["y"] - pressed["height"] < 40
    viewing.keys("3", "Control+Enter")
    expect(refused).to_contain_text("Image 1: choose a reason")
    expect(button(page, "Unsure")).to_have_attribute("aria-pressed", "true")
    expect(button(page, "Modify")).to_have_attribute("aria-pressed", "true")
    assert not Verdict.objects.signed().exists()


def test_what_contradicts_itself_asks_for_a_sentence_and_keeps_the_form(page, user):
    study = make_study(user=user)
    complete(Analysis.objects.get(), probability=0.9)
    viewing = Viewing(page, study)
    viewing.keys("a", "2", "Control+Enter")
    asked = page.locator("[data-verdict] [data-contradictions]")
    expect(asked).to_contain_text("Your finding is “no tumor”")
    expect(button(page, "Accept")).to_have_attribute("aria-pressed", "true")
    expect(page.locator("[data-contradiction-note]")).to_be_focused()
    for name in ("Accept", "No tumor", "Sign"):
        expect_pressable(page, button(page, name).first)
    page.keyboard.type("The bright spot is a vessel.")
    page.wait_for_timeout(1100)  # a question is answered once it could be read
    viewing.keys("Control+Enter")
    expect(page).to_have_url(re.compile("/worklist/"))
    assert Verdict.objects.signed().get().finding == "no_tumor"


def test_escape_goes_back_to_the_image_and_a_correction_takes_the_question_away(page, user):
    study = make_study(user=user)
    complete(Analysis.objects.get(), probability=0.9)
    viewing = Viewing(page, study)
    asked = page.locator("[data-contradictions]")
    viewing.keys("a", "2", "Control+Enter")
    expect(page.locator("[data-contradiction-note]")).to_be_focused()
    viewing.keys("Escape")
    expect(asked).to_have_count(0)
    expect(viewing.viewport()).to_be_focused()
    viewing.keys("Control+Enter")
    expect(page.locator("[data-contradiction-note]")).to_be_focused()
    press(page, page.locator('[data-finding-choice="tumor"]'))
    expect(asked).to_have_count(0)
    viewing.keys("Control+Enter")
    expect(page).to_have_url(re.compile("/worklist/"))
    signed = Verdict.objects.signed().get()
    assert (signed.finding, signed.contradictions) == ("tumor", [])


def test_what_is_pressed_while_a_verdict_is_signed_changes_neither_it_nor_the_next(page, user):
    first, second = waiting(user, "Alder"), waiting(user, "Birch")
    Clinic.objects.update(warns_of_unshown_images=False)
    viewing = Viewing(page, first)
    held = []
    # The save of what was typed, then the signature.
    page.route("**/verdict/s*/", lambda route: held.append(route))
    viewing.keys("1", "Control+Enter", "2", "a", "n", "Control+Enter")
    expect(page.locator("[data-announcement]")).to_contain_text("the verdict before was being")
    for at in range(2):
        wait_until(page, lambda at=at: len(held) > at)
        viewing.keys("2", "a", "n", "Control+Enter")
        held[at].continue_()
    expect(page.locator(f'body[data-study="{second.pk}"]')).to_be_attached()
    told = page.locator(".vw-told")
    expect(told).to_contain_text(f"Signed: Tumor, {first.patient}. This is the next study.")
    expect(page.locator("[data-announcement]")).to_contain_text("Nothing was done by")
    viewing.wait()
    page.wait_for_timeout(1200)
    assert [row.finding for row in Verdict.objects.signed()] == ["tumor"]
    assert not Verdict.objects.filter(study=second).exclude(finding="").exists()
    assert not Assessment.objects.exists()


def test_a_key_means_the_image_that_was_asked_for_or_nothing(viewing):
    page = viewing.page
    last = Image.objects.get(number=5)
    held = []
    page.route(f"**/images/{last.pk}/frame/", lambda route: held.append(route))
    page.reload()
    viewing.wait()
    viewing.keys("End", "a", "r")
    expect(page.locator("[data-announcement]")).to_contain_text("Image 5 is loading")
    assert not Assessment.objects.exists()
    for route in held:
        route.continue_()
    expect(viewing.corner("bl")).to_contain_text("5 / 5")
    viewing.keys("a")
    saved(page)
    assert decisions() == {5: "accept"}


def test_clicking_and_wheeling_beside_the_image_never_moves_it(viewing):
    page = viewing.page
    press(page, page.get_by_role("tab", name="Window"))
    zoom = page.get_by_label("Zoom, %")
    press(page, zoom)
    for place in (zoom, page.locator("[data-verdict]"), page.locator("[data-thumbnails]")):
        box = place.bounding_box()
        page.mouse.move(box["x"] + box["width"] / 2, box["y"] + min(20, box["height"] / 2))
        page.mouse.wheel(0, 400)
    page.mouse.click(*[page.viewport_size["width"] - 20, page.viewport_size["height"] - 5])
    page.wait_for_timeout(300)
    expect(viewing.corner("bl")).to_contain_text("1 / 5")
    expect(viewing.corner("br")).to_contain_text("Fit")
    assert page.evaluate("[scrollX, scrollY, document.body.scrollTop]") == [0, 0, 0]
    viewing.keys("ArrowDown")
    expect(viewing.corner("bl")).to_contain_text("2 / 5")


def waiting(user, name: str) -> Study:
    patient = PatientFactory(created_by=user, family_name=name)
    study = make_study(user=user, patient=patient, images=2, description=f"MRI of {name}")
    images = Image.objects.filter(series__study=study).order_by("number")
    for image, probability in zip(images, (0.05, 0.1), strict=True):
        complete(image.analyses.get(), probability=probability)
    return study


def test_no_tumor_of_images_that_were_not_shown_is_signed_in_a_second_act(page, user):
    study = waiting(user, "Alder")
    viewing = Viewing(page, study)
    expect(page.locator("[data-shown-count]")).to_have_text("1 of 2 shown")
    viewing.keys("2", "Control+Enter")
    asked = page.locator("[data-unshown]")
    expect(asked).to_contain_text("1 of 2 images was not shown. Look at them, or sign once more")
    for name in ("No tumor", "Sign and open next"):
        expect_pressable(page, button(page, name))
    assert not Verdict.objects.signed().exists()
    page.wait_for_timeout(1100)  # a question is answered once it could be read
    viewing.keys("Control+Enter")
    expect(page).to_have_url(re.compile("/worklist/"))
    signed = Verdict.objects.signed().get()
    assert (len(signed.images_shown), signed.image_count) == (1, 2)


def test_two_questions_have_one_way_back_and_cut_nothing_off(page, user):
    study = make_study(user=user, images=3)
    for image in Image.objects.filter(series__study=study):
        complete(image.analyses.get(), probability=0.9)
    viewing = Viewing(page, study)
    viewing.keys("a", "2", "Control+Enter")
    asked = page.locator("[data-contradictions]")
    expect(asked).to_have_count(2)
    expect(page.locator("[data-question-back]").locator("visible=true")).to_have_count(1)
    note = asked.locator("textarea").bounding_box()
    back = page.locator("[data-question-back]").locator("visible=true").bounding_box()
    assert back["y"] >= note["y"] + note["height"] + 4
    title = page.locator("#verdict-title")
    bar = page.locator(".vw-toolbar").bounding_box()
    assert title.bounding_box()["y"] >= bar["y"] + bar["height"]


def test_the_question_takes_the_place_of_what_was_said_while_it_was_on_its_way(page, user):
    viewing = Viewing(page, waiting(user, "Alder"))
    held = []
    page.route("**/verdict/sign/", lambda route: held.append(route))
    viewing.keys("2", "Control+Enter")
    wait_until(page, lambda: held)
    viewing.keys("Control+Enter")
    said = page.get_by_text("the verdict before was being signed").locator("visible=true")
    expect(said).not_to_have_count(0)
    held[0].continue_()
    expect(page.locator("[data-unshown]")).to_be_visible()
    expect(said).to_have_count(0)


def test_a_finding_is_committed_in_the_viewer_and_the_ai_result_comes_without_a_reload(page, study):
    Clinic.objects.update(read_first=True, warns_of_unshown_images=False)
    viewing = Viewing(page, study)
    expect(page.locator("[data-image-title]")).to_have_count(0)
    viewing.keys("ArrowDown", "2", "Control+Enter")
    expect(page.locator("[data-image-title]")).to_have_text("Image 2 of 5")
    expect(page.locator("[data-line]:visible")).to_contain_text("No tumor detected")
    expect(viewing.corner("bl")).to_contain_text("2 / 5")
    assert Verdict.objects.get().committed_finding == "no_tumor"
