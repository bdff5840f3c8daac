"""On the study page `A`, `F` and `R` are for the large image on the screen, and for nothing else.

What is asserted is what is on the screen: which picture is large and in the window, which line is
marked as its own, and what that line then says. The mouse presses where it is drawn.
"""

import re

import pytest
from playwright.sync_api import Page, expect

from accounts.models import Clinic
from neuroscan_site.tests.matrix import sampled
from scans.models import Analysis, Assessment, Image
from scans.services.reading.verdict_drafts import VerdictInput
from scans.services.reading.verdicts import sign_verdict
from scans.tests.core.factories import complete, make_study
from scans.tests.core.pressing import (
    expect_on_screen,
    expect_pressable,
    press,
    show_large_image,
)
from scans.tests.core.waiting import wait_until

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
KEYS = {"a": "accept", "f": "modify", "r": "reject"}
SIZES = {"width": 1440, "height": 900}


def make(user, images):
    study = make_study(user=user, images=images)
    for analysis in Analysis.objects.filter(image__series__study=study).select_related("image"):
        complete(analysis, probability=0.9 if analysis.image.number == 1 else 0.6)
    return study


def opened(browsing, user, study, **options) -> Page:
    page = browsing.of(user, viewport=SIZES, **options)
    page.goto(study.get_absolute_url())
    return page


def picture(page: Page):
    return page.locator("#images .ns-layers .ns-picture").first


def expect_large(page: Page, number: int) -> None:
    """Expect this image large, drawn, and its middle in the window; its line alone is marked."""
    expect(page.locator("#images h2")).to_have_text(f"Image {number}")
    expect_on_screen(picture(page))
    expect(page.locator("[data-line][data-shown]")).to_have_count(1)
    expect(page.locator("[data-line][data-shown] .ns-line-image")).to_have_text(f"Image {number}")


def pressed(page: Page):
    """What the bar beside the large image says."""
    return page.locator("[data-assess][aria-pressed=true]")


def decisions(page: Page) -> dict[int, str]:
    """What the page says that was decided, by the number of the image."""
    found = page.evaluate(
        """() => [...document.querySelectorAll("[data-decision]:checked")].map((field) => [
          field.closest("[data-line]").querySelector(".ns-line-image").textContent, field.value])"""
    )
    return {int(re.sub(r"\D", "", name)): value for name, value in found}


def first_image_in_sight(page: Page) -> None:
    show_large_image(page)
    expect_large(page, 1)


@pytest.mark.parametrize("images", sampled([1, 4, 30, 200], keep=2, always=[200]))
def test_the_keys_act_on_the_image_on_the_screen_at_once_after_an_arrow(browsing, user, images):
    page = opened(browsing, user, make(user, images))
    first_image_in_sight(page)
    expected = {}
    for number, key in zip(range(1, images + 1), KEYS, strict=False):
        if number > 1:
            page.keyboard.press("ArrowRight")
            expect_large(page, number)
        page.keyboard.press(key)
        expected[number] = KEYS[key]
        assert decisions(page) == expected
        expect(pressed(page)).to_be_in_viewport()
        expect(pressed(page)).to_have_text(re.compile(KEYS[key], re.IGNORECASE))
    for number in range(len(expected) - 1, 0, -1):
        page.keyboard.press("ArrowLeft")
        expect_large(page, number)
    page.keyboard.press("r")
    assert decisions(page) == expected | {1: "reject"}
    expect(page.locator("[data-verdict-saved]")).to_contain_text("Saved")
    page.reload()  # what was saved is what was on the screen
    assert decisions(page) == expected | {1: "reject"}


@pytest.mark.parametrize("images", [4, 30])
def test_after_a_press_of_the_mouse_the_keys_go_on_with_the_image_on_the_screen(
    browsing, user, images
):
    page = opened(browsing, user, make(user, images))
    press(page, page.locator(".ns-finding label").filter(has_text=re.compile("^Tumor$")))
    first_image_in_sight(page)
    press(page, page.locator(".ns-strip-image").nth(2))
    expect_large(page, 3)
    page.keyboard.press("f")
    assert decisions(page) == {3: "modify"}
    page.keyboard.press("ArrowRight")  # steps on, and changes neither finding nor assessment
    expect_large(page, 4)
    press(page, page.locator("[data-assess=accept]"))
    assert decisions(page) == {3: "modify", 4: "accept"}
    page.keyboard.press("ArrowLeft")
    expect_large(page, 3)
    expect(pressed(page)).to_have_text(re.compile("Modify"))
    press(page, page.get_by_role("button", name="Choose the reason"))
    page.get_by_label("Reason, image 3", exact=True).select_option("artifact")
    expect(page.get_by_role("button", name="Reason: Artifact")).to_be_visible()
    expect(page.get_by_label("Tumor", exact=True)).to_be_checked()


def test_no_arrow_changes_a_finding_that_the_mouse_chose_before_the_ai_result_is_shown(
    browsing, user
):
    Clinic.objects.update(read_first=True)
    page = opened(browsing, user, make(user, 4))
    expect(page.get_by_role("button", name="Commit my finding")).to_be_visible()
    press(page, page.locator(".ns-finding label").filter(has_text=re.compile("^Tumor$")))
    page.keyboard.press("ArrowRight")
    expect(page.locator("#images h2")).to_have_text("Image 2")
    page.keyboard.press("ArrowDown")
    expect(page.get_by_label("Tumor", exact=True)).to_be_checked()


def rejected(page: Page):
    """Image 1 with the list of its reasons open, as a press of the mouse opens it."""
    first_image_in_sight(page)
    page.keyboard.press("r")
    press(page, page.get_by_role("button", name="Choose the reason"))
    list_ = page.get_by_label("Reason, image 1", exact=True)
    press(page, list_)
    return list_


def test_a_reason_that_the_mouse_chose_keeps_no_key(browsing, user):
    page = opened(browsing, user, make(user, 4))
    list_ = rejected(page)
    list_.select_option("wrong_place")  # of the open list, which is drawn outside of the page
    expect(list_).not_to_be_focused()
    page.keyboard.press("ArrowRight")
    expect_large(page, 2)
    page.keyboard.press("a")
    expect(list_).to_have_value("wrong_place")
    assert decisions(page) == {1: "reject", 2: "accept"}


def test_no_key_changes_the_reason_while_the_list_is_closed(browsing, user):
    page = opened(browsing, user, make(user, 4))
    list_ = rejected(page)
    list_.select_option("wrong_place")
    list_.focus()  # as Tab does
    for key in ("n", "a", "f", "r", "Shift+A", "Home", "Escape", "ArrowDown", "Escape"):
        page.keyboard.press(key)
        expect(list_).to_have_value("wrong_place")
        assert decisions(page) == {1: "reject"}  # a letter was meant for the list
    page.keyboard.press("ArrowRight")
    expect_large(page, 2)
    page.keyboard.press("a")
    assert decisions(page) == {1: "reject", 2: "accept"}


def test_a_priority_that_the_mouse_chose_keeps_no_key(browsing, user):
    study = make(user, 4)
    page = opened(browsing, user, study)
    priority = page.locator(".ns-reading-control [data-priority]")
    press(page, priority)
    with page.expect_response("**/priority/"):
        priority.select_option("urgent")
    first_image_in_sight(page)
    for key in ("r", "a"):
        page.keyboard.press(key)
    expect(priority).to_have_value("urgent")
    assert decisions(page) == {1: "accept"}
    priority.focus()  # as Tab does
    page.keyboard.press("r")
    expect(priority).to_have_value("urgent")
    assert decisions(page) == {1: "accept"}


def test_the_line_of_another_image_is_pressed_to_show_that_image_first(browsing, user):
    page = opened(browsing, user, make(user, 4))
    line = page.locator("[data-line]").nth(2)
    accept = line.get_by_text("Accept", exact=True)
    page.mouse.click(*_middle(accept))  # of an image that was never on the screen
    expect(page.locator("#images h2")).to_have_text("Image 3")
    assert decisions(page) == {}
    expect(line).to_have_attribute("data-shown", "")
    press(page, accept)  # large, but out of the window: it is brought there
    expect_large(page, 3)
    assert decisions(page) == {}
    press(page, page.locator("[data-assess=accept]"))
    assert decisions(page) == {3: "accept"}
    page.keyboard.press("ArrowLeft")  # not to the choice beside the one that was pressed
    expect_large(page, 2)
    assert decisions(page) == {3: "accept"}


@pytest.mark.parametrize(("width", "height"), [(1280, 800), (1920, 1080)])
def test_a_press_on_a_line_records_only_what_is_on_the_screen(browsing, user, width, height):
    study = make(user, 30)
    page = browsing.of(user, viewport={"width": width, "height": height})
    page.goto(study.get_absolute_url())
    line = page.locator("[data-line]")
    for number, name in ((1, "Accept"), (2, "Modify"), (3, "Reject")):
        page.evaluate("scrollTo({ top: 0, behavior: 'instant' })")
        own = line.nth(number - 1)
        expect_pressable(page, own)
        if number > 1:
            before = own.bounding_box()
            press(page, own)
            expect(own).to_have_attribute("data-shown", "")
            assert own.bounding_box() == before  # it stays under the mouse
        known = decisions(page)
        assert not is_in_window(page)
        press(page, own.get_by_text(name, exact=True))
        assert decisions(page) == known
        expect(own.locator("[data-line-refused]")).to_contain_text("Nothing was recorded")
        expect_large(page, number)
        bar = page.locator("[data-assess-bar]")
        expect(bar).to_contain_text("Nothing was recorded: the image was not on the screen")
        press(page, bar.get_by_role("button", name=name))
        assert decisions(page) == known | {number: KEYS[name[0].lower().replace("m", "f")]}
        expect(page.locator("[data-line-refused]")).to_have_count(0)
    page.evaluate("scrollTo({ top: 0, behavior: 'instant' })")
    # Nor by Space, with the focus on a choice of the line.
    page.locator("[data-line][data-shown] [data-decision=accept]").evaluate(
        "(field) => field.focus({ preventScroll: true })"
    )
    page.keyboard.press("Space")
    assert decisions(page)[3] == "reject"
    expect(page.locator("[data-verdict-saved]")).to_contain_text("Saved")
    assessed = set(Assessment.objects.values_list("analysis__image_id", flat=True))
    assert len(assessed) == 3
    assert {str(one) for one in assessed} <= set(
        page.locator("[data-images-shown]").input_value().split()
    )


def is_in_window(page: Page) -> bool:
    return page.locator("#images .ns-picture:visible").first.evaluate(
        "(one) => { const box = one.getBoundingClientRect();"
        " return (box.top + box.bottom) / 2 < innerHeight; }"
    )


def test_the_list_scrolls_only_to_a_line_that_is_out_of_sight(browsing, user):
    page = opened(browsing, user, make(user, 30))
    lines = page.locator("[data-line]")
    top = "(list) => list.scrollTop"
    list_ = page.locator(".ns-lines")
    assert list_.evaluate(top) == 0
    for number in (2, 3, 2):
        own = lines.nth(number - 1)
        before = own.bounding_box()
        page.mouse.click(*_middle(own))
        expect(own).to_have_attribute("data-shown", "")
        assert own.bounding_box() == before
        assert list_.evaluate(top) == 0
    for number in range(3, 13):
        page.keyboard.press("ArrowRight")
        expect(lines.nth(number - 1)).to_have_attribute("data-shown", "")
        page.evaluate("scrollTo({ top: 0, behavior: 'instant' })")
        expect_pressable(page, lines.nth(number - 1))


@pytest.mark.parametrize(("width", "height"), [(1280, 800), (1440, 900)])
def test_the_current_line_is_not_under_the_bar_while_one_amends(browsing, user, width, height):
    study = make(user, 30)
    sign_verdict(user=user, study=study, verdict_input=VerdictInput(finding="tumor"))
    page = browsing.of(user, viewport={"width": width, "height": height})
    page.goto(f"{study.get_absolute_url()}?image={Image.objects.get(number=22).pk}")
    press(page, page.get_by_role("button", name="Amend my verdict"))
    expect_pressable(page, page.locator("[data-line][data-shown]"))
    expect(page.locator("[data-line][data-shown] .ns-line-image")).to_have_text("Image 22")
    page.reload()
    expect_pressable(page, page.locator("[data-line][data-shown]"))


def test_an_image_that_is_not_on_the_screen_is_brought_there_and_not_assessed(browsing, user):
    page = opened(browsing, user, make(user, 4))
    page.evaluate("document.body.style.paddingTop = '2000px'")
    page.keyboard.press("a")
    expect(page.get_by_text("not on the screen yet").first).to_be_visible()
    assert decisions(page) == {}
    expect_large(page, 1)
    page.keyboard.press("a")
    assert decisions(page) == {1: "accept"}


def test_a_key_before_the_next_image_is_there_assesses_none(browsing, user):
    page = opened(browsing, user, make(user, 4))
    first_image_in_sight(page)
    number = Image.objects.get(number=2).pk
    held = []
    page.route(re.compile(f"image={number}"), lambda route: held.append(route))
    page.keyboard.press("ArrowRight")
    wait_until(page, lambda: held)
    page.keyboard.press("a")
    assert decisions(page) == {}
    held[0].continue_()
    expect_large(page, 2)
    page.keyboard.press("a")
    assert decisions(page) == {2: "accept"}


def test_fast_arrows_end_where_they_were_pressed_to(browsing, user):
    page = opened(browsing, user, make(user, 30))
    first_image_in_sight(page)
    for _ in range(9):
        page.keyboard.press("ArrowRight")
    expect_large(page, 10)
    page.keyboard.press("ArrowLeft")
    expect_large(page, 9)


def test_an_arrow_in_a_text_moves_only_in_the_text(browsing, user):
    page = opened(browsing, user, make(user, 4))
    page.get_by_label("Comment").fill("a f r")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("a")
    expect(page.locator("#images h2")).to_have_text("Image 1")
    expect(page.get_by_label("Comment")).to_have_value("a f ra")
    assert decisions(page) == {}


def test_a_study_of_200_images_is_no_longer_than_one_of_4(browsing, user):
    page, heights = None, {}
    for images in (4, 200):
        page = opened(browsing, user, make(user, images))
        heights[images] = page.evaluate("document.documentElement.scrollHeight")
        expect_pressable(page, page.locator("[data-line][data-shown] .ns-choices label").first)
    assert heights[200] <= heights[4] + 60, heights


def _middle(target):
    box = target.bounding_box()
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
