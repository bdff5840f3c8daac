"""What a second press must not do by itself: of a double click, of a key pressed twice or held."""

import re

import pytest
from playwright.sync_api import Locator, Page, Route, expect

from accounts.models import Clinic
from scans.models import Assessment, Image, Verdict
from scans.tests.core.factories import make_analyzed_study
from scans.tests.core.pressing import (
    expect_on_screen,
    expect_pressable,
    press,
    show_large_image,
)
from scans.tests.reading.viewing import Viewing, expect_refused

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
SAVED = re.compile(r"^(Draft s|S)aved \d")
LOOK = "Your finding is committed. Look at the AI result, then sign."
JUST_NOW = "the question came just now"


def opened(browsing, user, study, where: str) -> Page:
    page = browsing.of(user, viewport={"width": 1440, "height": 900})
    if where == "viewer":
        first = Image.objects.get(series__study=study, number=1)
        Viewing(page, study, f"?image={first.pk}")
    else:
        page.goto(study.get_absolute_url())
        expect(page.locator("[data-shown-count]")).to_contain_text("of")
    return page


def saved(page: Page) -> None:
    expect(page.locator("[data-verdict-saved]")).to_have_text(SAVED)


def double_click(page: Page, target: Locator) -> None:
    page.mouse.dblclick(*expect_pressable(page, target))


@pytest.mark.parametrize("where", ["viewer", "study"])
def test_a_double_click_accepts_no_image_that_was_not_shown_and_both_acts_are_undone(
    browsing, user, where
):
    study = make_analyzed_study(user=user, images=5, probability=0.2)
    page = opened(browsing, user, study, where)
    shown = page.locator("[data-accept-shown]")
    unshown = page.locator("[data-accept-unshown]")
    undo = page.locator("[data-accept-undo]")
    if where == "study":
        show_large_image(page)
    shown.scroll_into_view_if_needed()
    place = unshown.bounding_box()
    double_click(page, shown)
    expect(undo).to_have_text("Undo: 1 image accepted")
    expect(unshown).to_have_text("Accept the 4 images not shown")
    assert unshown.bounding_box() == place
    saved(page)
    assert Assessment.objects.count() == 1
    # By key: the focus is the image's afterwards, not the page's.
    page.wait_for_timeout(1100)
    unshown.focus()
    page.keyboard.press("Enter")
    page.keyboard.press("Enter")  # held, or twice: Undo is not pressed by it
    expect(undo).to_have_text("Undo: 4 images accepted")
    image = "[data-viewport='1']" if where == "viewer" else "#images .ns-image-card"
    expect(page.locator(f"{image}:focus")).to_have_count(1)
    page.wait_for_timeout(1100)
    undo.scroll_into_view_if_needed()
    press(page, undo)
    expect(unshown).to_have_text("Accept the 4 images not shown")
    expect(page.locator(f"{image}:focus")).to_have_count(1)
    saved(page)
    page.wait_for_timeout(1200)
    page.reload()
    expect(page.locator("[data-accept-unshown]")).to_have_text("Accept the 4 images not shown")
    assert Assessment.objects.get().analysis.image.number == 1
    assert Assessment.with_withdrawn.count() == 5


@pytest.mark.parametrize("where", ["viewer", "study"])
def test_undo_takes_back_neither_what_was_pressed_by_itself_nor_what_was_signed(
    browsing, user, where
):
    Clinic.objects.update(warns_of_unshown_images=False)
    study = make_analyzed_study(user=user, images=3, probability=0.9)
    page = opened(browsing, user, study, where)
    undo = page.locator("[data-accept-undo]")
    unshown = page.locator("[data-accept-unshown]")
    if where == "study":
        show_large_image(page)
    unshown.scroll_into_view_if_needed()
    press(page, page.locator("[data-accept-shown]"))
    expect(undo).to_have_text("Undo: 1 image accepted")
    page.wait_for_timeout(1100)
    press(page, unshown)
    expect(undo).to_have_text("Undo: 2 images accepted")
    page.keyboard.press("ArrowRight" if where == "study" else "ArrowDown")
    if where == "study":
        expect(page.locator("#images h2")).to_have_text("Image 2")
        page.set_viewport_size({"width": 1440, "height": 2400})  # the image and its line
        expect_on_screen(page.locator("#images .ns-picture:visible").first)
        accept = page.locator("[data-line][data-shown] label", has_text="Accept")
    else:
        accept = page.locator("[data-decision-choice=accept]")
        expect(page.locator("[data-image-title]")).to_contain_text("Image 2")
    accept.click()  # it is accepted already
    expect(undo).to_have_text("Undo: 1 image accepted")
    saved(page)
    finding = "[data-finding-choice=tumor]" if where == "viewer" else "label[for=finding-tumor]"
    page.locator(finding).click()
    page.get_by_role("button", name="Sign as final").click()
    page.get_by_role("button", name="Amend my verdict").click()
    expect(page.get_by_label("Why do you amend it?")).to_be_visible()
    expect(undo).to_be_hidden()
    assert Assessment.objects.filter(verdict__status="final", decision="accept").count() == 3


def test_a_finding_that_is_committed_signs_nothing_before_the_ai_result_could_be_read(
    browsing, user
):
    Clinic.objects.update(read_first=True)
    study = make_analyzed_study(user=user, images=2, probability=0.2)
    other = make_analyzed_study(user=user, images=2, probability=0.2)
    page = opened(browsing, user, study, "viewer")
    viewing = page.locator("[data-viewport='1']")
    page.keyboard.press("ArrowDown")
    expect(viewing).to_have_attribute(
        "data-shown", str(Image.objects.get(series__study=study, number=2).pk)
    )
    page.keyboard.press("2")
    held: list[Route] = []
    page.route(re.compile("/commit/$"), lambda route: held.append(route))
    with page.expect_request(re.compile("/commit/$")):
        page.keyboard.press("Control+Enter")
    page.keyboard.press("a")  # while it is on its way
    told = page.locator("[data-announcement]")
    expect(told).to_have_text(
        "Nothing was done by “Accept the AI result of the image on the screen”:"
        " your finding was being committed."
    )
    held.pop().continue_()
    button = page.get_by_role("button", name="Sign and open next")
    expect(button).to_be_visible()
    page.keyboard.press("Control+Enter")
    expect(told).to_have_text(LOOK)
    press(page, button)
    expect_refused(page, button, LOOK)
    assert not Verdict.objects.signed().exists()
    page.wait_for_timeout(2300)
    viewing.focus()
    page.keyboard.press("Control+Enter")
    expect(page).to_have_url(re.compile(str(other.pk)))
    assert Verdict.objects.signed().get().study_id == study.pk


def test_a_finding_that_is_committed_on_the_study_page_is_not_signed_by_the_same_presses(
    browsing, user
):
    Clinic.objects.update(read_first=True)
    study = make_analyzed_study(user=user, images=1, probability=0.9)
    page = browsing.of(user, viewport={"width": 1440, "height": 900})
    page.goto(study.get_absolute_url())
    page.keyboard.press("a")
    expect(page.locator("#toasts")).to_contain_text("Commit your finding first")
    show_large_image(page)
    page.evaluate("scrollTo({ top: 0, behavior: 'instant' })")
    press(page, page.locator("label[for=finding-tumor]"))
    press(page, page.get_by_role("button", name="Commit my finding"))
    sign = page.locator(f"#sign-{study.pk}")
    expect(sign).to_be_visible()
    press(page, sign)
    expect(page.locator("[data-verdict-form] [data-refused]")).to_have_text(LOOK)
    assert not Verdict.objects.signed().exists()
    page.wait_for_timeout(2300)
    press(page, sign)
    expect(page.get_by_role("button", name="Amend my verdict")).to_be_visible()


@pytest.mark.parametrize("where", ["viewer", "study"])
def test_a_question_is_answered_only_once_it_could_be_read_and_has_a_way_back(
    browsing, user, where
):
    study = make_analyzed_study(user=user, images=5, probability=0.2)
    page = opened(browsing, user, study, where)
    choice = (
        "[data-finding-choice=no_tumor]" if where == "viewer" else "label[for=finding-no_tumor]"
    )
    press(page, page.locator(choice))
    sign = page.locator(f"#sign-{study.pk}")
    press(page, sign)
    question = page.locator("[data-unshown]")
    expect(question).to_be_visible()
    sign.focus()
    page.keyboard.press("Enter")  # the same act again, at once
    if where == "viewer":
        expect(page.locator("[data-refusal]")).to_contain_text(JUST_NOW)
    else:
        expect(page.locator("[data-verdict-form] [data-refused]")).to_contain_text(JUST_NOW)
    page.wait_for_timeout(1100)
    press(page, page.locator("[data-question-back]"))
    expect(question).to_have_count(0)
    assert not Verdict.objects.signed().exists()
    press(page, sign)
    expect(question).to_be_visible()
    page.wait_for_timeout(1100)
    press(page, sign)
    expect(page.get_by_role("button", name="Amend my verdict")).to_be_visible()
    assert Verdict.objects.signed().get().image_count == 5
